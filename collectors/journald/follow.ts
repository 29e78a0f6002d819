/**
 * One journalctl that follows one namespace, as batches. `--cursor` begins at the entry itself or, where that is gone,
 * at the next one, which is why the first entry is compared: `--after-cursor` would skip one more.
 */
import { ParseError } from '../../src/errors.ts'
import type { CollectContext, SourceBatch } from '../../src/model.ts'
import { Batch, type Gathering } from './batch.ts'
import { parseCursor } from './cursor.ts'
import { type Located, locate } from './entry.ts'
import { type ExportEntry, ExportParser } from './export.ts'
import type { Numbers } from './numbers.ts'
import { type Initial, passOlder } from './start.ts'

/** How long the first entry of a batch waits for others. */
const gatherMilliseconds = 20
/** How long the rest of a split line is waited for. */
const lineMilliseconds = 1000

export interface Following extends Gathering {
  /** The folder of links that it reads. */
  readonly view: string
  /** Where to go on; undefined: at `begin`. */
  readonly cursor: string | undefined
  /** Where to begin instead: behind an entry that ends journalctl. */
  readonly past: string | undefined
  /** The arguments that say where to begin without a cursor. */
  readonly begin: readonly string[]
  readonly initial: Initial
  readonly fieldBytes: number
  /** Called with every piece that came. */
  heard(): void
  /** Called when journalctl has failed, with the cursor of the entry of which a part came. */
  broke(cursor: string | undefined): void
}

/** Yields until journalctl ends, everything that came. @throws {CommandError} it failed, or was stopped by the signal */
export async function* follow(
  following: Following,
  { stream, skip }: Pick<CollectContext, 'stream' | 'skip'>,
  signal: AbortSignal,
): AsyncGenerator<SourceBatch, void> {
  const { namespace, view, cursor, past, begin, fieldBytes, numbers } = following
  const place = past ?? cursor
  const from = place === undefined ? begin : [`--cursor=${place}`]
  const args = [
    '--quiet',
    '--follow',
    '--no-tail',
    '--merge',
    `--directory=${view}`,
    ...from,
    '--output=export',
  ]
  const left = new AbortController()
  const pieces = stream({
    program: 'journalctl',
    args,
    key: `journalctl of ${namespace}`,
    signal: AbortSignal.any([signal, left.signal]),
  })
  const parser = new ExportParser(fieldBytes)
  const batch = new Batch(following, cursor === undefined ? undefined : parseCursor(cursor))
  let isFirst = true
  let next: Promise<IteratorResult<Buffer, void>> | undefined
  let flushAt = 0
  let openUntil = 0
  let failure: { readonly error: unknown } | undefined

  /** @returns undefined for an entry that does not say where it is, which is skipped */
  const located = (entry: ExportEntry): Located | undefined => {
    try {
      return locate(entry)
    } catch (error) {
      skip(
        error instanceof ParseError ? error : new ParseError('Cannot take journal entry', { cause: error }),
      )
      return undefined
    }
  }

  try {
    for (;;) {
      next ??= pieces.next()
      let piece: IteratorResult<Buffer, void> | 'late'
      try {
        piece = batch.isEmpty ? await next : await orLate(next, flushAt - performance.now())
      } catch (error) {
        next = undefined
        failure = { error }
        break
      }
      if (piece === 'late') {
        if (batch.isOpen && performance.now() < openUntil) flushAt = performance.now() + gatherMilliseconds
        else yield await batch.take()
        continue
      }
      next = undefined
      if (piece.done) break
      following.heard()
      const observed = BigInt(Date.now()) * 1_000_000n
      for (const entry of parser.parse(piece.value)) {
        const place = located(entry)
        if (!place) {
          batch.miss('corrupted', 1)
          continue
        }
        if (past !== undefined && isRepeat(place, numbers)) continue
        if (!numbers.isKnown(place.cursor.seqnumId)) numbers.know(await following.files())
        const how = isFirst ? await first(place, following, batch) : 'new'
        isFirst = false
        if (how === 'same') continue
        if (batch.isEmpty) {
          flushAt = performance.now() + gatherMilliseconds
          openUntil = performance.now() + lineMilliseconds
        }
        batch.add(entry, place, observed, how === 'copy')
        if (batch.isFull) yield await batch.take()
      }
      for (const error of parser.takeErrors()) skip(error)
      if (!batch.isEmpty && performance.now() >= (batch.isOpen ? openUntil : flushAt))
        yield await batch.take()
    }
    if (signal.aborted) throw signal.reason
    if (!batch.isEmpty) yield await batch.take()
    if (failure) {
      following.broke(parser.openCursor)
      throw failure.error
    }
  } finally {
    left.abort()
    next?.catch(() => undefined)
    await pieces.return()
  }
}

/** Beginning behind an entry, one of the same moment in another file may come that has come before. */
function isRepeat({ cursor: { seqnumId, seqnum } }: Located, numbers: Numbers): boolean {
  return seqnum !== undefined && seqnum <= (numbers.lastOf(seqnumId) ?? 0)
}

/** What the first entry is: the one of the cursor, a copy of it in another file, or a new one. */
async function first(
  found: Located,
  { cursor, numbers, initial, files }: Following,
  batch: Batch,
): Promise<'same' | 'copy' | 'new'> {
  if (cursor === undefined) {
    if (initial !== 'all')
      batch.miss('before_start', passOlder(numbers, await files(), found.cursor.realtimeMicroseconds))
    return 'new'
  }
  if (found.cursorText === cursor) return 'same'
  return found.cursor.entry === parseCursor(cursor).entry ? 'copy' : 'new'
}

async function orLate<T>(promise: Promise<T>, milliseconds: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, milliseconds), 'late')
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
