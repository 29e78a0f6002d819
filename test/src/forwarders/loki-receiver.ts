/**
 * A loopback receiver with the rules of Loki 3's defaults (docs: limits_config, "Request validation"): it decodes with
 * the schema, refuses entry by entry, stores the valid ones of a refused request, and merges as Loki does.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { uncompress } from 'snappyjs'
import { type Receiver, startReceiver } from './receiver.ts'

export interface StoredEntry {
  /** Nanoseconds since the epoch. */
  readonly time: bigint
  readonly line: string
  readonly metadata: Readonly<Record<string, string>>
}

export interface LokiReceiver extends Receiver {
  /** By stream labels, in timestamp order. */
  readonly streams: ReadonlyMap<string, readonly StoredEntry[]>
  stored(): StoredEntry[]
  /** Bytes of each request before compression. */
  readonly sizes: number[]
}

export interface Rules {
  /** The receiver's clock, milliseconds. */
  now?: () => number
  maxLineBytes?: number
  maxAgeSeconds?: number
  graceSeconds?: number
  /** Answers instead, when it gives a status. */
  before?: (count: number, headers: IncomingHttpHeaders) => { status: number; words: string } | undefined
  /** Entries it refuses for no reason a client knows. */
  poison?: (line: string) => boolean
}

const schema = new protobuf.Root().loadSync(join(import.meta.dirname, '../../../proto/loki/push.proto'))
const pushRequest = schema.lookupType('logproto.PushRequest')

export interface Decoded {
  streams: {
    labels: string
    entries: {
      timestamp: { seconds: string; nanos: number }
      line: string
      structuredMetadata: { name: string; value: string }[]
    }[]
  }[]
}

/** What a request says. @param bytes decompressed */
export function decodePush(bytes: Uint8Array): Decoded {
  const options = { longs: String, arrays: true, defaults: true }
  return JSON.parse(JSON.stringify(pushRequest.toObject(pushRequest.decode(bytes), options)))
}

export async function startLoki(rules: Rules = {}): Promise<LokiReceiver> {
  const streams = new Map<string, StoredEntry[]>()
  const lastLines = new Map<string, StoredEntry>()
  const sizes: number[] = []
  const now = rules.now ?? Date.now

  /** Stores what is valid. @returns the words of a 400, as Loki puts them */
  function push(body: Buffer): string | undefined {
    const bytes = uncompress(new Uint8Array(body))
    sizes.push(bytes.length)
    const request = decodePush(bytes)
    const invalid: string[] = []
    let last: string | undefined
    for (const { labels, entries } of request.streams) {
      const names = [...labels.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g)]
      if (names.length > 15) {
        invalid.push(`entry for stream '${labels}' has ${names.length} label names; limit 15`)
        continue
      }
      if (names.some(([, , value]) => Buffer.byteLength(value ?? '') > 2048)) {
        invalid.push(`stream '${labels}' has label value too long: ''`)
        continue
      }
      const valid = entries.flatMap(({ timestamp, line, structuredMetadata }) => {
        const time = BigInt(timestamp.seconds) * 1_000_000_000n + BigInt(timestamp.nanos)
        const metadata = Object.fromEntries(structuredMetadata.map(({ name, value }) => [name, value]))
        const words = validate({ time, line, metadata }, labels, structuredMetadata.length)
        if (words === undefined) return [{ time, line, metadata }]
        invalid.push(words)
        return []
      })
      last = ingest(labels, valid) ?? last
    }
    return last ?? (invalid.length > 0 ? `${invalid.length} errors like: ${invalid[0]}` : undefined)
  }

  function validate(entry: StoredEntry, labels: string, pairs: number): string | undefined {
    const { time, line, metadata } = entry
    const oldest = BigInt(now() - (rules.maxAgeSeconds ?? 7 * 86_400) * 1000) * 1_000_000n
    const newest = BigInt(now() + (rules.graceSeconds ?? 600) * 1000) * 1_000_000n
    if (time < oldest)
      return `entry for stream '${labels}' has timestamp too old: ${iso(time)}, oldest acceptable timestamp is: ${iso(oldest)}`
    if (time > newest) return `entry for stream '${labels}' has timestamp too new: ${iso(time)}`
    const limit = rules.maxLineBytes ?? 262_144
    const length = Buffer.byteLength(line)
    if (length > limit)
      return `Max entry size '${limit}' bytes exceeded for stream '${labels}' while adding an entry with length '${length}' bytes`
    if (pairs > 128)
      return `stream '${labels}' has too many structured metadata labels: '${pairs}', limit: '128'.`
    if (Buffer.byteLength(Object.entries(metadata).flat().join('')) > 65_536)
      return `stream '${labels}' has structured metadata too large`
    return rules.poison?.(line) ? 'no reason is given' : undefined
  }

  /** The ingester: the hour behind the newest of the stream, and the merging rule. */
  function ingest(labels: string, entries: StoredEntry[]): string | undefined {
    const stream = streams.get(labels) ?? []
    streams.set(labels, stream)
    const behind: string[] = []
    let highest = stream.at(-1)?.time ?? 0n
    for (const entry of entries) {
      const last = lastLines.get(labels)
      if (last?.time === entry.time && last.line === entry.line) continue
      const cutoff = highest - 3_600_000_000_000n
      if (highest > 0n && entry.time < cutoff) {
        behind.push(
          `entry with timestamp ${iso(entry.time)} ignored, reason: 'entry too far behind, entry timestamp is: ${iso(entry.time)}, oldest acceptable timestamp is: ${iso(cutoff)}',`,
        )
        continue
      }
      lastLines.set(labels, entry)
      if (entry.time > highest) highest = entry.time
      const key = JSON.stringify(entry.metadata)
      const same = (other: StoredEntry) =>
        other.time === entry.time && other.line === entry.line && JSON.stringify(other.metadata) === key
      if (!stream.some(same)) stream.push(entry)
    }
    stream.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    if (behind.length === 0) return undefined
    const told = behind.slice(0, 10).join('\n')
    return `${told}\nuser 'fake', total ignored: ${behind.length} out of ${entries.length} for stream: ${labels}`
  }

  const receiver = await startReceiver((response, { headers, body }, count) => {
    const answer = rules.before?.(count, headers)
    const date = { date: new Date(now()).toUTCString() }
    if (answer) return response.writeHead(answer.status, date).end(answer.words)
    const words = push(body)
    return words === undefined
      ? response.writeHead(204, date).end()
      : response.writeHead(400, date).end(`${words}\n`)
  })
  return { ...receiver, streams, sizes, stored: () => [...streams.values()].flat() }
}

/** As Go prints it: cut to the second. */
function iso(time: bigint): string {
  return new Date(Number(time / 1_000_000n)).toISOString().replace(/\.\d+Z$/, 'Z')
}
