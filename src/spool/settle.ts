/** What became of a batch at a sink: counted, quarantined, the cursor moved, in the transaction of the caller. */
import { blockStreams, doneAfter } from './acknowledgement.ts'
import { type Database, integer, text } from './database.ts'
import { countSink, giveUp } from './ledger.ts'
import { checkRow, loadBatch } from './log.ts'
import { quarantineEntries } from './quarantine.ts'
import { forgetFinished, type RoutedSink } from './sinks.ts'
import type { BatchResult, DonePosition } from './spool.ts'

/**
 * @returns the positions that are done with it
 * @throws {RangeError} if the result does not account for every record of the batch
 * @throws {CorruptionError} if the row is not what was written
 */
export function settleBatch(
  db: Database,
  sink: RoutedSink,
  result: BatchResult,
  now: number,
): DonePosition[] {
  const { sequence, acknowledged, lost, quarantined = [] } = result
  const row = db.get(
    'SELECT batch.* FROM batch JOIN sink ON sink.id = ? AND batch.sequence > sink.cursor WHERE sequence = ?',
    sink.id,
    sequence,
  )
  // Given up for room while it was on its way: counted as lost then, and only the cursor moves now.
  if (row !== undefined) {
    checkRow(row) // A sink that has taken the batch out of memory has not seen it.
    const source = text(row, 'source')
    const accounted = acknowledged + (lost?.count ?? 0) + quarantined.length
    if (accounted !== integer(row, 'count'))
      throw new RangeError(
        `Cannot settle batch ${sequence} of ${integer(row, 'count')}: ${accounted} accounted for`,
      )
    countSink(db, sink.id, source, 'acknowledged', acknowledged)
    if (lost !== undefined) {
      countSink(db, sink.id, source, 'lost', lost.count, lost.reason)
      giveUp(db, sink.id, sequence, 0)
      if (sink.required && sink.offNode) blockStreams(db, sequence)
    }
    if (quarantined.length > 0) quarantineEntries(db, sink, loadBatch(row), row, quarantined, now)
  }
  db.run('UPDATE sink SET cursor = max(cursor, ?) WHERE id = ?', sequence, sink.id)
  const positions = sink.required && sink.offNode ? doneAfter(db, sequence) : []
  forgetFinished(db, sequence)
  return positions
}
