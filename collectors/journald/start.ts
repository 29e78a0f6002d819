/** Where reading begins without a position: at the boot before this one, a duration ago, or at the first entry. */
import { durationOr, durationSeconds } from '../../src/duration.ts'
import type { CollectContext } from '../../src/model.ts'
import { ExportParser } from './export.ts'
import type { JournalFile } from './files.ts'
import type { Numbers } from './numbers.ts'
import { text } from './shape.ts'

/** `previous-boot`, `all`, or a duration such as `12h`. */
export type Initial = string

export const initialPattern = durationOr('previous-boot', 'all')

export interface Start {
  /** The arguments that make journalctl begin there. */
  readonly args: readonly string[]
  /** The moment, microseconds since the epoch, before which nothing will come; 0 without one. */
  readonly sinceMicroseconds: number
}

/** The moment a duration ago, microseconds since the epoch; undefined if it is no duration. */
export function sinceOf(initial: Initial): number | undefined {
  const seconds = durationSeconds(initial)
  return seconds === undefined ? undefined : (Math.floor(Date.now() / 1000) - seconds) * 1e6
}

/** Found once for a namespace: a duration counts from when reading began, however often journalctl is begun anew. */
export async function findStart(
  initial: Initial,
  view: string,
  { stream, signal }: Pick<CollectContext, 'stream' | 'signal'>,
): Promise<Start> {
  const everything = { args: [], sinceMicroseconds: 0 }
  if (initial === 'all') return everything
  const since = sinceOf(initial)
  if (since !== undefined) return { args: [`--since=@${since / 1e6}`], sinceMicroseconds: since }
  const parser = new ExportParser(1024)
  try {
    const args = ['--quiet', '--boot=-1', `--directory=${view}`, '--output=export']
    for await (const piece of stream({ program: 'journalctl', args, signal })) {
      const cursor = text(parser.parse(piece)[0]?.fields ?? [], '__CURSOR')
      if (cursor !== undefined) return { args: [`--cursor=${cursor}`], sinceMicroseconds: 0 }
    }
  } catch (error) {
    // It fails where the journal knows no boot but one.
    if (signal.aborted) throw error
  }
  return everything
}

/** The files that hold something to wait for, when nothing has come yet. */
export function filesSince(files: readonly JournalFile[], sinceMicroseconds: number): JournalFile[] {
  return files.filter(({ tailMicroseconds }) => tailMicroseconds >= sinceMicroseconds)
}

/** Passes the files that end before the first entry. @returns how many entries journald numbered in them */
export function passOlder(
  numbers: Numbers,
  files: readonly JournalFile[],
  firstMicroseconds: number,
): number {
  let passed = 0
  const older = files.filter(({ tailMicroseconds }) => tailMicroseconds < firstMicroseconds)
  for (const { seqnumId, tail } of older.sort((a, b) => a.tail - b.tail)) {
    const gap = numbers.take(seqnumId, tail)
    passed += gap ? gap.to - gap.from + 2 : 1
  }
  return passed
}
