/**
 * The bytes of a spool batch: a table of distinct `name=value` byte strings, then rows of indices into it, all under
 * one zstd frame (format.md, Spool batch). Whole numbers are LEB128 varints, times and values are columns of 8 bytes,
 * little-endian. Numbers are not stored: they are contiguous, and the row of the batch has the first.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { CorruptionError, ParseError } from '../errors.ts'
import type { Field, Labels, LogRecord } from '../model.ts'
import type { SpooledRecord, SpooledSample } from './batch.ts'

/** Written into every batch; a reader of an older version refuses a newer one. */
export const batchFormat = 1

/** No batch may grow beyond this when it is unpacked. */
const largestBytes = 256 << 20

/** Prometheus' stale marker, the one NaN that means "this series ends here". */
const staleBits = 0x7ff0000000000002n

export interface Encoded {
  readonly bytes: Buffer
  /** CRC-32 of `bytes`. */
  readonly checksum: number
}

/** Packs records in order. @throws {ParseError} if a field has no name or one with "=", or they are too many bytes */
export function encodeRecords(records: readonly LogRecord[]): Encoded {
  const table = new Table()
  const rows = new Writer()
  const times = Buffer.allocUnsafe(records.length * 16)
  for (const [index, record] of records.entries()) {
    times.writeBigInt64LE(record.time, index * 16)
    times.writeBigInt64LE(record.observed, index * 16 + 8)
    rows.varint(table.text(record.stream))
    rows.bytes(Buffer.from(record.id))
    rows.varint(record.fields.length)
    for (const [name, value] of record.fields) rows.varint(table.field(name, value))
  }
  return pack(records.length, table, rows, times)
}

/** Packs samples in order. @throws {ParseError} if a label has no name or one with "=" */
export function encodeSamples(samples: readonly SpooledSample[]): Encoded {
  const table = new Table()
  const rows = new Writer()
  const values = Buffer.allocUnsafe(samples.length * 8)
  for (const [index, sample] of samples.entries()) {
    if (sample.stale) values.writeBigUInt64LE(staleBits, index * 8)
    else values.writeDoubleLE(sample.value, index * 8)
    const labels = Object.entries(sample.labels)
    rows.varint(labels.length)
    rows.varint(table.text(sample.name))
    for (const [name, value] of labels) rows.varint(table.field(name, Buffer.from(value)))
  }
  return pack(samples.length, table, rows, values)
}

/** @throws {CorruptionError} if the bytes are not what `encodeRecords` made of `count` records */
export function decodeRecords(encoded: Encoded, count: number, firstNumber: number): SpooledRecord[] {
  return unpack(encoded, count, 16, (table, rows, times) => {
    const fields = table.map(splitField)
    return Array.from({ length: count }, (_, index) => {
      const stream = entry(table, rows.varint()).toString()
      const id = rows.bytes().toString()
      const fieldCount = rows.count()
      const recordFields: Field[] = []
      for (let i = 0; i < fieldCount; i++) recordFields.push(entry(fields, rows.varint())())
      return {
        stream,
        id,
        number: firstNumber + index,
        time: times.readBigInt64LE(index * 16),
        observed: times.readBigInt64LE(index * 16 + 8),
        fields: recordFields,
      }
    })
  })
}

/** @throws {CorruptionError} if the bytes are not what `encodeSamples` made of `count` samples */
export function decodeSamples(encoded: Encoded, count: number): SpooledSample[] {
  return unpack(encoded, count, 8, (table, rows, values) =>
    Array.from({ length: count }, (_, index) => {
      const labelCount = rows.count()
      const name = entry(table, rows.varint()).toString()
      const pairs: [string, string][] = []
      for (let i = 0; i < labelCount; i++) {
        const text = entry(table, rows.varint()).toString()
        const split = text.indexOf('=')
        pairs.push([text.slice(0, split), text.slice(split + 1)])
      }
      const labels: Labels = Object.fromEntries(pairs) // A name may be __proto__.
      const stale = values.readBigUInt64LE(index * 8) === staleBits
      return { name, labels, value: values.readDoubleLE(index * 8), stale }
    }),
  )
}

