/**
 * How far a drive's logs have been read, and what is new in them.
 * Errors are numbered: the position is the newest number. Self-tests are not: the position is the log as it was, and
 * what stands before it is new. A log that was cleared begins anew; one that wrapped has lost what lies between.
 */
import * as z from 'zod'
import { ParseError } from '../../src/errors.ts'
import type { DriveLog, Entry } from './entries.ts'

const shape = z.object({
  error: z.object({ number: z.number(), key: z.string() }).optional(),
  self_test: z.array(z.string()).optional(),
})

/** Of each kind of log. Undefined for a kind: that log was never read. */
export type Progress = z.output<typeof shape>

/** @throws {ParseError} if the position is not what `batchOf` made */
export function parsePosition(stream: string, position: string | undefined): Progress {
  if (position === undefined) return {}
  try {
    return shape.parse(JSON.parse(position))
  } catch (cause) {
    throw new ParseError(`Cannot parse the position of "${stream}" "${position.slice(0, 200)}"`, { cause })
  }
}

export interface News {
  /** The oldest first. */
  readonly entries: readonly Entry[]
  /** Entries that were overwritten before they were read, as far as numbers tell. */
  readonly overwritten: number
  /** The log was emptied since it was last read. */
  readonly cleared: boolean
  /** The log was never read before. */
  readonly first: boolean
}

/** @returns what is new in a log, and the progress after it */
export function advance(log: DriveLog, before: Progress): { readonly news: News; readonly after: Progress } {
  return log.kind === 'error' ? advanceErrors(log, before) : advanceSelfTests(log, before)
}

function advanceErrors({ entries, wrapsAfter }: DriveLog, before: Progress) {
  const last = before.error
  const newest = entries[0]
  const number = newest?.number ?? 0
  const first = last === undefined
  const after = { ...before, error: { number, key: newest?.key ?? '' } }
  const all = [...entries].reverse()
  const same = number === last?.number && newest?.key === last.key
  if (same || (last?.number === 0 && number === 0))
    return { news: { entries: [], overwritten: 0, cleared: false, first }, after }
  if (first) return { news: { entries: all, overwritten: 0, cleared: false, first }, after }
  // A number that fell: wrapped if it was near the end, else cleared. The same number of another hour: cleared.
  const wrapped =
    wrapsAfter !== undefined && number < last.number && number > 0 && last.number - number > wrapsAfter / 2
  if (!wrapped && number <= last.number)
    return { news: { entries: all, overwritten: 0, cleared: true, first }, after }
  const since = (one: number) =>
    one > last.number
      ? one - last.number
      : wrapped && one <= number
        ? one + (wrapsAfter ?? 0) - last.number
        : 0
  const fresh = all.filter((entry) => since(entry.number ?? 0) > 0)
  // Behind an empty log it is not known where the drive went on counting.
  const overwritten = last.number === 0 ? 0 : Math.max(0, since(number) - fresh.length)
  return { news: { entries: fresh, overwritten, cleared: false, first }, after }
}

function advanceSelfTests({ entries }: DriveLog, before: Progress) {
  const last = before.self_test
  const keys = entries.map(({ key }) => key)
  const fresh = last === undefined ? entries.length : newer(keys, last)
  const cleared =
    last !== undefined && last.length > 0 && fresh === entries.length && keys.length < last.length
  return {
    news: {
      entries: entries.slice(0, fresh).reverse(),
      overwritten: 0,
      cleared,
      first: last === undefined,
    },
    after: { ...before, self_test: keys },
  }
}

/**
 * @param now and @param then the log by the keys of its entries, the newest first
 * @returns how many of `now` stand before what is left of `then`: the fewest that fit
 */
export function newer(now: readonly string[], then: readonly string[]): number {
  for (let count = 0; count < now.length; count++) {
    const rest = now.slice(count)
    // The log only loses entries at its end, by as many as came in front.
    if (rest.length <= then.length && rest.every((key, index) => key === then[index])) return count
  }
  return now.length
}
