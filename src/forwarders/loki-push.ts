/** The body of a push request: a snappy block of a protobuf PushRequest (proto/loki/push.proto). */
import { cut, type Entry, type Stream } from './loki-entry.ts'
import { pair, varintLength } from './loki-pair.ts'
import type { Runs } from './loki-runs.ts'
import { type Stamp, stamp, type Window } from './loki-stamp.ts'
import type { SnappyBlock } from './snappy-block.ts'

/** What is known of the receiver's limits. */
export interface Limits {
  readonly lineBytes: number
  /** For the entries of these indices nothing older than this is taken, microseconds since the epoch. */
  readonly behind?: { readonly indices: ReadonlySet<number>; readonly oldest: number } | undefined
}

/** An entry as it is sent. */
export class Stamped {
  readonly entry: Entry
  /** Of the epoch, and the nanoseconds beyond. */
  seconds: number
  nanoseconds: number
  readonly microsecond: number
  readonly moved: boolean
  /** The run of the line, cut where it must be. */
  line = 0
  /** `remora_time`, where it was moved. */
  own: Uint8Array | undefined
  /** Of all of it, without its own tag and length. */
  length = 0

  constructor(entry: Entry, { microsecond, nanosecond, moved }: Stamp) {
    this.entry = entry
    this.seconds = Math.floor(microsecond / 1e6)
    this.nanoseconds = (microsecond - this.seconds * 1e6) * 1000 + nanosecond
    this.microsecond = microsecond
    this.moved = moved
  }

  /** Later by a nanosecond. */
  delay(): void {
    this.nanoseconds += 1
    if (this.nanoseconds < 1e9) return
    this.nanoseconds = 0
    this.seconds += 1
  }
}

/**
 * Oldest first. Within a microsecond the order stays the source's: entries a thousand apart have the same ordinal, and
 * Loki must not see them side by side. Those that are still equal to their neighbour are moved on by a nanosecond.
 */
export function stamped(entries: readonly Entry[], window: Window, limits: Limits, runs: Runs): Stamped[] {
  const { behind } = limits
  const found: Stamp = { microsecond: 0, nanosecond: 0, moved: false }
  let isOrdered = true
  let before = Number.NEGATIVE_INFINITY
  const all = entries.map((entry) => {
    const own = behind?.indices.has(entry.index) ? { ...window, oldest: behind.oldest } : window
    stamp(entry, own, found)
    if (found.microsecond < before) isOrdered = false
    before = found.microsecond
    return new Stamped(entry, found)
  })
  if (!isOrdered) all.sort((a, b) => a.microsecond - b.microsecond)
  const last = new Map<Stream, Stamped>()
  for (const one of all) {
    const { stream } = one.entry
    const neighbour = last.get(stream)
    if (neighbour && isEqual(neighbour, one, runs)) one.delay()
    last.set(stream, one)
  }
  return all
}

function isEqual(one: Stamped, other: Stamped, runs: Runs): boolean {
  if (one.nanoseconds !== other.nanoseconds || one.seconds !== other.seconds) return false
  const { line } = one.entry
  return line === other.entry.line || runs.bytesOf(line).equals(runs.bytesOf(other.entry.line))
}

/** Written by hand: the generated encoder makes an object of each part of each entry. */
export function encodePush(
  entries: readonly Stamped[],
  runs: Runs,
  block: SnappyBlock,
  limits: Limits,
): Buffer {
  const streams = new Map<Stream, StreamParts>()
  for (const one of entries) {
    const { stream } = one.entry
    let parts = streams.get(stream)
    if (parts === undefined) {
      parts = { labels: Buffer.from(stream.labels), entries: [], bytes: 0 }
      streams.set(stream, parts)
    }
    measure(one, runs, limits)
    parts.entries.push(one)
    parts.bytes += 1 + varintLength(one.length) + one.length
  }
  let total = 0
  for (const parts of streams.values()) {
    parts.bytes += 1 + varintLength(parts.labels.length) + parts.labels.length
    total += 1 + varintLength(parts.bytes) + parts.bytes
  }
  runs.beginBlock(block, total)
  for (const { labels, entries, bytes } of streams.values()) {
    block.byte(streamTag)
    block.varint(bytes)
    block.byte(labelsTag)
    block.varint(labels.length)
    block.bytes(labels, 0, labels.length)
    for (const one of entries) write(one, runs, block)
  }
  return block.done()
}

interface StreamParts {
  readonly labels: Buffer
  readonly entries: Stamped[]
  /** Of all of it, without its own tag and length. */
  bytes: number
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

/** Finds out how long it will be. */
function measure(one: Stamped, runs: Runs, { lineBytes: most }: Limits): void {
  const { entry, seconds, nanoseconds, moved } = one
  let { line } = entry
  if (runs.lengthOf(line) > most) line = runs.addBytes(Buffer.from(cut(runs.bytesOf(line).toString(), most)))
  const lineBytes = runs.lengthOf(line)
  one.line = line
  one.own = moved ? pair('remora_time', isoNanoseconds(entry.time)) : undefined
  one.length =
    2 + timestampBytes(seconds, nanoseconds) + 1 + varintLength(lineBytes) + lineBytes + entry.metadata.bytes
  if (one.own) one.length += one.own.length
}

function timestampBytes(seconds: number, nanoseconds: number): number {
  return 2 + varintLength(seconds) + varintLength(nanoseconds)
}

function write(
  { entry, seconds, nanoseconds, line, own, length }: Stamped,
  runs: Runs,
  block: SnappyBlock,
): void {
  block.byte(entryTag)
  block.varint(length)
  block.byte(timestampTag)
  block.byte(timestampBytes(seconds, nanoseconds))
  block.byte(secondsTag)
  block.varint(seconds)
  block.byte(nanosTag)
  block.varint(nanoseconds)
  block.byte(lineTag)
  block.varint(runs.lengthOf(line))
  runs.writeRun(line, block)
  runs.write(entry.metadata, block)
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
export function sizeOf({ line, metadata }: Entry, runs: Runs, limits: Limits): number {
  return Math.min(runs.lengthOf(line), limits.lineBytes) + metadata.bytes + 64
}
