/** The body of a push request: a snappy block of a protobuf PushRequest (proto/loki/push.proto). */
import { compress } from 'snappyjs'
import { logproto } from './generated/loki-push.js'
import { cut, type Entry } from './loki-entry.ts'
import { pair } from './loki-pair.ts'
import { stamp, type Window } from './loki-stamp.ts'

/** What is known of the receiver's limits. */
export interface Limits {
  readonly lineBytes: number
  /** For the entries of these indices nothing older than this is taken. */
  readonly behind?: { readonly indices: ReadonlySet<number>; readonly oldest: bigint } | undefined
}

/** An entry with the timestamp it is sent with. */
export interface Stamped {
  readonly entry: Entry
  readonly time: bigint
  readonly moved: boolean
}

/**
 * Oldest first. Within a microsecond the order stays the source's: entries a thousand apart have the same ordinal, and
 * Loki must not see them side by side. Those that are still equal to their neighbour are moved on by a nanosecond.
 */
export function stamped(entries: readonly Entry[], window: Window, limits: Limits): Stamped[] {
  const { behind } = limits
  const all = entries.map((entry) => {
    const own = behind?.indices.has(entry.index) ? { ...window, oldest: behind.oldest } : window
    const at = stamp(entry, own)
    return { entry, ...at, microsecond: Number(at.time / 1000n) }
  })
  all.sort((a, b) => a.microsecond - b.microsecond)
  const last = new Map<string, { time: bigint; line: string }>()
  return all.map(({ entry, time, moved }) => {
    const { labels, line } = entry
    const before = last.get(labels)
    const apart = before?.time === time && before.line === line ? time + 1n : time
    last.set(labels, { time: apart, line })
    return { entry, time: apart, moved }
  })
}

export function encodePush(entries: readonly Stamped[], limits: Limits): Uint8Array {
  const streams = new Map<string, logproto.EntryAdapter.$Properties[]>()
  for (const { entry, time, moved } of entries) {
    let stream = streams.get(entry.labels)
    if (stream === undefined) {
      stream = []
      streams.set(entry.labels, stream)
    }
    stream.push({
      timestamp: { seconds: Number(time / 1_000_000_000n), nanos: Number(time % 1_000_000_000n) },
      line: cut(entry.line, limits.lineBytes),
      $unknowns: moved
        ? [...entry.metadata, pair('remora_time', isoNanoseconds(entry.time))]
        : entry.metadata,
    })
  }
  const request = { streams: [...streams].map(([labels, adapters]) => ({ labels, entries: adapters })) }
  return compress(logproto.PushRequest.encode(request).finish())
}

/** RFC 3339 with nanoseconds; the number itself where no date has it. */
function isoNanoseconds(time: bigint): string {
  const milliseconds = Number(time / 1_000_000n)
  if (time < 0n || milliseconds > 8.64e15) return String(time)
  const whole = new Date(milliseconds).toISOString()
  return whole.replace('Z', `${String(time % 1_000_000n).padStart(6, '0')}Z`)
}

/** Bytes an entry takes in a request, at most: a character has up to three. */
export function sizeOf({ line, metadataBytes }: Entry, limits: Limits): number {
  return Math.min(line.length * 3, limits.lineBytes) + metadataBytes + 64
}
