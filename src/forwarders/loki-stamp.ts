/**
 * The timestamp of an entry in Loki, nanoseconds since the epoch.
 *
 * Loki merges entries of one stream that are equal in timestamp, line and metadata, and drops one that is equal in
 * timestamp and line to the entry just before it. Journals stamp microseconds; so the three digits below them are an
 * ordinal out of the record's id, never of its number: the same in every run, so that sending again changes nothing.
 * Ids that end in a count (journal, kmsg) follow each other within a microsecond, but for the step from 999 to 0.
 */

/** What a receiver takes at this moment, microseconds since the epoch. */
export interface Window {
  readonly now: number
  readonly oldest: number
  readonly newest: number
}

const minute = 60_000_000
/** Loki's defaults, reject_old_samples_max_age and creation_grace_period, less time to get there. */
const mostOld = 7 * 24 * 60 * minute - 5 * minute
const mostAhead = 9 * minute

export function windowAt(receiverMilliseconds: number): Window {
  const now = Math.round(receiverMilliseconds * 1000)
  return { now, oldest: now - mostOld, newest: now + mostAhead }
}

/** What is known of a record's place in time. */
export interface Moment {
  readonly id: string
  /** The number that the id ends in; -1: look at the id. */
  readonly sequence: number
  /** Its own time, and when it was read. */
  readonly microsecond: number
  readonly nanosecond: number
  readonly observed: bigint
}

/** A time in Loki. */
export interface Stamp {
  microsecond: number
  nanosecond: number
  /** The record's own time was not acceptable. */
  moved: boolean
}

/** The record's own time if the receiver takes that, else when it was read, else now; put into `found`. */
export function stamp(record: Moment, { now, oldest, newest }: Window, found: Stamp): void {
  const { microsecond, nanosecond } = record
  found.moved = microsecond < oldest || microsecond > newest
  if (!found.moved) {
    found.microsecond = microsecond
    found.nanosecond = nanosecond === 0 ? ordinal(record, 1000) : nanosecond
    return
  }
  const read = Number(record.observed / 1000n)
  const other = read >= oldest && read <= newest ? read : now
  // Many were read in one moment: six digits keep them in order.
  const place = ordinal(record, 1_000_000)
  found.microsecond = other - (other % 1000) + Math.floor(place / 1000)
  found.nanosecond = place % 1000
}

/** A number below `bound` (a power of ten of at most six zeros) out of an id: its last count, else a hash of it. */
function ordinal({ sequence, id }: Moment, bound: number): number {
  if (sequence >= 0) return sequence % bound
  const digits = /:(\d+)$/.exec(id)?.[1]
  if (digits !== undefined) return Number(digits.slice(-6)) % bound
  let hash = 0x811c9dc5 // FNV-1a, 32 bits
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % bound
}
