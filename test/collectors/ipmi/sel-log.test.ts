import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SelEntry } from '../../../collectors/ipmi/report.ts'
import { selBatch } from '../../../collectors/ipmi/sel-log.ts'
import type { SourceBatch } from '../../../src/model.ts'

const now = Date.parse('2026-02-02T00:00:00Z')
const entry = (id: number, time?: string, event = `event ${id}`): SelEntry => ({
  id,
  time,
  name: 'CPU Temp',
  type: 'Temperature',
  state: 'warning',
  event,
})
const read = (entries: readonly SelEntry[], position?: string, sinceMilliseconds = 0) =>
  selBatch({ entries, position, sinceMilliseconds, timeOf: (text) => Date.parse(`${text}Z`), now })
const ids = (batch: SourceBatch | undefined) =>
  batch?.records.map(({ id }) => id.split(':').slice(0, 3).slice(0, 2).join(':'))
const positionOf = (batch: SourceBatch | undefined) => batch?.positions[0]?.position
const log = [entry(1), entry(2, '2026-02-01T01:00:00'), entry(3, '2026-02-01T13:00:00'), entry(4)]

test('the event log is read once, from a day ago on, entries without a time with those around them', () => {
  const first = read(log, undefined, now - 12 * 3_600_000)
  assert.deepEqual(ids(first), ['sel:3', 'sel:4'])
  assert.deepEqual(first?.missed, { before_start: 2 })
  assert.equal(first?.records.at(0)?.time, BigInt(Date.parse('2026-02-01T13:00:00Z')) * 1_000_000n)
  assert.equal(
    first?.records.at(1)?.time,
    BigInt(now) * 1_000_000n,
    'without a time it has that of the reading',
  )
  assert.equal(read(log, positionOf(first)), undefined)
  const more = read([...log, entry(5)], positionOf(first))
  assert.deepEqual(ids(more), ['sel:5'])
  assert.deepEqual(ids(read(log)), ['sel:1', 'sel:2', 'sel:3', 'sel:4'], 'all')
  const again = read(log)
  assert.deepEqual(
    again?.records.map(({ id }) => id),
    read(log)?.records.map(({ id }) => id),
  )
})

test('a log that was cleared, with the same numbers again, is told and read anew; an empty one waits', () => {
  const first = read(log)
  const cleared = read([entry(1, '2026-02-01T20:00:00', 'Log cleared'), entry(2)], positionOf(first))
  assert.deepEqual(ids(cleared), ['sel:cleared', 'sel:1', 'sel:2'])
  assert.match(String(cleared?.records.at(0)?.fields[0]?.[1]), /was cleared: its entry 4 is gone/)
  const empty = read([], positionOf(first))
  assert.deepEqual(ids(empty), ['sel:cleared'])
  assert.equal(read([], positionOf(empty)), undefined)
  assert.deepEqual(ids(read([entry(1)], positionOf(empty))), ['sel:1'])
})

test('a log that has wrapped goes on, and says how many it lost at least', () => {
  const wrapped = read([entry(9), entry(10)], positionOf(read(log)))
  assert.deepEqual(ids(wrapped), ['sel:9', 'sel:10'])
  assert.deepEqual(wrapped?.missed, { wrapped: 4 })
})

test('a position that is none is an error', () => {
  assert.throws(() => read(log, '{"id":-1}'), /^ParseError: Cannot parse SEL position "\{"id":-1\}"/)
})
