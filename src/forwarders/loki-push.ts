/** The body of a push request: a snappy block of a protobuf PushRequest (proto/loki/push.proto). */
import { compress } from 'snappyjs'
import { logproto } from './generated/loki-push.js'
import { cut, type Entry, type Pair } from './loki-entry.ts'
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

/** The body, and the size it has before compression. */
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
      structuredMetadata: moved ? [...entry.metadata, trueTime(entry.time)] : [...entry.metadata],
    })
  }
  const request = { streams: [...streams].map(([labels, adapters]) => ({ labels, entries: adapters })) }
  return compress(logproto.PushRequest.encode(request).finish())
}

function trueTime(time: bigint): Pair {
  return { name: 'remora_time', value: isoNanoseconds(time) }
}

/** RFC 3339 with nanoseconds; the number itself where no date has it. */
function isoNanoseconds(time: bigint): string {
  const milliseconds = Number(time / 1_000_000n)
  if (time < 0n || milliseconds > 8.64e15) return String(time)
  const whole = new Date(milliseconds).toISOString()
  return whole.replace('Z', `${String(time % 1_000_000n).padStart(6, '0')}Z`)
}

/** Bytes an entry takes in a request, roughly. */
export function sizeOf({ line, metadata }: Entry, limits: Limits): number {
  let bytes = Math.min(line.length, limits.lineBytes) + 24
  for (const { name, value } of metadata) bytes += name.length + value.length + 6
  return bytes
}
