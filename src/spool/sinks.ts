/** The sinks of the ledger: which there are, what is routed to each, what happens to one that goes. */
import { ConfigError } from '../errors.ts'
import {
  beginVouching,
  blockStreams,
  blockUnacknowledged,
  blockUnvouched,
  vouches,
} from './acknowledgement.ts'
import { type Database, integer, text } from './database.ts'
import { awaits, countSink } from './ledger.ts'
import { mostSinks } from './schema.ts'
import { metricsSource, type SinkRoute } from './spool.ts'

export interface RoutedSink extends SinkRoute {
  readonly id: number
}

export function takes(sink: SinkRoute, source: string): boolean {
  const kind = source === metricsSource ? 'samples' : 'events'
  return sink.kinds.includes(kind) && (sink.sources?.includes(source) ?? true)
}

/** The bit of a sink in `batch.routed`. */
export function bit(id: number): number {
  return 2 ** (id - 1)
}

/** Held and quarantined records of every sink that is not among the named ones. */
export function wouldLose(db: Database, sinks: readonly SinkRoute[]): Map<string, number> {
  const kept = new Set(sinks.map((sink) => sink.name))
  const losses = new Map<string, number>()
  for (const row of db.all(`SELECT sink.name, sink.id,
      (SELECT coalesce(sum(batch.count), 0) FROM batch WHERE ${awaits}) +
      (SELECT count(*) FROM quarantine WHERE quarantine.sink = sink.id) AS lost
      FROM sink WHERE NOT removed`)) {
    const lost = integer(row, 'lost')
    if (!kept.has(text(row, 'name')) && lost > 0) losses.set(text(row, 'name'), lost)
  }
  return losses
}

/**
 * Makes these the sinks of the ledger, in the transaction of the caller. A new one, or one that was removed, starts
 * after the newest batch. What is held for one that is not named any more becomes lost{sink_removed}.
 * @throws {ConfigError} if this ledger has had too many different sinks
 */
export function replaceSinks(db: Database, sinks: readonly SinkRoute[], newest: number): RoutedSink[] {
  const named = new Set(sinks.map((sink) => sink.name))
  for (const row of db.all('SELECT id, name FROM sink WHERE NOT removed')) {
    if (!named.has(text(row, 'name'))) removeSink(db, integer(row, 'id'))
  }
  const routed = sinks.map((sink) => {
    const known = db.get(
      'SELECT id, removed, required AND off_node AS vouched FROM sink WHERE name = ?',
      sink.name,
    )
    const flags = [Number(sink.required), Number(sink.offNode), Number(sink.keepAll)]
    if (known !== undefined) {
      const id = integer(known, 'id')
      db.run('UPDATE sink SET required = ?, off_node = ?, keep_all = ? WHERE id = ?', ...flags, id)
      const back = integer(known, 'removed') === 1
      if (back) db.run('UPDATE sink SET removed = 0, cursor = ? WHERE id = ?', newest, id)
      if (sink.required && sink.offNode && (back || integer(known, 'vouched') === 0))
        beginVouching(db, id, !back)
      return { ...sink, id }
    }
    const id = db.number('SELECT coalesce(max(id), 0) + 1 FROM sink')
    if (id > mostSinks)
      throw new ConfigError(
        `Cannot add sink "${sink.name}": this spool has had ${mostSinks} different sinks already`,
      )
    db.run(
      'INSERT INTO sink (id, name, cursor, removed, required, off_node, keep_all) VALUES (?, ?, ?, 0, ?, ?, ?)',
      id,
      sink.name,
      newest,
      ...flags,
    )
    return { ...sink, id }
  })
  // Without such a sink nothing is acknowledged back, and the next one comes through here.
  if (sinks.some(({ required, offNode }) => required && offNode)) blockUnvouched(db)
  return routed
}

function removeSink(db: Database, id: number): void {
  giveUpAcknowledging(db, id)
  const held = db.all(
    `SELECT batch.source, sum(batch.count) AS count FROM batch JOIN sink ON ${awaits} WHERE sink.id = ? GROUP BY batch.source`,
    id,
  )
  for (const row of held)
    countSink(db, id, text(row, 'source'), 'lost', integer(row, 'count'), 'sink_removed')
  const quarantined = db.all(
    'SELECT source, count(*) AS count FROM quarantine WHERE sink = ? GROUP BY source',
    id,
  )
  for (const row of quarantined) {
    countSink(db, id, text(row, 'source'), 'quarantined', -integer(row, 'count'))
    countSink(db, id, text(row, 'source'), 'lost', integer(row, 'count'), 'sink_removed')
  }
  // What others still have of it, this name will never have acknowledged, even when it comes back.
  db.run(
    `INSERT OR IGNORE INTO given_up (sink, sequence, number)
     SELECT sink.id, sequence, 0 FROM batch JOIN sink ON ${awaits} WHERE sink.id = ?1
     UNION SELECT sink, sequence, number FROM quarantine WHERE sink = ?1`,
    id,
  )
  db.run('DELETE FROM quarantine WHERE sink = ?', id)
  db.run('UPDATE sink SET removed = 1 WHERE id = ?', id)
}

/** What only this required off-node sink could have acknowledged back to its source never will be. */
function giveUpAcknowledging(db: Database, id: number): void {
  if (db.get('SELECT 1 FROM sink WHERE id = ? AND required AND off_node', id) === undefined) return
  const another = `EXISTS (SELECT 1 FROM sink WHERE sink.id <> ?1 AND NOT sink.removed AND ${vouches})`
  const held = db.all(
    `SELECT sequence FROM batch JOIN sink ON ${awaits} WHERE sink.id = ?1 AND NOT ${another}`,
    id,
  )
  for (const row of held) blockStreams(db, integer(row, 'sequence'))
  const refused = (which: string) =>
    `key IN (SELECT key FROM quarantine AS batch WHERE batch.sink = ?1 AND ${which})`
  db.run(`UPDATE unacknowledged SET key = 0 WHERE ${refused(`NOT ${another}`)}`, id)
  db.run(`DELETE FROM unacknowledged WHERE ${refused(another)}`, id)
}

/** Deletes the batches that no sink awaits any more: all of them, or one. */
export function forgetFinished(db: Database, sequence?: number): void {
  const one = sequence === undefined ? '' : 'sequence = ? AND'
  const parameters = sequence === undefined ? [] : [sequence]
  const finished = `${one} NOT EXISTS (SELECT 1 FROM sink WHERE ${awaits})`
  for (const row of db.all(`SELECT sequence FROM batch WHERE ${finished}`, ...parameters))
    blockUnacknowledged(db, integer(row, 'sequence'))
  db.run(`DELETE FROM batch WHERE ${finished}`, ...parameters)
  db.run(
    `DELETE FROM given_up WHERE ${one} NOT EXISTS (SELECT 1 FROM batch WHERE batch.sequence = given_up.sequence)
     AND NOT EXISTS (SELECT 1 FROM quarantine WHERE quarantine.sequence = given_up.sequence)`,
    ...parameters,
  )
}
