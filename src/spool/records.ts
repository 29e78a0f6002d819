/**
 * The records of a spool batch. The column has time and observed of each. A row: the stream's place in the table, the id,
 * the count of fields, then for each its place, or what stands for one that is in no table.
 */
import type { RecordList } from '../model.ts'
import { none, RecordColumns } from '../record-columns.ts'
import { Writer } from './bytes.ts'
import { type Encoded, oldestFormat, pack, unpack } from './codec.ts'
import { Table } from './table.ts'

/** What is no place in the table, below those that are: an entry's two times (record-columns.ts), the second with its value. */
const realtimeToken = 0
const monotonicToken = 1
const tokens = 2

/** The rows of a batch are made in it, one after the other. */
const rowsOfBatch = new Writer()
const mostKeptBytes = 2 << 20
/** Indices are read into it. */
let scratch = new Uint32Array(0)
const mostKeptIndices = 1 << 20

/** How an id is written: whole, or as the number behind `<stream>:`. */
const wholeId = 0
const numberedId = 1

/** Packs records in order. @throws {ParseError} if a field has no name or one with "=", or they are too many bytes */
export function encodeRecords(records: RecordList): Encoded {
  rowsOfBatch.clear(mostKeptBytes)
  return records instanceof RecordColumns
    ? encodeColumns(records, rowsOfBatch)
    : encodeList(records, rowsOfBatch)
}

function encodeList(records: RecordList, writer: Writer): Encoded {
  const table = new Table()
  const times = Buffer.allocUnsafe(records.length * 16)
  let at = 0
  for (const { stream, id, time, observed, fields } of records) {
    times.writeBigInt64LE(BigInt.asIntN(64, time), at)
    times.writeBigInt64LE(BigInt.asIntN(64, observed), at + 8)
    at += 16
    writer.varint(table.text(stream))
    writer.varint(wholeId)
    writer.bytes(Buffer.from(id))
    writer.varint(fields.length)
    for (const [name, value] of fields) writer.varint(tokens + table.field(name, value))
  }
  return pack(records.length, table, writer, times)
}

function encodeColumns(columns: RecordColumns, writer: Writer): Encoded {
  const table = new Table(columns.table)
  const streamPlaces = columns.streams.map((stream) => table.text(stream))
  writeRows(columns, streamPlaces, writer)
  const { words, length } = columns
  return pack(length, table, writer, Buffer.from(words.buffer, words.byteOffset, length * 16))
}

/** A function of its own, which V8 makes fast once: what comes behind a long loop makes it slow again. */
function writeRows(columns: RecordColumns, streamPlaces: readonly number[], writer: Writer): void {
  const { length, indices, ends, streamOf, sequences, monotonics } = columns
  let from = 0
  for (let index = 0; index < length; index++) {
    const to = ends[index] ?? 0
    const sequence = sequences[index] ?? none
    const monotonic = monotonics[index] ?? none
    writer.varint(streamPlaces[streamOf[index] ?? 0] ?? 0)
    if (sequence >= 0) {
      writer.varint(numberedId)
      writer.varint(sequence)
    } else {
      writer.varint(wholeId)
      writer.bytes(Buffer.from(columns.id(index)))
    }
    if (monotonic >= 0) {
      writer.varint(to - from + 2)
      writer.varint(realtimeToken)
      writer.varint(monotonicToken)
      writer.varint(monotonic)
    } else writer.varint(to - from)
    writer.varints(indices, from, to, tokens)
    from = to
  }
}

/** @throws {CorruptionError} if the bytes are not what `encodeRecords` made of `count` records */
export function decodeRecords(encoded: Encoded, count: number, firstNumber: number): RecordColumns {
  return unpack(encoded, count, 16, (table, reader, column, format) => {
    if (scratch.length < reader.left || scratch.length > mostKeptIndices)
      scratch = new Uint32Array(reader.left)
    const columns = RecordColumns.spooled(table, count, scratch, firstNumber)
    const { words } = columns
    new Uint8Array(words.buffer, words.byteOffset).set(column)
    const isFirst = format === oldestFormat
    const streams = new Map<number, string>()
    const streamAt = (place: number) => {
      const stream = streams.get(place) ?? table.text(place)
      streams.set(place, stream)
      return stream
    }
    let end = 0
    for (let index = 0; index < count; index++) {
      const stream = streamAt(reader.varint())
      const isWhole = isFirst || reader.varint() === wholeId
      const id = isWhole ? reader.bytes().toString() : reader.varint()
      let left = reader.count()
      let monotonic = none
      if (!isFirst && left > 1 && reader.peek() === realtimeToken) {
        reader.varint()
        if (reader.varint() !== monotonicToken) throw new RangeError('an entry has no time since boot')
        monotonic = reader.varint()
        left -= 2
      }
      end = reader.varints(scratch, end, left, isFirst ? 0 : tokens)
      columns.end(end, stream, id, monotonic)
    }
    table.checkAll(scratch, end)
    columns.shrink()
    return columns
  })
}
