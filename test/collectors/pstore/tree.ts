/** A machine's pstore of the test's own: /sys/fs/pstore and /var/lib/systemd/pstore in a folder that goes with the test. */
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { pstore } from '../../../collectors/pstore/pstore.ts'
import type { LogRecord, SourceBatch } from '../../../src/model.ts'
import { contextOf } from '../context.ts'

export const kernel = 'sys/fs/pstore'
export const systemd = 'root/var/lib/systemd/pstore'

export interface Machine {
  readonly folder: string
  put(path: string, content: string | Uint8Array): Promise<void>
  /** Every file of both places, sorted. */
  left(): Promise<string[]>
}

export async function machine(t: TestContext, fixture?: string): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-pstore-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  if (fixture !== undefined)
    await cp(join(import.meta.dirname, '../../fixtures/pstore', fixture), folder, { recursive: true })
  await mkdir(join(folder, kernel), { recursive: true })
  await mkdir(join(folder, 'proc/self'), { recursive: true })
  await writeFile(join(folder, 'proc/self/mounts'), 'pstore /sys/fs/pstore pstore rw,nosuid 0 0\n')
  return {
    folder,
    async put(path, content) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), content)
    },
    left: async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true })
      return entries
        .filter((entry) => entry.isFile() && entry.parentPath.includes('pstore'))
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .filter((path) => path.startsWith(kernel) || path.startsWith(systemd))
        .sort()
    },
  }
}

export interface Seen {
  readonly batches: readonly SourceBatch[]
  readonly skipped: readonly Error[]
  readonly positions: ReadonlyMap<string, string>
}

/** What one look yields. */
export async function look(
  { folder }: Machine,
  positions: ReadonlyMap<string, string> = new Map(),
): Promise<Seen> {
  // Stopped already: it ends before it would wait for the next look.
  const context = { ...contextOf({ folder }), signal: AbortSignal.abort(), positions }
  const batches: SourceBatch[] = []
  const after = new Map(positions)
  try {
    for await (const batch of pstore.read?.({ ...context, positionsOf: async () => new Map() }) ?? []) {
      batches.push(batch)
      for (const { stream, position } of batch.positions) after.set(stream, position)
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error
  }
  return { batches, skipped: context.skipped, positions: after }
}

/** The value of a field as text. */
export function said(record: LogRecord | undefined, name: string): string | undefined {
  const [, value] = record?.fields.find(([own]) => own === name) ?? []
  return value && Buffer.from(value).toString()
}
