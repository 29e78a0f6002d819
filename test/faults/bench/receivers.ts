/**
 * The three receivers of the fault bench: Loki's push API and remote write, decoded with the official schemas, and
 * systemd-journal-remote's upload. Each keeps what it acknowledged.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { uncompress } from 'snappyjs'
import { readExport } from '../../journal-remote-server.ts'
import { decodeWriteRequest } from '../../src/forwarders/receiver.ts'
import { type Behaving, behaving, type Watch } from './behaviour.ts'
import { Taken, type TakenRecord } from './taken.ts'

export interface EventReceiver extends Behaving {
  readonly taken: Taken
}

const schema = new protobuf.Root().loadSync(join(import.meta.dirname, '../../../proto/loki/push.proto'))
const pushRequest = schema.lookupType('logproto.PushRequest')

interface Push {
  readonly streams: readonly {
    readonly labels: string
    readonly entries: readonly {
      readonly timestamp: { readonly seconds: string; readonly nanos: number }
      readonly line: string
      readonly structuredMetadata: readonly { readonly name: string; readonly value: string }[]
    }[]
  }[]
}

function lokiRecords(body: Buffer): TakenRecord[] {
  const message = pushRequest.decode(uncompress(new Uint8Array(body)))
  const push: Push = JSON.parse(
    JSON.stringify(pushRequest.toObject(message, { longs: String, arrays: true, defaults: true })),
  )
  return push.streams
    .filter(({ labels }) => !labels.includes('source="heartbeat"'))
    .flatMap(({ labels, entries }) =>
      entries.map(({ timestamp, line, structuredMetadata }) => {
        const of = new Map(structuredMetadata.map(({ name, value }) => [name, value]))
        // A resend may carry another stamp, where the receiver's clock makes it so; its own time is in the metadata then.
        const time = of.get('remora_time') ?? iso(timestamp)
        return {
          ledger: of.get('remora_ledger') ?? '',
          source: of.get('remora_source') ?? /source="([^"]+)"/.exec(labels)?.[1] ?? '',
          number: Number(of.get('remora_number')),
          id: of.get('remora_id') ?? '',
          text: line,
          whole: JSON.stringify([
            labels,
            time.slice(0, '2026-01-02T03:04:05.678901'.length),
            line,
            [...of].filter(([name]) => name !== 'remora_time'),
          ]),
        }
      }),
    )
}

function iso({ seconds, nanos }: { readonly seconds: string; readonly nanos: number }): string {
  return new Date(Number(seconds) * 1000)
    .toISOString()
    .replace('.000Z', `.${String(nanos).padStart(9, '0')}Z`)
}

/** Loki stores what is valid of a request that it refuses. */
export async function lokiReceiver(watch: Watch, settles: boolean): Promise<EventReceiver> {
  const taken = new Taken(settles)
  const server = await behaving((body, refuses, taking) => {
    const records = lokiRecords(body)
    const refused = records.filter(({ text }) => refuses(text))
    for (const record of records) if (!refused.includes(record)) taken.take(record, taking)
    return refused.length === 0
      ? { status: 204 }
      : { status: 400, words: `${refused.length} errors like: the bench refuses it\n` }
  }, watch)
  return withTaken(server, taken)
}

function journalRecords(body: Buffer): TakenRecord[] {
  return [...readExport(body)].flatMap(({ addresses, fields }) => {
    const of = (name: string) =>
      fields.find((field) => field.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
    if (of('REMORA_HEARTBEAT') !== '') return []
    const [ledger = '', source = '', number] = of('REMORA_RECORD').split(':')
    return {
      ledger,
      source,
      number: Number(number),
      id: of('REMORA_ID'),
      text: Buffer.from(of('MESSAGE'), 'latin1').toString(),
      whole: JSON.stringify([[...addresses], fields]),
    }
  })
}

/** Takes an upload whole, or refuses it whole. */
export async function journalReceiver(watch: Watch, settles: boolean): Promise<EventReceiver> {
  const taken = new Taken(settles)
  const server = await behaving((body, refuses, taking) => {
    const records = journalRecords(body)
    if (records.some(({ text }) => refuses(text))) return { status: 400, words: 'the bench refuses it' }
    for (const record of records) taken.take(record, taking)
    return { status: 202, words: 'OK.' }
  }, watch)
  return withTaken(server, taken)
}

export interface MetricsReceiver extends Behaving {
  /** Distinct samples: series and time. */
  samples(): number
  /** What the stand-in tool said at each push: its count and its check, by time. */
  readonly tool: ReadonlyMap<number, readonly [count: number, check: number]>
  /** When requests with new samples came, milliseconds of the monotonic clock. */
  readonly pushes: readonly number[]
}

/**
 * @param clockSteps whether the sender's clock is stepped: a moment that comes twice may have two values
 * Asserts that a request has one sample of a series, and that a series has one value at a time. */
export async function metricsReceiver(watch: Watch, clockSteps: boolean): Promise<MetricsReceiver> {
  const byTime = new Map<number, Map<string, number>>()
  const tool = new Map<number, readonly [number, number]>()
  const pushes: number[] = []
  const server = await behaving((body, refuses) => {
    if (refuses('samples')) return { status: 400, words: 'the bench refuses it' }
    const seen = new Set<string>()
    const said: Record<string, number> = {}
    let time = 0
    for (const { labels, samples } of decodeWriteRequest(body)) {
      assert.equal(samples.length, 1, 'one sample of a series in a request')
      const key = labels.map(({ name, value }) => `${name}=${value}`).join(',')
      assert.ok(!seen.has(key), `series ${key} is twice in a request`)
      seen.add(key)
      const { timestamp = 0, value = 0 } = samples[0] ?? {}
      time = timestamp
      const at = byTime.get(timestamp) ?? new Map<string, number>()
      if (!byTime.has(timestamp)) pushes.push(performance.now())
      byTime.set(timestamp, at)
      const before = at.get(key)
      assert.ok(
        clockSteps || before === undefined || Object.is(before, value),
        `series ${key} has two values at ${timestamp}`,
      )
      at.set(key, value)
      const name = labels.find((label) => label.name === '__name__')?.value ?? ''
      if (name.startsWith('bench_')) said[name] = value
    }
    const { bench_count: count, bench_check: check } = said
    if (count !== undefined && check !== undefined) tool.set(time, [count, check])
    return { status: 204 }
  }, watch)
  return {
    port: server.port,
    behave: server.behave,
    down: server.down,
    up: server.up,
    get requests() {
      return server.requests
    },
    tool,
    pushes,
    samples: () => [...byTime.values()].reduce((sum, { size }) => sum + size, 0),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function withTaken(server: Behaving, taken: Taken): EventReceiver {
  return {
    port: server.port,
    behave: server.behave,
    down: server.down,
    up: server.up,
    get requests() {
      return server.requests
    },
    taken,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
