/**
 * Quarantine: records that one sink refused for their content, kept with the receiver's words until someone replays or
 * drops them (format.md, Quarantine). Shared by the agent and `remora spool`.
 */
import { QuarantineFullError } from '../errors.ts'
import { blockStream, readPositions } from './acknowledgement.ts'
import type { EventBatch, SampleBatch, SpooledBatch } from './batch.ts'
import { decodeSamples, type Encoded, encodeSamples } from './codec.ts'
import { blob, type Database, integer, type Row, text } from './database.ts'
import { countSink, giveUp } from './ledger.ts'
import { decodeRecords, encodeRecords } from './records.ts'
import type { RoutedSink } from './sinks.ts'
import type { QuarantinedRecord } from './spool.ts'

/** The receiver's words are kept up to here. */
const mostWords = 1024

export interface Refused {
  readonly index: number
  readonly words: string
}

/**
 * Copies the refused entries of a batch and counts them, in the transaction that moves the cursor past it.
 * For an optional sink without room they are lost{quarantine_full}.
 * @throws {QuarantineFullError} for a required sink without room
 */
export function quarantineEntries(
  db: Database,
  sink: RoutedSink,
  batch: SpooledBatch,
  row: Row,
  refused: readonly Refused[],
  now: number,
): void {
  let used = db.number('SELECT coalesce(sum(length(payload)), 0) FROM quarantine WHERE sink = ?', sink.id)
  const streams = readPositions(text(row, 'positions')).map(({ stream }) => stream)
  for (const { index, words } of refused) {
    const entry = single(batch, index)
    used += entry.encoded.bytes.length
    const full = used > sink.quarantineBytes
    if (full && sink.required)
      throw new QuarantineFullError(
        `Cannot quarantine record ${entry.number} of "${batch.source}" for sink "${sink.name}": its quarantine of ${sink.quarantineBytes} bytes is full`,
      )
    const key = full ? 0 : insert(db, sink.id, batch, integer(row, 'routed'), entry, words, now)
    if (full) {
      countSink(db, sink.id, batch.source, 'lost', 1, 'quarantine_full')
      giveUp(db, sink.id, batch.sequence, entry.number)
    } else countSink(db, sink.id, batch.source, 'quarantined', 1)
    if (!sink.required || !sink.offNode) continue
    const stopped = entry.stream !== undefined && streams.includes(entry.stream) ? [entry.stream] : streams
    for (const stream of stopped) blockStream(db, batch.source, stream, batch.sequence, key)
  }
}

/**
 * Quarantined records, oldest first.
 * @param most how many; negative: all
 */
export function quarantined(
  db: Database,
  most: number,
  where: string,
  ...parameters: (string | number)[]
): QuarantinedRecord[] {
  return db
    .all(
      `SELECT quarantine.*, sink.name AS sink_name FROM quarantine JOIN sink ON sink.id = quarantine.sink
       WHERE ${where} ORDER BY key LIMIT ?`,
      ...parameters,
      most,
    )
    .map((row) => ({
      key: integer(row, 'key'),
      sink: text(row, 'sink_name'),
      source: text(row, 'source'),
      id: text(row, 'id'),
      number: integer(row, 'number'),
      words: text(row, 'words'),
      quarantinedMilliseconds: integer(row, 'since_ms'),
      replay: integer(row, 'replay') === 1,
      batch: entryBatch(row),
    }))
}

/** A replayed record was acknowledged: the one transaction in which it turns from quarantined to acknowledged. */
export function acknowledgeReplay(db: Database, key: number): void {
  // The sink may be another kind of sink than it was when it refused the record.
  const vouching = `EXISTS (SELECT 1 FROM quarantine JOIN sink ON sink.id = quarantine.sink
    WHERE quarantine.key = ?1 AND required AND off_node)`
  db.run(`UPDATE unacknowledged SET key = 0 WHERE key = ?1 AND NOT ${vouching}`, key)
  db.run('DELETE FROM unacknowledged WHERE key = ?', key)
  leave(db, key, (sink, source) => countSink(db, sink, source, 'acknowledged', 1))
}

/** Dropped by hand. Its stream stays unacknowledged: key 0 never goes. */
export function dropQuarantined(db: Database, key: number): boolean {
  db.run('UPDATE unacknowledged SET key = 0 WHERE key = ?', key)
  db.run(
    `INSERT OR IGNORE INTO given_up (sink, sequence, number)
     SELECT sink, sequence, number FROM quarantine WHERE key = ?`,
    key,
  )
  return leave(db, key, (sink, source) => countSink(db, sink, source, 'lost', 1, 'quarantine_dropped'))
}

export function refuseReplay(db: Database, key: number, words: string): void {
  db.run('UPDATE quarantine SET replay = 0, words = ? WHERE key = ?', words.slice(0, mostWords), key)
}

function leave(db: Database, key: number, count: (sink: number, source: string) => void): boolean {
  const row = db.get('SELECT sink, source FROM quarantine WHERE key = ?', key)
  if (row === undefined) return false
  countSink(db, integer(row, 'sink'), text(row, 'source'), 'quarantined', -1)
  count(integer(row, 'sink'), text(row, 'source'))
  db.run('DELETE FROM quarantine WHERE key = ?', key)
  return true
}

interface Single {
  readonly id: string
  readonly number: number
  readonly stream?: string
  readonly timeMilliseconds: number
  readonly encoded: Encoded
}

function single(batch: SpooledBatch, index: number): Single {
  if (batch.kind === 'events') {
    const record = batch.records.at(index)
    if (record === undefined) throw new RangeError(`Cannot quarantine record ${index} of ${batch.count}`)
    const timeMilliseconds = Number(record.observed / 1_000_000n)
    return {
      id: record.id,
      number: record.number,
      stream: record.stream,
      timeMilliseconds,
      encoded: encodeRecords([record]),
    }
  }
  const sample = batch.samples[index]
  if (sample === undefined) throw new RangeError(`Cannot quarantine sample ${index} of ${batch.count}`)
  const id = `${sample.name}${JSON.stringify(sample.labels)}`
  return { id, number: index + 1, timeMilliseconds: batch.timeMilliseconds, encoded: encodeSamples([sample]) }
}

function insert(
  db: Database,
  sink: number,
  batch: SpooledBatch,
  routed: number,
  entry: Single,
  words: string,
  now: number,
): number {
  return db.run(
    `INSERT INTO quarantine (sink, sequence, routed, kind, source, id, number, words, since_ms, time_ms, checksum, payload)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    sink,
    batch.sequence,
    routed,
    batch.kind,
    batch.source,
    entry.id,
    entry.number,
    words.slice(0, mostWords),
    now,
    entry.timeMilliseconds,
    entry.encoded.checksum,
    entry.encoded.bytes,
  ).rowid
}

/** The quarantined entry as a batch of one. @throws {CorruptionError} */
function entryBatch(row: Row): SpooledBatch {
  const bytes = blob(row, 'payload')
  const encoded = { bytes, checksum: integer(row, 'checksum') }
  const common = {
    sequence: integer(row, 'sequence'),
    source: text(row, 'source'),
    count: 1,
    bytes: bytes.length,
  }
  if (text(row, 'kind') === 'events') {
    const records = decodeRecords(encoded, 1, integer(row, 'number'))
    return { ...common, kind: 'events', records } satisfies EventBatch
  }
  const samples = decodeSamples(encoded, 1)
  return {
    ...common,
    kind: 'samples',
    timeMilliseconds: integer(row, 'time_ms'),
    samples,
  } satisfies SampleBatch
}