function pack(count: number, table: Table, rows: Writer, column: Buffer): Encoded {
  const head = new Writer()
  head.varint(batchFormat)
  head.varint(count)
  head.varint(table.size)
  const plain = Buffer.concat([head.done(), table.done(), column, rows.done()])
  if (plain.length > largestBytes)
    throw new ParseError(`Cannot spool batch of ${plain.length} bytes: it is larger than ${largestBytes}`)
  const bytes = zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
  return { bytes, checksum: crc32(bytes) }
}

function unpack<T>(
  encoded: Encoded,
  count: number,
  columnWidth: number,
  decode: (table: readonly Buffer[], rows: Reader, column: Buffer) => T,
): T {
  const found = crc32(encoded.bytes)
  if (found !== encoded.checksum)
    throw new CorruptionError(`Cannot read batch: checksum ${found}, written with ${encoded.checksum}`)
  try {
    const reader = new Reader(zstdDecompressSync(encoded.bytes, { maxOutputLength: largestBytes }))
    const format = reader.varint()
    if (format !== batchFormat) throw new RangeError(`format ${format}, expected ${batchFormat}`)
    const stored = reader.varint()
    if (stored !== count) throw new RangeError(`${stored} entries, expected ${count}`)
    const table = Array.from({ length: reader.count() }, () => reader.bytes())
    const column = reader.take(count * columnWidth)
    const decoded = decode(table, reader, column)
    reader.end()
    return decoded
  } catch (error) {
    throw new CorruptionError('Cannot read batch: its bytes are not a batch', { cause: error })
  }
}

/** Fields are shared between records, so each is split once, when first asked for. */
function splitField(bytes: Buffer): () => Field {
  let field: Field | undefined
  return () => {
    if (field === undefined) {
      const split = bytes.indexOf(0x3d)
      if (split < 1) throw new RangeError('a field without a name')
      field = [bytes.toString('utf8', 0, split), bytes.subarray(split + 1)]
    }
    return field
  }
}

function entry<T>(table: readonly T[], index: number): T {
  const found = table[index]
  if (found === undefined) throw new RangeError(`entry ${index} of a table of ${table.length}`)
  return found
}

/** The distinct byte strings of a batch, in order of first use. */
class Table {
  readonly #index = new Map<string, number>()
  readonly #writer = new Writer()

  get size(): number {
    return this.#index.size
  }

  text(text: string): number {
    return this.#add(Buffer.from(text))
  }

  field(name: string, value: Uint8Array): number {
    if (name === '' || name.includes('='))
      throw new ParseError(`Cannot spool field or label "${name}": a name is not empty and has no "="`)
    return this.#add(Buffer.concat([Buffer.from(`${name}=`), value]))
  }

  done(): Buffer {
    return this.#writer.done()
  }

  #add(bytes: Buffer): number {
    const key = bytes.toString('latin1')
    const known = this.#index.get(key)
    if (known !== undefined) return known
    const index = this.#index.size
    this.#index.set(key, index)
    this.#writer.bytes(bytes)
    return index
  }
}

/** A growing buffer of varints and byte strings. */
class Writer {
  #buffer = Buffer.allocUnsafe(4096)
  #length = 0

  varint(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[this.#length++] = rest
  }

  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length)
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  done(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

/** Reads what Writer wrote; every step beyond the end is a RangeError. */
class Reader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  varint(): number {
    let value = 0
    let factor = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.#buffer[this.#at++]
      if (byte === undefined) throw new RangeError('it ends early')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 0x80
    }
    throw new RangeError('a number is too long')
  }

  /** A count of things of at least one byte each, so never more than the bytes left. */
  count(): number {
    const value = this.varint()
    if (value > this.#buffer.length - this.#at) throw new RangeError(`a count of ${value} beyond its end`)
    return value
  }

  bytes(): Buffer {
    return this.take(this.varint())
  }

  take(length: number): Buffer {
    if (length > this.#buffer.length - this.#at) throw new RangeError('it ends early')
    this.#at += length
    return this.#buffer.subarray(this.#at - length, this.#at)
  }

  end(): void {
    if (this.#at !== this.#buffer.length) throw new RangeError('bytes are left over')
  }
}
