/**
 * The bytes of a spool batch: a table of distinct `name=value` byte strings, then rows of indices into it, all under
 * one zstd frame (format.md, Spool batch). Whole numbers are LEB128 varints, times and values are columns of 8 bytes,
 * little-endian. Numbers are not stored: they are contiguous, and the row of the batch has the first.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { CorruptionError, ParseError } from '../errors.ts'
import type { FieldTable } from '../field-table.ts'
import type { Labels } from '../model.ts'
import type { SpooledSample } from './batch.ts'
import { Reader, Writer } from './bytes.ts'
import { Table } from './table.ts'

/**
 * Written into every batch; a reader of an older version refuses a newer one. Format 1, which is still read, had each
 * record's id as text and every field in the table (records.ts).
 */
export const batchFormat = 2
export const oldestFormat = 1

/** What a batch is made in, one after the other, and how much of it is kept. */
const plain = new Writer()
const mostKeptBytes = 4 << 20
/** Of what zstd gives at once. */
const packedChunk = 128 << 10
const plainChunk = 128 << 10
const largestChunk = 4 << 20
const magic = 0xfd2f_b528

/** No batch may grow beyond this when it is unpacked. */
const largestBytes = 256 << 20

/** Prometheus' stale marker, the one NaN that means "this series ends here". */
const staleBits = 0x7ff0000000000002n

export interface Encoded {
  readonly bytes: Buffer
  /** CRC-32 of `bytes`. */
  readonly checksum: number
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

/** @throws {CorruptionError} if the bytes are not what `encodeSamples` made of `count` samples */
export function decodeSamples(encoded: Encoded, count: number): SpooledSample[] {
  return unpack(encoded, count, 8, (table, rows, values) =>
    Array.from({ length: count }, (_, index) => {
      const labelCount = rows.count()
      const name = table.text(rows.varint())
      const pairs: [string, string][] = []
      for (let i = 0; i < labelCount; i++) {
        const text = table.text(rows.varint())
        const split = text.indexOf('=')
        pairs.push([text.slice(0, split), text.slice(split + 1)])
      }
      const labels: Labels = Object.fromEntries(pairs) // A name may be __proto__.
      const stale = values.readBigUInt64LE(index * 8) === staleBits
      return { name, labels, value: values.readDoubleLE(index * 8), stale }
    }),
  )
}

export function pack(count: number, table: Table, rows: Writer, column: Buffer): Encoded {
  plain.clear(mostKeptBytes)
  plain.varint(batchFormat)
  plain.varint(count)
  plain.varint(table.size)
  if (table.known) plain.raw(table.known)
  plain.raw(table.done())
  plain.raw(column)
  plain.raw(rows.done())
  if (plain.length > largestBytes)
    throw new ParseError(`Cannot spool batch of ${plain.length} bytes: it is larger than ${largestBytes}`)
  const bytes = zstdCompressSync(plain.done(), {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
    pledgedSrcSize: plain.length,
    chunkSize: Math.min(packedChunk, plain.length + 64),
  })
  return { bytes, checksum: crc32(bytes) }
}

/**
 * How long a frame says that its content is, with a byte more, since what fills a whole chunk brings another one.
 * @see RFC 8878, 3.1.1.1
 */
function plainLength(frame: Buffer): number {
  if (frame.length < 14 || frame.readUInt32LE(0) !== magic) return plainChunk
  const descriptor = frame.readUInt8(4)
  const isSingle = (descriptor & 0x20) !== 0
  const at = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0)
  const size = descriptor >> 6
  if (size === 0 && !isSingle) return plainChunk
  const length =
    size === 0
      ? frame.readUInt8(at)
      : size === 1
        ? frame.readUInt16LE(at) + 256
        : size === 2
          ? frame.readUInt32LE(at)
          : plainChunk
  return Math.max(64, Math.min(length + 1, largestChunk))
}

export function unpack<T>(
  encoded: Encoded,
  count: number,
  columnWidth: number,
  decode: (table: FieldTable, rows: Reader, column: Buffer, format: number) => T,
): T {
  const found = crc32(encoded.bytes)
  if (found !== encoded.checksum)
    throw new CorruptionError(`Cannot read batch: checksum ${found}, written with ${encoded.checksum}`)
  try {
    const reader = new Reader(
      zstdDecompressSync(encoded.bytes, {
        maxOutputLength: largestBytes,
        chunkSize: plainLength(encoded.bytes),
      }),
    )
    const format = reader.varint()
    if (format < oldestFormat || format > batchFormat)
      throw new RangeError(`format ${format}, expected ${batchFormat}`)
    const stored = reader.varint()
    if (stored !== count) throw new RangeError(`${stored} entries, expected ${count}`)
    const table = reader.table(reader.count())
    const column = reader.take(count * columnWidth)
    const decoded = decode(table, reader, column, format)
    reader.end()
    return decoded
  } catch (error) {
    throw new CorruptionError('Cannot read batch: its bytes are not a batch', { cause: error })
  }
}
