/** The body of a push request: a snappy block of a protobuf PushRequest (proto/loki/push.proto). */
import { compress } from 'snappyjs'
import { cut, type Entry } from './loki-entry.ts'
import { head, pair, varintLength } from './loki-pair.ts'
import type { PairList, Pairs } from './loki-pairs.ts'
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
    const { time, moved } = stamp(entry, own)
    return { entry, time, moved, microsecond: moved ? Number(time / 1000n) : entry.microsecond }
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

/** Written by hand: the generated encoder makes an object of each part of each entry. */
export function encodePush(entries: readonly Stamped[], pairs: Pairs, limits: Limits): Uint8Array {
  const body = new Body(pairs)
  for (const [labels, stream] of Map.groupBy(entries, ({ entry }) => entry.labels)) {
    const parts = stream.map((one) => partsOf(one, limits))
    let bytes = 0
    for (const { length } of parts) bytes += 1 + varintLength(length) + length
    const labelBytes = Buffer.byteLength(labels)
    body.head(streamTag, 1 + varintLength(labelBytes) + labelBytes + bytes)
    body.text(labelsTag, labels, labelBytes)
    for (const part of parts) body.entry(part)
  }
  return compress(body.bytes)
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

interface Parts {
  readonly seconds: number
  readonly nanos: number
  readonly timestampBytes: number
  readonly line: string
  readonly lineBytes: number
  readonly metadata: PairList
  /** `remora_time`, where it was moved. */
  readonly own: Uint8Array | undefined
  /** Of all of it, without its own tag and length. */
  readonly length: number
}

function partsOf({ entry, time, moved }: Stamped, { lineBytes: most }: Limits): Parts {
  const line = cut(entry.line, most)
  const lineBytes = Buffer.byteLength(line)
  const whole = time / 1_000_000_000n
  const seconds = Number(whole)
  const nanos = Number(time - whole * 1_000_000_000n)
  const timestampBytes = 2 + varintLength(seconds) + varintLength(nanos)
  const own = moved ? pair('remora_time', isoNanoseconds(entry.time)) : undefined
  return {
    seconds,
    nanos,
    timestampBytes,
    line,
    lineBytes,
    metadata: entry.metadata,
    own,
    length:
      2 +
      timestampBytes +
      1 +
      varintLength(lineBytes) +
      lineBytes +
      entry.metadata.bytes +
      (own?.length ?? 0),
  }
}

/** A message that grows. */
class Body {
  #bytes = Buffer.allocUnsafe(1 << 20)
  #length = 0
  readonly #pairs: Pairs

  constructor(pairs: Pairs) {
    this.#pairs = pairs
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  head(tag: number, length: number): void {
    this.#reserve(length + 16)
    this.#length = head(this.#bytes, this.#length, tag, length)
  }

  text(tag: number, text: string, length: number): void {
    this.head(tag, length)
    this.#length += this.#bytes.write(text, this.#length, length, 'utf8')
  }

  entry({ seconds, nanos, timestampBytes, line, lineBytes, metadata, own, length }: Parts): void {
    this.head(entryTag, length)
    const bytes = this.#bytes
    let at = head(bytes, this.#length, timestampTag, timestampBytes)
    at = head(bytes, at, secondsTag, seconds)
    at = head(bytes, at, nanosTag, nanos)
    at = head(bytes, at, lineTag, lineBytes)
    at += bytes.write(line, at, lineBytes, 'utf8')
    at = this.#pairs.copyTo(metadata, bytes, at)
    if (own) {
      bytes.set(own, at)
      at += own.length
    }
    this.#length = at
  }

  #reserve(length: number): void {
    if (this.#length + length <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

/** RFC 3339 with nanoseconds; the number itself where no date has it. */
function isoNanoseconds(time: bigint): string {
  const milliseconds = Number(time / 1_000_000n)
  if (time < 0n || milliseconds > 8.64e15) return String(time)
  const whole = new Date(milliseconds).toISOString()
  return whole.replace('Z', `${String(time % 1_000_000n).padStart(6, '0')}Z`)
}

/** Bytes an entry takes in a request, at most: a character has up to three. */
export function sizeOf({ line, metadata }: Entry, limits: Limits): number {
  return Math.min(line.length * 3, limits.lineBytes) + metadata.bytes + 64
}
