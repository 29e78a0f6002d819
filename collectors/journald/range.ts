/**
 * Entries of one sequence-number id by their numbers, out of its files. `journalctl -o export` ends at an entry of which
 * it cannot print a field; a field that many entries share ends it at each of them.
 */
import { CommandError } from '../../src/errors.ts'
import type { CollectContext } from '../../src/model.ts'
import { parseCursor } from './cursor.ts'
import { type Located, locate } from './entry.ts'
import { type ExportEntry, ExportParser } from './export.ts'
import type { JournalFile } from './files.ts'

export interface Range {
  readonly seqnumId: string
  readonly from: number
  readonly to: number
}

/** Where the numbers of an id are, and how they are read. */
export interface Shelf {
  readonly files: readonly JournalFile[]
  readonly fieldBytes: number
  readonly stream: CollectContext['stream']
  readonly signal: AbortSignal
}

export function isOf({ seqnumId, from, to }: Range): (file: JournalFile) => boolean {
  return (file) => file.seqnumId === seqnumId && file.head <= to && file.tail >= from
}

/**
 * Reads with one journalctl until `take` says no.
 * @returns the number of the entry at which it ended, if it did; what a damaged file does not give is passed
 */
export async function readRange(
  { seqnumId, from, to }: Range,
  { files, fieldBytes, stream, signal }: Shelf,
  take: (entry: ExportEntry, place: Located) => boolean,
): Promise<{ readonly endedAt: number | undefined }> {
  const cursor = `s=${seqnumId};i=${from.toString(16)}`
  const args = ['--quiet', '--output=export', `--cursor=${cursor}`]
  for (const { path } of files) args.push(`--file=${path}`)
  const parser = new ExportParser(fieldBytes)
  let reached = from - 1
  try {
    for await (const piece of stream({ program: 'journalctl', args, signal })) {
      for (const entry of parser.parse(piece)) {
        const place = locate(entry)
        const { seqnum } = place.cursor
        if (seqnum === undefined || seqnum <= reached) continue
        if (seqnum > to) return { endedAt: undefined }
        reached = seqnum
        if (!take(entry, place)) return { endedAt: undefined }
      }
    }
  } catch (error) {
    const open = parser.openCursor === undefined ? undefined : parseCursor(parser.openCursor)
    const isOurs = open?.seqnumId === seqnumId && open.seqnum !== undefined && open.seqnum > reached
    if (error instanceof CommandError && isOurs && open.seqnum <= to) return { endedAt: open.seqnum }
  }
  return { endedAt: undefined }
}

/** The most journalctl for one search. */
const mostProbes = 100

/**
 * The first entry from `from` on that can be read, by steps that double and then halve: where those that cannot stand
 * together it is exactly that, else a later one.
 * @returns undefined if none is found up to `to`
 */
export async function findReadable(range: Range, shelf: Shelf): Promise<number | undefined> {
  const { seqnumId, to } = range
  /** @returns the number at or after this one that was read, and where it could not */
  const probe = async (from: number) => {
    let found: number | undefined
    await readRange({ seqnumId, from, to }, { ...shelf, fieldBytes: 1024 }, (_, { cursor }) => {
      found = cursor.seqnum
      return false
    })
    return found
  }
  let probes = 0
  let bad = range.from - 1
  let good: number | undefined
  for (let step = 1; good === undefined && bad < to; step *= 2) {
    const at = Math.min(bad + step, to)
    good = await probe(at)
    if (good === undefined) bad = at
    if (++probes > mostProbes || shelf.signal.aborted) break
  }
  if (good === undefined) return undefined
  // Invariant: `bad` could not be read and `good` could.
  while (good - bad > 1 && probes++ < mostProbes && !shelf.signal.aborted) {
    const middle = Math.floor((bad + good) / 2)
    const found = await probe(middle)
    if (found !== undefined && found < good) good = found
    else if (found === undefined) bad = middle
    else break // There is none between.
  }
  return good
}
