/** Records as columns are sent as a list of the same records would be, whatever they are and wherever they come from. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { uncompress } from 'snappyjs'
import { requests } from '../../../src/forwarders/loki.ts'
import { EntryMaker } from '../../../src/forwarders/loki-entry.ts'
import { encodePush, stamped } from '../../../src/forwarders/loki-push.ts'
import { windowAt } from '../../../src/forwarders/loki-stamp.ts'
import { SnappyBlock } from '../../../src/forwarders/snappy-block.ts'
import type { Field, RecordList } from '../../../src/model.ts'
import { RecordColumns } from '../../../src/record-columns.ts'
import { lokiSink } from '../../../src/sink-schemas.ts'
import { type EventBatch, type SpooledRecord, slice } from '../../../src/spool/batch.ts'
import { decodeRecords, encodeRecords } from '../../../src/spool/records.ts'
import { shown } from '../spool/spool.ts'
import { origin } from './batches.ts'
import { decodePush } from './loki-receiver.ts'

const now = 1_795_000_000_000
const firstNumber = 98
const longStream = 'q'.repeat(1100)

interface Entry {
  readonly stream: string
  /** Whole, or the number behind the stream. */
  readonly id: number | string
  readonly monotonic: number
  readonly microseconds: number
  readonly observed: bigint
  /** Places in the table. */
  readonly fields: readonly number[]
}

interface Batch {
  readonly table: readonly Field[]
  readonly entries: readonly Entry[]
}

/** @param room of columns that nobody looks at any more */
function columnsOf({ table, entries }: Batch, room?: RecordColumns): RecordColumns {
  const columns = room ? RecordColumns.inRoomOf(room) : RecordColumns.empty(1)
  for (const [name, value] of table) {
    const bytes = Buffer.concat([Buffer.from(`${name}=`), value])
    columns.table.add(bytes, 0, bytes.length)
  }
  for (const { stream, id, monotonic, microseconds, observed, fields } of entries) {
    const indices = columns.reserve(fields.length)
    indices.set(fields, columns.indexCount)
    columns.end(columns.indexCount + fields.length, stream, id, monotonic)
    columns.setTimes(microseconds, observed)
  }
  columns.firstNumber = firstNumber
  return columns
}

function listOf({ table, entries }: Batch): SpooledRecord[] {
  return entries.map(({ stream, id, monotonic, microseconds, observed, fields }, index) => ({
    stream,
    id: typeof id === 'number' ? `${stream}:${id}` : id,
    number: firstNumber + index,
    time: BigInt(microseconds) * 1000n,
    observed,
    fields: [
      ...(monotonic < 0
        ? []
        : [
            ['__REALTIME_TIMESTAMP', Buffer.from(String(microseconds))] as const,
            ['__MONOTONIC_TIMESTAMP', Buffer.from(String(monotonic))] as const,
          ]),
      ...fields.map((place) => table[place] ?? assert.fail('a field of the table')),
    ],
  }))
}

/** Sends as one sink does, one batch after the other. @returns makes the bodies of the requests of a batch */
function sender(line: 'body' | 'json', lineBytes: number) {
  const maker = new EntryMaker(lokiSink.parse({ type: 'loki', url: 'http://localhost', line }), origin)
  const block = new SnappyBlock()
  const limits = { lineBytes }
  return (records: RecordList<SpooledRecord>): Buffer[] => {
    const count = records.length
    const batch = { kind: 'events', sequence: 1, source: 'journald', count, bytes: 1, records } as const
    const bodies: Buffer[] = []
    for (const group of requests(batch, maker, limits)) {
      const places = stamped(group, maker.entries, windowAt(now), limits, maker.runs)
      const body = encodePush(places, maker.entries, maker.runs, block, limits)
      bodies.push(Buffer.from(body))
      block.giveBack(body)
    }
    return bodies
  }
}

/** What a request says. */
function said(body: Buffer): unknown {
  return decodePush(uncompress(new Uint8Array(body)))
}

