/** Fixture machines with zram, as they are or changed in a copy. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { FileSystemUsage } from '../../../src/statfs.ts'

const fixtures = join(import.meta.dirname, '../../fixtures/zram')

export type Origin = 'linux-3.14' | 'linux-3.18' | 'linux-4.11' | 'linux-5.4' | 'linux-6.1' | 'linux-6.18'
export const origins = [
  'linux-3.14',
  'linux-3.18',
  'linux-4.11',
  'linux-5.4',
  'linux-6.1',
  'linux-6.18',
] as const satisfies readonly Origin[]

/** 60 % used of what is not reserved: 300 MB of 500 MB, 2,000 of 50,000 inodes. */
const usage: FileSystemUsage = {
  sizeBytes: 520_000_000,
  freeBytes: 220_000_000,
  availableBytes: 200_000_000,
  files: 50_000,
  filesFree: 48_000,
}

/** What statfs says on these machines: the same of every file system. */
export const usages: Readonly<Record<string, FileSystemUsage>> = Object.fromEntries(
  ['/', '/var/log store', '/home/export', '/run/initramfs/live', '/run/overlay fs', '/data', '/mnt/z2'].map(
    (path) => [path, usage],
  ),
)

export function machine(origin: Origin) {
  return { folder: join(fixtures, origin), usage: usages }
}

/**
 * A copy of a fixture with other files in it, removed with `await using`.
 * @param changes the new text by path; `undefined` removes a file or folder.
 */
export async function changed(origin: Origin, changes: Readonly<Record<string, string | undefined>>) {
  const folder = await mkdtemp(join(tmpdir(), 'remora-zram-'))
  await cp(join(fixtures, origin), folder, { recursive: true, verbatimSymlinks: true })
  for (const [path, text] of Object.entries(changes)) {
    const file = join(folder, path)
    if (text === undefined) await rm(file, { recursive: true })
    else {
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    }
  }
  return { folder, usage: usages, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
