/**
 * The records of a spool batch. The column has time and observed of each. A row: the stream's place in the table, the id,
 * the count of fields, then for each its place, or what stands for one that is in no table.
 */
import type { LogRecord } from '../model.ts'
import { EntryRow, isRow, type Row, Rows } from '../rows.ts'
import type { SpooledRecord } from './batch.ts'
import { Writer } from './bytes.ts'
import { type Encoded, oldestFormat, pack, unpack } from './codec.ts'
import { SpooledRow, Times } from './spooled-row.ts'
import { Table } from './table.ts'

/** What is no place in the table, below those that are: an entry's two times (rows.ts), the second with its value. */
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
export function encodeRecords(records: readonly LogRecord[]): Encoded {
  const shared = sharedRows(records)
  const table = new Table(shared?.table)
  rowsOfBatch.clear(mostKeptBytes)
  const writer = rowsOfBatch
  const times = Buffer.allocUnsafe(records.length * 16)
  const observedBytes = Buffer.alloc(8)
  let observed = 0n
  let stream: string | undefined
  let streamPlace = 0
  let index = -1
  for (const record of records) {
    index += 1
    if (record instanceof EntryRow) writeNanoseconds(times, index * 16, record.microsecond)
    else times.writeBigInt64LE(BigInt.asIntN(64, record.time), index * 16)
    if (record.observed !== observed) {
      observed = record.observed
      observedBytes.writeBigInt64LE(BigInt.asIntN(64, observed))
    }
    times.set(observedBytes, index * 16 + 8)
    if (record.stream !== stream) {
      stream = record.stream
      streamPlace = table.text(stream)
    }
    writer.varint(streamPlace)
    if (record instanceof EntryRow) {
      writer.varint(numberedId)
      writer.varint(record.sequence)
    } else {
      writer.varint(wholeId)
      writer.bytes(Buffer.from(record.id))
    }
    if (shared && isRow(record)) encodeRow(record, writer)
    else {
      const { fields } = record
      writer.varint(fields.length)
      for (const [name, value] of fields) writer.varint(tokens + table.field(name, value))
    }
  }
  return pack(records.length, table, writer, times)
}

/** Microseconds below 2^55 as nanoseconds of 64 bits, without a large number made. */
function writeNanoseconds(bytes: Buffer, at: number, microseconds: number): void {
  const upper = Math.floor(microseconds / 0x1_0000_0000)
  const lower = (microseconds - upper * 0x1_0000_0000) * 1000
  const carried = Math.floor(lower / 0x1_0000_0000)
  bytes.writeUInt32LE(lower - carried * 0x1_0000_0000, at)
  bytes.writeInt32LE((upper * 1000 + carried) | 0, at + 4)
}

/** @returns the rows that all of them are of */
function sharedRows(records: readonly LogRecord[]): Rows | undefined {
  const [first] = records
  const rows = first && isRow(first) ? first.rows : undefined
  return rows && records.every((record) => isRow(record) && record.rows === rows) ? rows : undefined
}

function encodeRow({ rows: { indices }, from, to, monotonic }: Row, writer: Writer): void {
  const isEntry = monotonic >= 0
  writer.reserveVarints(to - from + 4)
  writer.more(to - from + (isEntry ? 2 : 0))
  if (isEntry) {
    writer.more(realtimeToken)
    writer.more(monotonicToken)
    writer.more(monotonic)
  }
  for (let at = from; at < to; at++) writer.more(tokens + (indices[at] ?? 0))
}

/** Gives back at once what many records share, which the garbage collector would find late. */
export function releaseRecords(records: readonly SpooledRecord[]): void {
  const [first] = records
  if (first && isRow(first)) first.rows.release()
}

/** @throws {CorruptionError} if the bytes are not what `encodeRecords` made of `count` records */
export function decodeRecords(encoded: Encoded, count: number, firstNumber: number): SpooledRecord[] {
  return unpack(encoded, count, 16, (table, reader, column, format) => {
    scratch =
      scratch.length < reader.left || scratch.length > mostKeptIndices
        ? new Uint32Array(reader.left)
        : scratch
    const rows = new Rows(table, scratch)
    const times = new Times(column)
    const isFirst = format === oldestFormat
    const streams = new Map<number, string>()
    const streamAt = (place: number) => {
      const stream = streams.get(place) ?? table.text(place)
      streams.set(place, stream)
      return stream
    }
    const records: SpooledRecord[] = []
    for (let index = 0; index < count; index++) {
      const stream = streamAt(reader.varint())
      const isWhole = isFirst || reader.varint() === wholeId
      const id = isWhole ? reader.bytes().toString() : reader.varint()
      let monotonic = -1
      const from = rows.length
      let end = from
      const fields = reader.count()
      const indices = rows.reserve(fields)
      for (let left = fields; left > 0; left--) {
        const token = isFirst ? reader.varint() + tokens : reader.varint()
        if (token >= tokens) indices[end++] = token - tokens
        else if (token === monotonicToken) monotonic = reader.varint()
      }
      rows.end(end)
      records.push(new SpooledRow(stream, id, firstNumber + index, times, index * 2, rows, from, monotonic))
    }
    table.checkAll(rows.indices, rows.length)
    rows.shrink()
    return records
  })
}
