/** Records in and out of a spool batch: with a table of their own, with one they share, and of the format before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { CorruptionError } from '../../../src/errors.ts'
import type { Field, LogRecord, RecordList } from '../../../src/model.ts'
import { RecordColumns } from '../../../src/record-columns.ts'
import { Writer } from '../../../src/spool/bytes.ts'
import { decodeRecords, encodeRecords } from '../../../src/spool/records.ts'
import { shown } from './spool.ts'

const field = (name: string, value: string | Uint8Array): Field => [name, Buffer.from(value)]

/** Two journal entries that share a field and a table. */
function entries(): RecordColumns {
  const columns = RecordColumns.empty()
  const shared = columns.table.addField('_COMM', 'sshd')
  for (const number of [1, 2]) {
    const from = columns.indexCount
    const indices = columns.reserve(3)
    indices[from] = shared
    indices[from + 1] = columns.table.addField('MESSAGE', `line ${number} ü`)
    indices[from + 2] = shared
    columns.end(from + 3, 'a'.repeat(32), number + 2 ** 33, number * 2 ** 34)
    columns.setTimes(1_700_000_000_000_000 + number, 7n)
  }
  return columns
}

const plain: LogRecord = {
  stream: 'zram0',
  id: 'zram0:a:b:1',
  time: -5n,
  observed: 2n ** 62n,
  fields: [field('A', 'x'), field('A', 'x'), field('B', Buffer.from([0, 255, 61, 10])), field('C', '')],
}

test('records come out of a batch as they went in, with a shared table and without', () => {
  const lists: RecordList[] = [
    [plain],
    entries(),
    [...entries(), plain, ...entries()],
    entries().filter((_, index) => index === 1),
    entries().filter(() => false),
  ]
  for (const records of lists) {
    const decoded = decodeRecords(encodeRecords(records), records.length, 41)
    assert.deepEqual(decoded.map(shown), records.map(shown))
    assert.deepEqual(
      decoded.map(({ number }) => number),
      records.map((_, index) => 41 + index),
    )
  }
  assert.deepEqual(shown(entries().at(0) ?? plain), {
    stream: 'a'.repeat(32),
    id: `${'a'.repeat(32)}:${1 + 2 ** 33}`,
    time: 1_700_000_000_000_001_000n,
    observed: 7n,
    fields: [
      ['__REALTIME_TIMESTAMP', '1700000000000001'],
      ['__MONOTONIC_TIMESTAMP', String(2 ** 34)],
      ['_COMM', 'sshd'],
      ['MESSAGE', 'line 1 \u00c3\u00bc'],
      ['_COMM', 'sshd'],
    ],
  })
})

test('a batch is written the same twice, and without changing the table it shares', () => {
  const records = entries()
  assert.deepEqual(encodeRecords(records).bytes, encodeRecords(records).bytes)
})

test('a batch of format 1 is read', () => {
  const head = new Writer()
  for (const number of [1, 1, 3]) head.varint(number)
  const table = new Writer()
  for (const text of ['stream', 'A=x', 'B=y']) table.bytes(Buffer.from(text))
  const rows = new Writer()
  rows.varint(0)
  rows.bytes(Buffer.from('id'))
  for (const number of [3, 1, 2, 1]) rows.varint(number)
  const times = Buffer.alloc(16)
  times.writeBigInt64LE(11n, 0)
  times.writeBigInt64LE(12n, 8)
  const bytes = zstdCompressSync(Buffer.concat([head.done(), table.done(), times, rows.done()]))
  const [record, ...more] = decodeRecords({ bytes, checksum: crc32(bytes) }, 1, 9)
  assert.equal(more.length, 0)
  assert.deepEqual(record && shown(record), {
    stream: 'stream',
    id: 'id',
    time: 11n,
    observed: 12n,
    fields: [
      ['A', 'x'],
      ['B', 'y'],
      ['A', 'x'],
    ],
  })
})

test('what is no batch is refused, whatever its bytes are', () => {
  const good = [...entries(), plain]
  const unpacked = Buffer.from(encodeRecords(good).bytes)
  fc.assert(
    fc.property(fc.nat(unpacked.length - 1), fc.nat(255), fc.boolean(), (at, value, cuts) => {
      const bytes = Buffer.from(cuts ? unpacked.subarray(0, at) : unpacked)
      if (!cuts) bytes[at] = value
      try {
        const decoded = decodeRecords({ bytes, checksum: crc32(bytes) }, 3, 1)
        for (const record of decoded) shown(record)
      } catch (error) {
        assert.ok(error instanceof CorruptionError, String(error))
      }
    }),
    { numRuns: 500 },
  )
  const random = fc.uint8Array({ maxLength: 120 })
  fc.assert(
    fc.property(random, fc.nat(5), (inside, count) => {
      const bytes = zstdCompressSync(Buffer.concat([Buffer.from([2, count]), inside]))
      try {
        for (const record of decodeRecords({ bytes, checksum: crc32(bytes) }, count, 1)) shown(record)
      } catch (error) {
        assert.ok(error instanceof CorruptionError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})
