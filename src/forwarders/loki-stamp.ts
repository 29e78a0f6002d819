/**
 * The timestamp of an entry in Loki, nanoseconds since the epoch.
 *
 * Loki merges entries of one stream that are equal in timestamp, line and metadata, and drops one that is equal in
 * timestamp and line to the entry just before it. Journals stamp microseconds; so the three digits below them are an
 * ordinal out of the record's id, never of its number: the same in every run, so that sending again changes nothing.
 * Ids that end in a count (journal, kmsg) follow each other within a microsecond, but for the step from 999 to 0.
 */

/** What a receiver takes at this moment, nanoseconds since the epoch. */
export interface Window {
  readonly now: bigint
  readonly oldest: bigint
  readonly newest: bigint
}

const minute = 60_000_000_000n
/** Loki's defaults, reject_old_samples_max_age and creation_grace_period, less time to get there. */
const mostOld = 7n * 24n * 60n * minute - 5n * minute
const mostAhead = 9n * minute

export function windowAt(receiverMilliseconds: number): Window {
  const now = BigInt(Math.round(receiverMilliseconds)) * 1_000_000n
  return { now, oldest: now - mostOld, newest: now + mostAhead }
}

export interface Stamp {
  readonly time: bigint
  /** The record's own time was not acceptable. */
  readonly moved: boolean
}

/** The record's own time if the receiver takes that, else when it was read, else now. */
export function stamp(
  record: { readonly id: string; readonly time: bigint; readonly observed: bigint },
  { now, oldest, newest }: Window,
): Stamp {
  const { id, time, observed } = record
  if (time >= oldest && time <= newest) {
    const below = time % 1000n
    return { time: below === 0n ? time + BigInt(ordinal(id, 1000)) : time, moved: false }
  }
  const other = observed >= oldest && observed <= newest ? observed : now
  // Many were read in one moment: six digits keep them in order.
  return { time: other - (other % 1_000_000n) + BigInt(ordinal(id, 1_000_000)), moved: true }
}

/** A number below `bound` (a power of ten of at most six zeros) out of an id: its last count, else a hash of it. */
function ordinal(id: string, bound: number): number {
  const digits = /:(\d+)$/.exec(id)?.[1]
  if (digits !== undefined) return Number(digits.slice(-6)) % bound
  let hash = 0x811c9dc5 // FNV-1a, 32 bits
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % bound
}
