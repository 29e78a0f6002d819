/**
 * Acknowledgement back to a source (format.md): a position counts once every required off-node sink that its batch
 * was routed to, at least one, has acknowledged everything of its stream up to it.
 */
import * as z from 'zod'
import { CorruptionError } from '../errors.ts'
import type { Position } from '../model.ts'
import { type Database, integer, text } from './database.ts'
import type { DonePosition } from './spool.ts'

export interface SourcePosition extends Position {
  readonly source: string
}

const positionsColumn = z.array(z.tuple([z.string(), z.string()]))

export function writePositions(positions: readonly Position[]): string {
  return JSON.stringify(positions.map(({ stream, position }) => [stream, position]))
}

/** @throws {CorruptionError} if the column of a batch is not what writePositions made */
export function readPositions(column: string): Position[] {
  try {
    return positionsColumn.parse(JSON.parse(column)).map(([stream, position]) => ({ stream, position }))
  } catch (error) {
    throw new CorruptionError('Cannot read the positions of a batch', { cause: error })
  }
}

/** The positions of a source now and the last batch before them, in the transaction that commits what they follow. */
export function savePositions(
  db: Database,
  source: string,
  positions: readonly Position[],
  newest: number,
): void {
  for (const { stream, position } of positions) {
    db.run(
      `INSERT INTO position (source, stream, position, batch) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET position = excluded.position, batch = excluded.batch`,
      source,
      stream,
      position,
      newest,
    )
  }
}

/** No required off-node sink will acknowledge all of this batch: its streams stop here, for good (key 0). */
export function blockStreams(db: Database, sequence: number): void {
  const row = db.get('SELECT source, positions FROM batch WHERE sequence = ?', sequence)
  if (row === undefined) return
  for (const { stream } of readPositions(text(row, 'positions')))
    blockStream(db, text(row, 'source'), stream, sequence, 0)
}

/** A required off-node sink that a batch was routed to, and that did not give up the whole of it. */
export const vouches = `sink.required AND sink.off_node AND (batch.routed >> (sink.id - 1)) & 1 AND NOT EXISTS
  (SELECT 1 FROM given_up WHERE given_up.sink = sink.id AND given_up.sequence = batch.sequence AND number = 0)`

/**
 * It gave up no record of a batch either. One that is still there stops the stream itself for each record that it gave
 * up; one that is removed does so no more, and has then not acknowledged the batch.
 */
const whole = `NOT EXISTS
  (SELECT 1 FROM given_up WHERE given_up.sink = sink.id AND given_up.sequence = batch.sequence)`

/**
 * A sink that is now required and off the node was not, or was not there: what it refused or gave up of batches in the
 * log stops their streams as if it had been.
 * @param withWhole whether batches that it gave up whole count: to one whose name came back they were never routed
 */
export function beginVouching(db: Database, sink: number, withWhole: boolean): void {
  const given = 'SELECT DISTINCT sequence FROM given_up WHERE sink = ? AND number >= ?'
  for (const row of db.all(given, sink, withWhole ? 0 : 1)) blockStreams(db, integer(row, 'sequence'))
  const refused = `SELECT quarantine.key, batch.sequence, batch.source, batch.positions
    FROM quarantine JOIN batch ON batch.sequence = quarantine.sequence WHERE quarantine.sink = ?`
  for (const row of db.all(refused, sink)) {
    for (const { stream } of readPositions(text(row, 'positions')))
      blockStream(db, text(row, 'source'), stream, integer(row, 'sequence'), integer(row, 'key'))
  }
}

/** What is in the log and no required off-node sink vouches for: one that takes its source later must not. */
export function blockUnvouched(db: Database): void {
  const rows = db.all(`SELECT sequence FROM batch WHERE NOT EXISTS
    (SELECT 1 FROM sink WHERE ${vouches} AND (NOT sink.removed OR (sink.cursor >= batch.sequence AND ${whole})))`)
  for (const row of rows) blockStreams(db, integer(row, 'sequence'))
}

/** Before a batch is forgotten: what no required off-node sink has passed, ever, was never acknowledged. */
export function blockUnacknowledged(db: Database, sequence: number): void {
  const acknowledged = db.get(
    `SELECT 1 FROM batch JOIN sink ON ${vouches} AND sink.cursor >= batch.sequence AND ${whole}
     WHERE batch.sequence = ? LIMIT 1`,
    sequence,
  )
  if (acknowledged === undefined) blockStreams(db, sequence)
}

/** A stream that has stopped for good already stays where it stopped: one row, however much follows. */
export function blockStream(
  db: Database,
  source: string,
  stream: string,
  sequence: number,
  key: number,
): void {
  db.run(
    `INSERT INTO unacknowledged (source, stream, sequence, key) SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS
     (SELECT 1 FROM unacknowledged WHERE source = ?1 AND stream = ?2 AND sequence <= ?3 AND key = 0)`,
    source,
    stream,
    sequence,
    key,
  )
}

/** Whether the required off-node sinks a mask names, at least one, have all passed a batch. */
const passed = `
  EXISTS (SELECT 1 FROM sink WHERE NOT sink.removed AND ${vouches})
  AND NOT EXISTS (SELECT 1 FROM sink WHERE NOT sink.removed AND sink.cursor < batch.sequence AND ${vouches})`

/** The positions after one batch that are done now, and which are acknowledged; none while a sink still awaits it. */
export function doneAfter(db: Database, sequence: number): DonePosition[] {
  const row = db.get(`SELECT source, positions FROM batch WHERE sequence = ? AND ${passed}`, sequence)
  if (row === undefined) return []
  const source = text(row, 'source')
  return readPositions(text(row, 'positions')).map((position) => ({
    source,
    ...position,
    acknowledged: !blocked(db, source, position.stream, sequence),
  }))
}

/**
 * The newest positions that are done now: everything of their source before them has been passed by the required
 * off-node sinks it was routed to, at least one, and such a sink takes the source.
 */
export function doneNow(db: Database, takenBy: (source: string) => number, source?: string): DonePosition[] {
  const rows = db.all(
    `SELECT source, stream, position, batch FROM position ${source === undefined ? '' : 'WHERE source = ?'}`,
    ...(source === undefined ? [] : [source]),
  )
  const found: DonePosition[] = []
  for (const row of rows) {
    const position = {
      source: text(row, 'source'),
      stream: text(row, 'stream'),
      position: text(row, 'position'),
    }
    const batch = integer(row, 'batch')
    const mask = takenBy(position.source)
    if (mask === 0) continue
    const open = db.get(
      `SELECT 1 FROM batch WHERE source = ? AND sequence <= ? AND NOT (${passed}) LIMIT 1`,
      position.source,
      batch,
    )
    if (open === undefined)
      found.push({ ...position, acknowledged: !blocked(db, position.source, position.stream, batch) })
  }
  return found
}

function blocked(db: Database, source: string, stream: string, sequence: number): boolean {
  return (
    db.get(
      'SELECT 1 FROM unacknowledged WHERE source = ? AND stream = ? AND sequence <= ? LIMIT 1',
      source,
      stream,
      sequence,
    ) !== undefined
  )
}
