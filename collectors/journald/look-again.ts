/**
 * Looks for the entries of a gap where they should be. When journald flushes /run/log/journal it numbers copies of those
 * entries anew, and journalctl, which has shown them, passes the copies: they are not missing. And an entry that
 * journalctl passed over while files came and went can still be taken.
 */
import type { CollectContext } from '../../src/model.ts'
import type { Cursor } from './cursor.ts'
import { type Located, locate } from './entry.ts'
import { type ExportEntry, ExportParser } from './export.ts'
import type { JournalFile } from './files.ts'

const deadlineSeconds = 60
/** The most that is taken at once; what is beyond counts as missing. */
const mostEntries = 2000
const mostBytes = 8 << 20

export interface Found {
  /** Entries of the gap that came before under another number. */
  readonly copies: number
  /** Entries that can be read and yet did not come. */
  readonly passed: readonly { readonly entry: ExportEntry; readonly place: Located }[]
}

/**
 * @param range numbers that files of this id should have
 * @param before the entry that came before the gap
 */
export async function lookAgain(
  range: { readonly from: number; readonly to: number },
  seqnumId: string,
  before: Cursor | undefined,
  files: readonly JournalFile[],
  fieldBytes: number,
  { stream, signal }: Pick<CollectContext, 'stream' | 'signal'>,
): Promise<Found> {
  const own = files.filter(
    ({ seqnumId: id, head, tail }) => id === seqnumId && head <= range.to && tail >= range.from,
  )
  let copies = 0
  const passed: { entry: ExportEntry; place: Located }[] = []
  let bytes = 0
  if (own.length === 0) return { copies, passed }
  const cursor = `s=${seqnumId};i=${range.from.toString(16)}`
  const args = ['--quiet', '--output=export', `--cursor=${cursor}`]
  for (const { path } of own) args.push(`--file=${path}`)
  const until = AbortSignal.any([signal, AbortSignal.timeout(deadlineSeconds * 1000)])
  const parser = new ExportParser(fieldBytes)
  try {
    for await (const piece of stream({ program: 'journalctl', args, signal: until })) {
      for (const entry of parser.parse(piece)) {
        const place = locate(entry)
        const found = place.cursor
        if (found.seqnum > range.to) return { copies, passed }
        if (found.seqnum < range.from) continue
        const isCopy =
          before?.bootId === found.bootId && found.monotonicMicroseconds <= before.monotonicMicroseconds
        if (isCopy) copies += 1
        else {
          if (passed.length >= mostEntries || bytes >= mostBytes) return { copies, passed }
          passed.push({ entry, place })
          bytes += entry.bytes
        }
      }
    }
  } catch (error) {
    // What a damaged file did not give counts as missing, which is why this looks.
    if (signal.aborted) throw error
  }
  return { copies, passed }
}
