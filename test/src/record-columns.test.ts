/** Records as columns: what goes in comes out, and whose memory it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LogRecord } from '../../src/model.ts'
import { RecordColumns } from '../../src/record-columns.ts'
import { decodeRecords, encodeRecords } from '../../src/spool/records.ts'
import { columnsOf, noise, records, shown } from './spool/spool.ts'

const ids = (columns: RecordColumns) => columns.map(({ id }) => id)

/** Columns of so many records, and how often they were released. */
function counted(count: number, room?: RecordColumns) {
  const made: { columns: RecordColumns; releases: RecordColumns[] } = {
    columns: columnsOf(records(0, count), room, (columns) => made.releases.push(columns)),
    releases: [],
  }
  return made
}

test('a time is what was set, to the microsecond, before 1970 and as far as numbers go', () => {
  const columns = RecordColumns.empty(1)
  const most = 2 ** 53 - 1
  const microseconds = fc.oneof(
    fc.integer({ min: -most, max: most }),
    fc.constantFrom(-most, -1000, -1, 0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 51, most),
  )
  const observed = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  fc.assert(
    fc.property(microseconds, observed, (time, seen) => {
      columns.end(columns.indexCount, 's', 0, 0)
      columns.setTimes(time, seen)
      const last = columns.length - 1
      assert.equal(columns.time(last), BigInt(time) * 1000n)
      assert.equal(columns.microsecond(last), time)
      assert.equal(columns.nanosecond(last), 0)
      assert.equal(columns.observed(last), seen)
    }),
    { numRuns: 500 },
  )
})

test('a time out of the file is its whole microsecond and what is beyond it', () => {
  const range = { min: -(2n ** 62n), max: 2n ** 62n }
  fc.assert(
    fc.property(fc.bigInt(range), (time) => {
      const columns = decodeRecords(encodeRecords([{ ...bare, time }]), 1, 1)
      assert.equal(BigInt(columns.microsecond(0)) * 1000n + BigInt(columns.nanosecond(0)), time)
      assert.ok(columns.nanosecond(0) >= 0)
    }),
    { numRuns: 300 },
  )
})

const bare: LogRecord = { stream: 's', id: 's:1', time: 0n, observed: 0n, fields: [['A', Buffer.from('a')]] }

test('an id is the number behind its stream, or any text, and zero is a number', () => {
  const columns = RecordColumns.empty(1)
  const given = [0, 'zero', 2 ** 53 - 1, '', 's:5', 7]
  for (const id of given) columns.end(0, columns.length < 3 ? 's' : 't', id, -1)
  assert.deepEqual(ids(columns), ['s:0', 'zero', `s:${2 ** 53 - 1}`, '', 's:5', 't:7'])
  assert.equal(columns.at(6), undefined)
  assert.equal(columns.at(-1), undefined)
})

test('columns grow with their records, indices and streams', () => {
  const many = records(0, 3000).map((record, index) => ({ ...record, stream: `stream ${index % 1500}` }))
  const columns = columnsOf(many)
  assert.equal(columns.streams.length, 1500)
  assert.deepEqual(columns.map(shown), many.map(shown))
})

test('columns in the room of others have nothing of theirs', () => {
  const first = columnsOf([{ ...bare, id: 'text', stream: 'other' }, ...records(0, 200)])
  const second = columnsOf(records(500, 520), first)
  assert.deepEqual(second.map(shown), records(500, 520).map(shown))
  assert.deepEqual(second.streams, ['counter'])
  assert.ok(Number.isNaN(second.firstNumber))
  assert.equal(second.indices, first.indices)
})

test('memory goes back once, when the last of whoever looks has released it', () => {
  const { columns, releases } = counted(10)
  columns.hold()
  columns.hold()
  columns.release()
  columns.release()
  assert.deepEqual(releases, [])
  columns.release()
  assert.deepEqual(releases, [columns])
})

test('filtered columns are those that were wanted, and stay so when the others are made anew', () => {
  const { columns, releases } = counted(100)
  const odd = columns.filter((_, index) => index % 2 === 1)
  const few = odd.filter(({ id }) => id.endsWith('7'))
  const wanted = records(0, 100).filter((_, index) => index % 10 === 7)
  odd.firstNumber = 5
  assert.ok(Number.isNaN(columns.firstNumber) && Number.isNaN(few.firstNumber))
  few.hold()
  columns.release()
  assert.deepEqual(releases, [], 'they share the table')
  assert.deepEqual(few.map(shown), wanted.map(shown))
  assert.deepEqual(decodeRecords(encodeRecords(few), 10, 1).map(shown), wanted.map(shown))
  few.release()
  assert.deepEqual(releases, [columns])
})

test('columns that are filtered to none are empty, and to all are the same', () => {
  const { columns } = counted(3)
  assert.equal(columns.filter(() => false).length, 0)
  assert.deepEqual([...columns.filter(() => false)], [])
  assert.deepEqual(columns.filter(() => true).map(shown), columns.map(shown))
  assert.equal(columns.filter(() => false).filter(() => true).length, 0)
})

test('a part of columns has their numbers, and their memory', () => {
  const { columns, releases } = counted(10)
  columns.firstNumber = 41
  const part = columns.slice(3, 5)
  part.hold()
  columns.release()
  assert.deepEqual(
    part.map(({ number }) => number),
    [44, 45],
  )
  assert.deepEqual(part.map(shown), records(3, 5).map(shown))
  assert.deepEqual(releases, [])
  part.release()
  assert.deepEqual(releases, [columns])
})

test('what was read of a file goes back at once where it is much, not before it is released', () => {
  const many = records(0, 2000, noise(200))
  const read = decodeRecords(encodeRecords(many), many.length, 1)
  const { bytes } = read.table
  read.hold()
  read.release()
  assert.deepEqual(read.map(shown), many.map(shown))
  read.release()
  assert.equal(bytes.length, 0)
})
