/**
 * Making room, in the order of the contract (design.md section 1), each step counted:
 * what only optional sinks await; sample batches, thinned and then dropped; events that another required off-node
 * sink has. Pausing the sources is the last step and the caller's. Everything here runs in the caller's transaction.
 */

import { blockStreams, blockUnacknowledged } from './acknowledgement.ts'
import { type Database, integer, type Row, text } from './database.ts'
import { awaits, countSink, giveUp } from './ledger.ts'

/** Every how many collections are kept, in turn, before all are dropped. */
const thinning = [2, 4, 8, 16, 32, 64]

/** Rows given up between two looks at the room. */
const step = 16

const columns = 'batch.sequence, batch.source, batch.count'
const requiredAwaits = `EXISTS (SELECT 1 FROM sink WHERE ${awaits} AND required)`

/** Gives up batches, oldest first, until `enough` says so or nothing more may go. */
export function makeRoom(db: Database, enough: () => boolean): void {
  if (enough()) return
  clear(db, enough, 'optional', `NOT ${requiredAwaits}`)
  for (const every of thinning) {
    clear(db, enough, 'thinned', `kind = 'samples' AND first_number % ${every} <> 0`)
  }
  clear(db, enough, 'spool_full', `kind = 'samples'`)
  clear(
    db,
    enough,
    'spool_full',
    `kind = 'events'
     AND EXISTS (SELECT 1 FROM sink WHERE (batch.routed >> (sink.id - 1)) & 1 AND required AND off_node
       AND NOT removed AND batch.sequence <= sink.cursor
       AND NOT EXISTS (SELECT 1 FROM given_up WHERE given_up.sink = sink.id AND given_up.sequence = batch.sequence)
       AND NOT EXISTS (SELECT 1 FROM quarantine WHERE quarantine.sink = sink.id AND quarantine.sequence = batch.sequence))
     AND NOT EXISTS (SELECT 1 FROM sink WHERE ${awaits} AND keep_all)`,
  )
}

function clear(db: Database, enough: () => boolean, reason: string, which: string): void {
  while (!enough()) {
    const rows = db.all(`SELECT ${columns} FROM batch WHERE ${which} ORDER BY batch.sequence LIMIT ${step}`)
    for (const row of rows) loseBatch(db, row, reason)
    if (rows.length < step) return
  }
}

/** Counts a batch as lost for every sink that awaits it, and forgets it. */
export function loseBatch(db: Database, row: Row, reason: string): void {
  const sequence = integer(row, 'sequence')
  const waiting = db.all(
    `SELECT sink.id, sink.required, sink.off_node FROM sink JOIN batch ON ${awaits} WHERE batch.sequence = ?`,
    sequence,
  )
  for (const sink of waiting) {
    countSink(db, integer(sink, 'id'), text(row, 'source'), 'lost', integer(row, 'count'), reason)
  }
  if (waiting.some((sink) => sink.required === 1 && sink.off_node === 1)) blockStreams(db, sequence)
  else blockUnacknowledged(db, sequence)
  // Of a batch that goes only what another sink has in quarantine stays here.
  if (db.get('SELECT 1 FROM quarantine WHERE sequence = ? LIMIT 1', sequence) !== undefined)
    for (const sink of waiting) giveUp(db, integer(sink, 'id'), sequence, 0)
  db.run('DELETE FROM batch WHERE sequence = ?', sequence)
}
