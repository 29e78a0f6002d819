/**
 * A heartbeat as Loki keeps it: the JSON is the line of an entry in a stream of its own, `source="heartbeat"`, which no
 * record is in; so no order and no limit of another stream is touched by it. A push request (proto/loki/push.proto).
 */
import { compress } from 'snappyjs'
import type { LokiSinkConfig } from '../sink-schemas.ts'
import type { Origin } from './forwarder.ts'
import type { Heartbeat } from './heartbeat.ts'
import { pair, varint, varintLength } from './loki-pair.ts'
import { labelText } from './loki-stream.ts'

/** PushRequest.streams, StreamAdapter.labels, EntryAdapter.timestamp; .entries and .line; of wire type 2. */
const first = 0x0a
const second = 0x12
/** Timestamp.seconds and .nanos, of wire type 0. */
const secondsTag = 0x08
const nanosTag = 0x10

/** @param newestMilliseconds the latest time that the receiver takes */
export function heartbeatPush(
  { timeMilliseconds, text }: Heartbeat,
  { labels }: Pick<LokiSinkConfig, 'labels'>,
  { node, bootId, ledger }: Origin,
  newestMilliseconds: number,
): Uint8Array {
  const time = Math.min(timeMilliseconds, newestMilliseconds)
  const seconds = Math.floor(time / 1000)
  const stamp = Buffer.concat([
    number(secondsTag, seconds),
    number(nanosTag, Math.round((time - seconds * 1000) * 1e6)),
  ])
  const entry = Buffer.concat([
    field(first, stamp),
    field(second, Buffer.from(text)),
    pair('remora_ledger', ledger),
    pair('boot_id', bootId),
  ])
  const stream = labelText({ job: 'remora', host: node, ...labels, source: 'heartbeat' })
  return compress(field(first, Buffer.concat([field(first, Buffer.from(stream)), field(second, entry)])))
}

function field(tag: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([number(tag, bytes.length), bytes])
}

function number(tag: number, value: number): Buffer {
  const bytes = Buffer.alloc(1 + varintLength(value), tag)
  varint(bytes, 1, value)
  return bytes
}
