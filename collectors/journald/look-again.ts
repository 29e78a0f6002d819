/**
 * Looks for the entries of a gap where they should be. When journald flushes /run/log/journal it numbers copies of those
 * entries anew, and journalctl, which has shown them, passes the copies: they are not missing.
 */
import type { CollectContext } from '../../src/model.ts'
import { type Cursor, parseCursor } from './cursor.ts'
import { ExportParser } from './export.ts'
import type { JournalFile } from './files.ts'
import { text } from './shape.ts'

const deadlineSeconds = 60

export interface Found {
  /** Entries of the gap that came before under another number. */
  readonly copies: number
  /** Entries that can be read and yet did not come. */
  readonly passed: number
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
  { stream, signal }: Pick<CollectContext, 'stream' | 'signal'>,
): Promise<Found> {
  const own = files.filter(
    ({ seqnumId: id, head, tail }) => id === seqnumId && head <= range.to && tail >= range.from,
  )
  let copies = 0
  let passed = 0
  if (own.length === 0) return { copies, passed }
  const cursor = `s=${seqnumId};i=${range.from.toString(16)}`
  const args = ['--quiet', '--output=export', '--output-fields=_BOOT_ID', `--cursor=${cursor}`]
  for (const { path } of own) args.push(`--file=${path}`)
  const until = AbortSignal.any([signal, AbortSignal.timeout(deadlineSeconds * 1000)])
  const parser = new ExportParser(1024)
  try {
    for await (const piece of stream({ program: 'journalctl', args, signal: until })) {
      for (const { fields } of parser.parse(piece)) {
        const found = parseCursor(text(fields, '__CURSOR') ?? '')
        if (found.seqnum > range.to) return { copies, passed }
        if (found.seqnum < range.from) continue
        const isCopy =
          before?.bootId === found.bootId && found.monotonicMicroseconds <= before.monotonicMicroseconds
        if (isCopy) copies += 1
        else passed += 1
      }
    }
  } catch (error) {
    // What a damaged file did not give counts as missing, which is why this looks.
    if (signal.aborted) throw error
  }
  return { copies, passed }
}
