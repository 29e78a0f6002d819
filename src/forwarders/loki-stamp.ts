/**
 * The timestamp of an entry in Loki, nanoseconds since the epoch.
 *
 * Loki merges entries of one stream that are equal in timestamp, line and metadata, and drops one that is equal in
 * timestamp and line to the entry just before it. Journals stamp microseconds; so the three digits below them are an
 * ordinal out of the record's id, never of its number: the same in every run, so that sending again changes nothing.
 * Ids that end in a count (journal, kmsg) follow each other within a microsecond, but for the step from 999 to 0.
 */
import type { Entries } from './loki-entries.ts'

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

/** Gives an entry the record's own time if the receiver takes that, else when it was read, else now. */
export function stamp(entries: Entries, index: number, { now, oldest, newest }: Window): void {
  const microsecond = entries.microsecond[index] ?? 0
  const nanosecond = entries.nanosecond[index] ?? 0
  const ordinal = entries.ordinal[index] ?? 0
  if (microsecond >= oldest && microsecond <= newest) {
    entries.isMoved[index] = 0
    set(entries, index, microsecond, nanosecond === 0 ? ordinal % 1000 : nanosecond)
    return
  }
  entries.isMoved[index] = 1
  const read = entries.observedMicrosecond(index)
  const other = read >= oldest && read <= newest ? read : now
  // Many were read in one moment: six digits keep them in order.
  set(entries, index, other - (other % 1000) + Math.floor(ordinal / 1000), ordinal % 1000)
}

function set(entries: Entries, index: number, microsecond: number, nanosecond: number): void {
  const seconds = Math.floor(microsecond / 1e6)
  entries.sentMicrosecond[index] = microsecond
  entries.sentSeconds[index] = seconds
  entries.sentNanoseconds[index] = (microsecond - seconds * 1e6) * 1000 + nanosecond
}

/** Later by a nanosecond. */
export function delay(entries: Entries, index: number): void {
  const nanoseconds = (entries.sentNanoseconds[index] ?? 0) + 1
  entries.sentNanoseconds[index] = nanoseconds % 1e9
  if (nanoseconds === 1e9) entries.sentSeconds[index] = (entries.sentSeconds[index] ?? 0) + 1
}

/** A number below a million out of an id: the last digits of the count it ends in, else of a hash of it. */
export function ordinalOf(id: string): number {
  const digits = /:(\d+)$/.exec(id)?.[1]
  if (digits !== undefined) return Number(digits.slice(-6))
  let hash = 0x811c9dc5 // FNV-1a, 32 bits
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % 1_000_000
}
