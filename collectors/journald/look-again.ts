/**
 * Looks for the entries of a gap where they should be. When journald flushes /run/log/journal it numbers copies of those
 * entries anew, and journalctl, which has shown them, passes the copies: they are not missing. And an entry that
 * journalctl passed over while files came and went can still be taken.
 */
import type { CollectContext } from '../../src/model.ts'
import type { Cursor } from './cursor.ts'
import type { Located } from './entry.ts'
import type { ExportEntry } from './export.ts'
import type { JournalFile } from './files.ts'
import { findReadable, isOf, type Range, readRange } from './range.ts'

const deadlineSeconds = 60
/** The most that is taken at once; what is beyond counts as missing. */
const mostEntries = 2000
const mostBytes = 8 << 20

export interface Found {
  /** Entries of the range that came before under another number. */
  readonly copies: number
  /** Entries that can be read and yet did not come. */
  readonly passed: readonly { readonly entry: ExportEntry; readonly place: Located }[]
  /** Whether all of the range was looked at: what is neither copied nor passed cannot be read. */
  readonly isWhole: boolean
}

/**
 * @param range numbers that files of this id should have
 * @param before the entry that came before the gap
 * @param most so many entries are enough
 */
export async function lookAgain(
  range: Range,
  before: Cursor | undefined,
  files: readonly JournalFile[],
  fieldBytes: number,
  context: Pick<CollectContext, 'stream' | 'signal'>,
  most = mostEntries,
): Promise<Found> {
  const { seqnumId, to } = range
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(deadlineSeconds * 1000)])
  const shelf = { files: files.filter(isOf(range)), fieldBytes, stream: context.stream, signal }
  let copies = 0
  const passed: { entry: ExportEntry; place: Located }[] = []
  let bytes = 0
  let isEnough = false
  const take = (entry: ExportEntry, place: Located): boolean => {
    const { bootId, monotonicMicroseconds } = place.cursor
    if (before?.bootId === bootId && monotonicMicroseconds <= before.monotonicMicroseconds) copies += 1
    else {
      isEnough = passed.length >= most || bytes >= mostBytes
      if (isEnough) return false
      passed.push({ entry, place })
      bytes += entry.bytes
    }
    return true
  }
  let from: number | undefined = shelf.files.length === 0 ? undefined : range.from
  while (from !== undefined && !isEnough && !signal.aborted) {
    const { endedAt } = await readRange({ seqnumId, from, to }, shelf, take)
    from = endedAt === undefined ? undefined : await findReadable({ seqnumId, from: endedAt + 1, to }, shelf)
  }
  context.signal.throwIfAborted()
  return { copies, passed, isWhole: !isEnough && !signal.aborted }
}
