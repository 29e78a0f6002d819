/**
 * Entries at the end of what an id has numbered that never come: nothing follows them that would show the gap. They are
 * copies, which journalctl passes, or they cannot be read: a file was cut short, or a crash came before its last entry.
 */
import type { SourceBatch } from '../../src/model.ts'
import { parseCursor } from './cursor.ts'
import type { JournalFile } from './files.ts'
import type { Found } from './look-again.ts'
import { Losses } from './losses.ts'
import type { Numbers } from './numbers.ts'
import { type JournalPosition, streamOf, writePosition } from './position.ts'
import type { Range } from './range.ts'

/** So long a range must have stood still. */
const stillMilliseconds = 8000
/** One that was looked at is looked at again after this, doubled each time. */
const mostMilliseconds = 600_000

export interface Tail {
  readonly range: Range
  readonly copies: number
}

/** What was found of ranges that stand still. */
export interface Look {
  /** Ranges of which no entry will come. */
  readonly ended: readonly Tail[]
  /** Whether there are entries that can be read and do not come. */
  readonly isStuck: boolean
}

export class Tails {
  /** By id and numbers: when it is looked at, and how long after that again. */
  readonly #due = new Map<string, { readonly at: number; readonly pause: number }>()

  /**
   * @param toCome what has not come yet
   * @param due which of it should have come
   * @param look at one of them, for its first entry that can be read
   */
  async look(
    toCome: readonly Range[],
    due: readonly Range[],
    nowMilliseconds: number,
    look: (range: Range) => Promise<Found>,
  ): Promise<Look> {
    const keys = new Set(toCome.map(keyOf))
    for (const key of this.#due.keys()) if (!keys.has(key)) this.#due.delete(key)
    for (const key of keys)
      if (!this.#due.has(key))
        this.#due.set(key, { at: nowMilliseconds + stillMilliseconds, pause: stillMilliseconds })
    const ended: Tail[] = []
    let isStuck = false
    for (const range of due) {
      const key = keyOf(range)
      const { at, pause } = this.#due.get(key) ?? { at: Number.POSITIVE_INFINITY, pause: 0 }
      if (at > nowMilliseconds) continue
      const next = Math.min(pause * 2, mostMilliseconds)
      this.#due.set(key, { at: nowMilliseconds + next, pause: next })
      const { copies, passed, isWhole } = await look(range)
      if (passed.length > 0) isStuck = true
      else if (isWhole) ended.push({ range, copies })
    }
    return { ended, isStuck }
  }
}

function keyOf({ seqnumId, from, to }: Range): string {
  return `${seqnumId}:${from}:${to}`
}

/** What has to come, without ids whose last entry lies after the position: those are still to be read. */
export function passedBy(
  ranges: readonly Range[],
  files: readonly JournalFile[],
  { cursor }: JournalPosition,
): Range[] {
  const reached = parseCursor(cursor).realtimeMicroseconds
  return ranges.filter(({ seqnumId }) =>
    files.every((file) => file.seqnumId !== seqnumId || file.tailMicroseconds <= reached),
  )
}

/**
 * Counts the tails that still stand there. What ids share is counted once, since no two of them have one number.
 * @returns undefined if there is none
 */
export function settled(
  tails: readonly Tail[],
  numbers: Numbers,
  { cursor }: JournalPosition,
  namespace: string,
  files: readonly JournalFile[],
): { readonly batch: SourceBatch; readonly lost: Losses } | undefined {
  const toCome = numbers.toCome(files)
  const ended = new Set(tails.map(({ range }) => keyOf(range)))
  const still = new Set(toCome.map(keyOf))
  const open = toCome.filter((range) => !ended.has(keyOf(range)))
  // Those that overlap with what may still come have to wait: a number of both would be counted twice.
  const standing = tails.filter(
    ({ range }) =>
      still.has(keyOf(range)) && !open.some(({ from, to }) => from <= range.to && to >= range.from),
  )
  if (standing.length === 0) return undefined
  const ids = new Set(standing.map(({ range }) => range.seqnumId))
  const left = files.filter(({ seqnumId }) => ids.has(seqnumId))
  const copy = standing.reduce((sum, { copies }) => sum + copies, 0)
  const unread = numbers.behind(left) - copy
  const lost = new Losses()
  for (const { range, copies } of standing) {
    lost.add(range, range.to - range.from + 1 - copies)
    numbers.close(range.seqnumId, range.to)
  }
  return {
    batch: {
      records: [],
      positions: [{ stream: streamOf(namespace), position: writePosition(cursor, numbers) }],
      ...(copy > 0 && { filtered: { copy } }),
      ...(unread > 0 && { missed: { corrupted: unread } }),
    },
    lost,
  }
}
