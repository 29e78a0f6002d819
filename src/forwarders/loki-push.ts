/** The body of a push request: a snappy block of a protobuf PushRequest (proto/loki/push.proto). */
import type { Entries } from './loki-entries.ts'
import { cut, pair, varintLength } from './loki-pair.ts'
import type { Runs } from './loki-runs.ts'
import { delay, stamp, type Window } from './loki-stamp.ts'
import type { SnappyBlock } from './snappy-block.ts'

/** What is known of the receiver's limits. */
export interface Limits {
  readonly lineBytes: number
  /** For the entries of these places nothing older than this is taken, microseconds since the epoch. */
  readonly behind?: { readonly indices: ReadonlySet<number>; readonly oldest: number } | undefined
}

/**
 * Gives these entries the times that they are sent with.
 * @returns their places, oldest first. Within a microsecond the order stays the source's: entries a thousand apart have
 *   the same ordinal, and Loki must not see them side by side. Those that are still equal to their neighbour are moved on
 *   by a nanosecond.
 */
export function stamped(
  places: Uint32Array,
  entries: Entries,
  window: Window,
  { behind }: Limits,
  runs: Runs,
): Uint32Array {
  let isOrdered = true
  let before = Number.NEGATIVE_INFINITY
  for (let at = 0; at < places.length; at++) {
    const place = places[at] ?? 0
    stamp(entries, place, behind?.indices.has(place) ? { ...window, oldest: behind.oldest } : window)
    const microsecond = entries.sentMicrosecond[place] ?? 0
    if (microsecond < before) isOrdered = false
    before = microsecond
  }
  const ordered = isOrdered ? places : oldestFirst(places, entries.sentMicrosecond)
  const last = new Int32Array(entries.streams.length).fill(-1)
  for (let at = 0; at < ordered.length; at++) {
    const place = ordered[at] ?? 0
    const stream = entries.stream[place] ?? 0
    const neighbour = last[stream] ?? -1
    if (neighbour >= 0 && isEqual(neighbour, place, entries, runs)) delay(entries, place)
    last[stream] = place
  }
  return ordered
}

/** @returns the places by these times; those of one time stay in their order */
export function oldestFirst(places: Uint32Array, times: Float64Array): Uint32Array {
  return Uint32Array.from([...places].sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0)))
}

function isEqual(one: number, other: number, entries: Entries, runs: Runs): boolean {
  const { sentSeconds, sentNanoseconds, line } = entries
  if (sentNanoseconds[one] !== sentNanoseconds[other] || sentSeconds[one] !== sentSeconds[other]) return false
  return line[one] === line[other] || runs.bytesOf(line[one] ?? 0).equals(runs.bytesOf(line[other] ?? 0))
}

/** A stream of the request that is made: its first and last entry, and the bytes of it all without tag and length. */
interface StreamParts {
  readonly labels: Buffer
  readonly first: number
  last: number
  bytes: number
}

/** Written by hand: the generated encoder makes an object of each part of each entry. */
export function encodePush(
  places: Uint32Array,
  entries: Entries,
  runs: Runs,
  block: SnappyBlock,
  limits: Limits,
): Buffer {
  const streams: StreamParts[] = []
  const byNumber: (StreamParts | undefined)[] = []
  for (let at = 0; at < places.length; at++) {
    const place = places[at] ?? 0
    const number = entries.stream[place] ?? 0
    const length = measure(place, entries, runs, limits)
    let parts = byNumber[number]
    if (parts === undefined) {
      parts = { labels: Buffer.from(entries.streams[number] ?? ''), first: place, last: place, bytes: 0 }
      byNumber[number] = parts
      streams.push(parts)
    } else {
      entries.next[parts.last] = place
      parts.last = place
    }
    entries.next[place] = -1
    parts.bytes += 1 + varintLength(length) + length
  }
  let total = 0
  for (const parts of streams) {
    parts.bytes += 1 + varintLength(parts.labels.length) + parts.labels.length
    total += 1 + varintLength(parts.bytes) + parts.bytes
  }
  runs.beginBlock(block, total)
  for (const { labels, first, bytes } of streams) {
    block.byte(streamTag)
    block.varint(bytes)
    block.byte(labelsTag)
    block.varint(labels.length)
    block.bytes(labels, 0, labels.length)
    for (let place = first; place >= 0; place = entries.next[place] ?? -1) write(place, entries, runs, block)
  }
  return block.done()
}

/** PushRequest.streams; StreamAdapter.labels and .entries; EntryAdapter.timestamp and .line (proto/loki/push.proto). */
const streamTag = 0x0a
const labelsTag = 0x0a
const entryTag = 0x12
const timestampTag = 0x0a
const lineTag = 0x12
/** Timestamp.seconds and .nanos, of wire type 0 (varint). */
const secondsTag = 0x08
const nanosTag = 0x10

/** @returns how long it will be, without its own tag and length */
function measure(place: number, entries: Entries, runs: Runs, { lineBytes: most }: Limits): number {
  let line = entries.line[place] ?? 0
  if (runs.lengthOf(line) > most) line = runs.addBytes(Buffer.from(cut(runs.bytesOf(line).toString(), most)))
  const lineBytes = runs.lengthOf(line)
  entries.sentLine[place] = line
  let length =
    2 +
    timestampBytes(entries.sentSeconds[place] ?? 0, entries.sentNanoseconds[place] ?? 0) +
    1 +
    varintLength(lineBytes) +
    lineBytes +
    (entries.metadataBytes[place] ?? 0)
  if (entries.isMoved[place] === 1) {
    const own = pair('remora_time', isoNanoseconds(entries.time(place)))
    entries.own.set(place, own)
    length += own.length
  }
  entries.length[place] = length
  return length
}

function timestampBytes(seconds: number, nanoseconds: number): number {
  return 2 + varintLength(seconds) + varintLength(nanoseconds)
}

function write(place: number, entries: Entries, runs: Runs, block: SnappyBlock): void {
  const seconds = entries.sentSeconds[place] ?? 0
  const nanoseconds = entries.sentNanoseconds[place] ?? 0
  const line = entries.sentLine[place] ?? 0
  block.byte(entryTag)
  block.varint(entries.length[place] ?? 0)
  block.byte(timestampTag)
  block.byte(timestampBytes(seconds, nanoseconds))
  block.byte(secondsTag)
  block.varint(seconds)
  block.byte(nanosTag)
  block.varint(nanoseconds)
  block.byte(lineTag)
  block.varint(runs.lengthOf(line))
  runs.writeRun(line, block)
  runs.write(entries.from[place] ?? 0, entries.to[place] ?? 0, block)
  if (entries.isMoved[place] !== 1) return
  const own = entries.own.get(place)
  if (own) block.bytes(own, 0, own.length)
}

/** RFC 3339 with nanoseconds; the number itself where no date has it. */
function isoNanoseconds(time: bigint): string {
  const milliseconds = Number(time / 1_000_000n)
  if (time < 0n || milliseconds > 8.64e15) return String(time)
  const whole = new Date(milliseconds).toISOString()
  return whole.replace('Z', `${String(time % 1_000_000n).padStart(6, '0')}Z`)
}

/** Bytes an entry takes in a request, at most. */
export function sizeOf(place: number, entries: Entries, runs: Runs, limits: Limits): number {
  const lineBytes = runs.lengthOf(entries.line[place] ?? 0)
  return Math.min(lineBytes, limits.lineBytes) + (entries.metadataBytes[place] ?? 0) + 64
}