const names = [
  'MESSAGE',
  'PRIORITY',
  'severity_number',
  'severity_text',
  'event.name',
  '_SYSTEMD_UNIT',
  '_PID',
  'CODE_LINE',
  '__CURSOR',
  'MY_FIELD',
  'a.b',
  'a_b',
]
const value = fc.oneof(
  fc.constantFrom('', '0', '6', '7', '9', '12', 'ssh.service', 'x'.repeat(4095), 'x'.repeat(4097)),
  fc.string({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 24 }),
)
const batches: fc.Arbitrary<Batch> = fc.record({
  table: fc.array(
    fc.tuple(fc.constantFrom(...names), value).map(([name, text]): Field => [name, Buffer.from(text)]),
    { minLength: 12, maxLength: 12 },
  ),
  entries: fc.array(
    fc.record({
      stream: fc.constantFrom('one', 'two', longStream),
      id: fc.oneof(
        fc.nat(2000),
        fc.constantFrom(0, 9, 10, 99, 999, 1000, 2 ** 53 - 1),
        fc.string({ maxLength: 9 }),
      ),
      monotonic: fc.oneof(fc.constantFrom(-1, 0, 9, 10, 2 ** 40), fc.nat()),
      microseconds: fc.oneof(
        fc.constantFrom(0, 1, 2 ** 53 - 1, 1_700_000_000_000_000),
        fc.integer({ min: now * 1000 - 1000, max: now * 1000 }),
      ),
      observed: fc.constantFrom(-5n, 5n, 1_700_000_000_000_000_123n),
      fields: fc.array(fc.nat(11), { maxLength: 10 }),
    }),
    { minLength: 1, maxLength: 20 },
  ),
})

for (const line of ['body', 'json'] as const) {
  test(`columns are sent as a list of the same records is, and the same out of memory and file (${line})`, () => {
    const [sink, other] = [sender(line, 100), sender(line, 100)]
    let room: RecordColumns | undefined
    fc.assert(
      fc.property(batches, (batch) => {
        const columns = columnsOf(batch, room)
        room = columns
        const list = listOf(batch)
        const read = decodeRecords(encodeRecords(columns), columns.length, firstNumber)
        assert.deepEqual(columns.map(shown), list.map(shown))
        assert.deepEqual(read.map(shown), list.map(shown))
        const bodies = sink(columns)
        assert.deepEqual(other(read), bodies)
        assert.deepEqual(sink(list).map(said), bodies.map(said))
      }),
      { numRuns: 400 },
    )
  })
}

test('a part of a batch is sent with the same entries as the whole, metadata in the same order', () => {
  const send = sender('body', 1000)
  const sent = (records: RecordList<SpooledRecord>) =>
    send(records)
      .flatMap((body) => decodePush(uncompress(new Uint8Array(body))).streams)
      .flatMap(({ labels, entries }) => entries.map((entry) => ({ labels, entry })))
  fc.assert(
    fc.property(batches, fc.nat(20), (batch, place) => {
      // One behind the other, so that what stands together within the whole does within a part.
      const entries = batch.entries.map((entry, index) => ({ ...entry, microseconds: now * 1000 + index }))
      const columns = columnsOf({ ...batch, entries })
      const count = columns.length
      const whole: EventBatch = {
        kind: 'events',
        sequence: 1,
        source: 's',
        count,
        bytes: 1,
        records: columns,
      }
      const middle = Math.min(place, count)
      const parts = [slice(whole, 0, middle), slice(whole, middle, count)]
      const one = parts.flatMap((part) => (part.kind === 'events' ? sent(part.records) : []))
      const other = sent(columns)
      const sorted = (all: typeof one) => all.map((entry) => JSON.stringify(entry)).sort()
      assert.deepEqual(sorted(one), sorted(other))
    }),
    { numRuns: 200 },
  )
})

test('each byte of a value is sent as its text says, wherever it stands', () => {
  const send = sender('body', 1000)
  for (let padding = 0; padding < 4; padding++) {
    const table: Field[] = [['PAD', Buffer.alloc(padding, 'p')]]
    for (let byte = 0; byte < 256; byte++)
      for (let before = 0; before < 5; before++)
        table.push(['MY_FIELD', Buffer.from([...Array(before).fill(0x20), byte, 0x7e, 0x20, 0x7e])])
    const entries = table.map((_, place) => {
      return {
        stream: 's',
        id: place,
        monotonic: -1,
        microseconds: now * 1000,
        observed: 1n,
        fields: [place],
      }
    })
    const batch = { table, entries }
    assert.deepEqual(send(columnsOf(batch)).map(said), send(listOf(batch)).map(said))
  }
})
