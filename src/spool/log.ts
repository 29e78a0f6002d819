/** The one log: a batch is routed, numbered, counted and becomes a row, with a checksum of row and payload; and back. */
import { crc32 } from 'node:zlib'
import { CorruptionError } from '../errors.ts'
import { blockStream, readPositions } from './acknowledgement.ts'
import type { SpooledBatch } from './batch.ts'
import { decodeSamples, type Encoded } from './codec.ts'
import { blob, type Database, integer, type Row, text } from './database.ts'
import { countSink, countSource } from './ledger.ts'
import { decodeRecords } from './records.ts'
import { bit, type RoutedSink, takes } from './sinks.ts'

export interface NewBatch {
  readonly kind: 'events' | 'samples'
  readonly source: string
  readonly count: number
  readonly timeMilliseconds: number
  /** As acknowledgement.ts writes them. */
  readonly positions: string
  readonly encoded: Encoded
}

/** Where a batch is in the log, and its records in their source. */
export interface Place {
  readonly sequence: number
  readonly firstNumber: number
}

/**
 * Appends a batch for the sinks that take its source, in the caller's transaction; without any it is only counted.
 * @returns its sequence, 0 if it is not kept, and the number of its first record
 */
export function append(db: Database, sinks: readonly RoutedSink[], batch: NewBatch): Place {
  const takers = sinks.filter((sink) => takes(sink, batch.source))
  countSource(db, batch.source, 'spooled', batch.count)
  for (const sink of takers) countSink(db, sink.id, batch.source, 'routed', batch.count)
  const firstNumber = takeNumbers(db, batch)
  if (takers.length === 0) {
    const newest = db.number(`SELECT seq FROM sqlite_sequence WHERE name = 'batch'`)
    for (const { stream } of readPositions(batch.positions)) blockStream(db, batch.source, stream, newest, 0)
    return { sequence: 0, firstNumber }
  }
  const routed = takers.reduce((mask, sink) => mask + bit(sink.id), 0)
  const { kind, source, count, timeMilliseconds, positions, encoded } = batch
  const bytes = encoded.bytes.length
  const { rowid: sequence } = db.run(
    `INSERT INTO batch (kind, source, count, first_number, time_ms, routed, bytes, positions, row_checksum, checksum, payload)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    kind,
    source,
    count,
    firstNumber,
    timeMilliseconds,
    routed,
    bytes,
    positions,
    crc32(rowText(kind, source, count, firstNumber, timeMilliseconds, routed, bytes, positions)),
    encoded.checksum,
    encoded.bytes,
  )
  return { sequence, firstNumber }
}

/** The next numbers of a source: one for each record, one for a whole collection of samples. @returns the first */
export function takeNumbers(
  db: Database,
  batch: Pick<NewBatch, 'kind' | 'source' | 'count' | 'timeMilliseconds' | 'encoded'>,
): number {
  const step = batch.kind === 'events' ? batch.count : 1
  db.run(
    `INSERT INTO source (name, last_number, bytes, first_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET last_number = last_number + excluded.last_number, bytes = bytes + excluded.bytes`,
    batch.source,
    step,
    batch.encoded.bytes.length,
    batch.timeMilliseconds,
  )
  return db.number('SELECT last_number FROM source WHERE name = ?', batch.source) - step + 1
}

/** @throws {CorruptionError} if the row without its payload is not what was written */
export function checkRow(row: Row): void {
  const written = rowText(
    text(row, 'kind'),
    text(row, 'source'),
    integer(row, 'count'),
    integer(row, 'first_number'),
    integer(row, 'time_ms'),
    integer(row, 'routed'),
    integer(row, 'bytes'),
    text(row, 'positions'),
  )
  if (crc32(written) !== integer(row, 'row_checksum'))
    throw new CorruptionError(
      `Cannot read row of batch ${integer(row, 'sequence')}: its checksum does not match`,
    )
}

/** @throws {CorruptionError} if row or payload are not what was written */
export function loadBatch(row: Row): SpooledBatch {
  checkRow(row)
  const encoded = { bytes: blob(row, 'payload'), checksum: integer(row, 'checksum') }
  const count = integer(row, 'count')
  const common = {
    sequence: integer(row, 'sequence'),
    source: text(row, 'source'),
    count,
    bytes: integer(row, 'bytes'),
  }
  if (text(row, 'kind') === 'events') {
    const records = decodeRecords(encoded, count, integer(row, 'first_number'))
    return { ...common, kind: 'events', records, release: () => records.release() }
  }
  return {
    ...common,
    kind: 'samples',
    timeMilliseconds: integer(row, 'time_ms'),
    samples: decodeSamples(encoded, count),
  }
}

function rowText(...columns: readonly (string | number)[]): string {
  return columns.join('\0')
}
