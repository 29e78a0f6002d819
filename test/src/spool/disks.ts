/** File systems of tests, which can be filled, and can turn read-only as the root of a node does. */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { folder } from './spool.ts'

/** A mounted file system, unmounted and removed with the test. */
export async function disk(t: TestContext, mount: (path: string) => string[]): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'remora-disk-'))
  execFileSync('mount', mount(path))
  t.after(() => {
    execFileSync('umount', ['-l', path])
    rmSync(path, { recursive: true })
  })
  return path
}

export async function ext4(t: TestContext): Promise<string> {
  const image = join(await folder(t), 'image')
  writeFileSync(image, Buffer.alloc(16 << 20))
  execFileSync('mkfs.ext4', ['-q', '-F', image])
  return disk(t, (at) => ['-o', 'loop', image, at])
}

/** What ext4 does itself when its device fails (zram at its mem_limit): it aborts its journal and takes no writes. */
export const abort = (path: string) => execFileSync('mount', ['-o', 'remount,abort', path])
