/**
 * The ledger: rows of the spool database, changed in the transaction of what they count (format.md, Ledger).
 * No term is derived from another: what is held is summed from the batches behind each cursor.
 */
import { type Database, integer, type Row, text } from './database.ts'
import type { AtRisk, SinkCounts, SourceCounts } from './spool.ts'

export type SourceTerm = 'read' | 'spooled' | 'filtered' | 'missed'
export type SinkTerm = 'routed' | 'acknowledged' | 'quarantined' | 'lost'

export function countSource(
  db: Database,
  source: string,
  term: SourceTerm,
  count: number,
  reason = '',
): void {
  if (count === 0) return
  db.run(
    `INSERT INTO source_count (source, term, reason, count) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET count = count + excluded.count`,
    source,
    term,
    reason,
    count,
  )
}

export function countSink(
  db: Database,
  sink: number,
  source: string,
  term: SinkTerm,
  count: number,
  reason = '',
): void {
  if (count === 0) return
  db.run(
    `INSERT INTO sink_count (sink, source, term, reason, count) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET count = count + excluded.count`,
    sink,
    source,
    term,
    reason,
    count,
  )
}

/** A sink is past a record without having acknowledged it; number 0: past the whole batch. */
export function giveUp(db: Database, sink: number, sequence: number, number: number): void {
  db.run('INSERT OR IGNORE INTO given_up (sink, sequence, number) VALUES (?, ?, ?)', sink, sequence, number)
}

/** A batch that a sink awaits: routed to it and behind its cursor. */
export const awaits =
  '(batch.routed >> (sink.id - 1)) & 1 AND batch.sequence > sink.cursor AND NOT sink.removed'

export function sourceCounts(db: Database): Map<string, SourceCounts> {
  const sources = new Map<string, { read: number; spooled: number; filtered: Counts; missed: Counts }>()
  for (const row of db.all(
    'SELECT source, term, reason, count FROM source_count ORDER BY source, term, reason',
  )) {
    const source = text(row, 'source')
    const counts = sources.get(source) ?? { read: 0, spooled: 0, filtered: {}, missed: {} }
    sources.set(source, counts)
    const term = text(row, 'term')
    if (term === 'read' || term === 'spooled') counts[term] = integer(row, 'count')
    else if (term === 'filtered' || term === 'missed')
      counts[term][text(row, 'reason')] = integer(row, 'count')
  }
  return sources
}

/** The batches between two cursors of one source that are routed alike. */
interface Stretch {
  /** The cursor before them. */
  readonly after: number
  readonly source: string
  readonly routed: number
  readonly count: number
  readonly bytes: number
  readonly oldest: number
}

/** The log, in stretches that no cursor divides: each row is read once, however many sinks there are. */
export function stretches(db: Database): Stretch[] {
  const cursors = db
    .all('SELECT DISTINCT cursor FROM sink ORDER BY cursor')
    .map((row) => integer(row, 'cursor'))
  const edges = [...new Set([0, ...cursors])]
  return edges.flatMap((after, index) =>
    db
      .all(
        `SELECT source, routed, sum(count) AS count, sum(bytes) AS bytes, min(time_ms) AS oldest
         FROM batch INDEXED BY batch_held WHERE sequence > ? AND sequence <= ? GROUP BY source, routed`,
        after,
        edges[index + 1] ?? Number.MAX_SAFE_INTEGER,
      )
      .map((row) => ({
        after,
        source: text(row, 'source'),
        routed: integer(row, 'routed'),
        count: integer(row, 'count'),
        bytes: integer(row, 'bytes'),
        oldest: integer(row, 'oldest'),
      })),
  )
}

/** Which of these sinks a stretch was routed to. */
function routedTo(sinks: readonly Row[], { routed }: Stretch): Row[] {
  return sinks.filter((sink) => Math.floor(routed / 2 ** (integer(sink, 'id') - 1)) % 2 === 1)
}

/** What each sink awaits, by stretch. */
function heldBehind(db: Database, log: readonly Stretch[]): (Stretch & { readonly sink: string })[] {
  const sinks = db.all('SELECT id, name, cursor FROM sink WHERE NOT removed')
  return log.flatMap((stretch) =>
    routedTo(sinks, stretch)
      .filter((sink) => integer(sink, 'cursor') <= stretch.after)
      .map((sink) => ({ ...stretch, sink: text(sink, 'name') })),
  )
}

export function sinkCounts(
  db: Database,
  log: readonly Stretch[] = stretches(db),
): Map<string, Map<string, SinkCounts>> {
  const sinks = new Map<string, Map<string, Mutable>>()
  const of = (sink: string, source: string): Mutable => {
    const sources = sinks.get(sink) ?? new Map<string, Mutable>()
    sinks.set(sink, sources)
    const counts = sources.get(source) ?? { routed: 0, acknowledged: 0, held: 0, quarantined: 0, lost: {} }
    sources.set(source, counts)
    return counts
  }
  for (const row of db.all(`SELECT sink.name, sink_count.* FROM sink_count JOIN sink ON sink.id = sink_count.sink
    ORDER BY sink.name, source, term, reason`)) {
    const counts = of(text(row, 'name'), text(row, 'source'))
    const term = text(row, 'term')
    if (term === 'lost') counts.lost[text(row, 'reason')] = integer(row, 'count')
    else if (term === 'routed' || term === 'acknowledged' || term === 'quarantined')
      counts[term] = integer(row, 'count')
  }
  for (const { sink, source, count } of heldBehind(db, log)) of(sink, source).held += count
  return sinks
}

/** When the oldest batch that each sink awaits was spooled, milliseconds since the epoch. */
export function oldestHeld(db: Database, log: readonly Stretch[] = stretches(db)): Map<string, number> {
  const oldest = new Map<string, number>()
  for (const one of heldBehind(db, log))
    oldest.set(one.sink, Math.min(oldest.get(one.sink) ?? one.oldest, one.oldest))
  return oldest
}

/** @param metricsSource the one source whose counts are samples */
export function atRisk(
  db: Database,
  metricsSource: string,
  offNodeTakes: (source: string) => boolean,
  log: readonly Stretch[] = stretches(db),
): AtRisk {
  let records = 0
  let samples = 0
  let bytes = 0
  let oldest: number | undefined
  const add = (source: string, count: number, size: number, time: unknown): void => {
    if (source === metricsSource) samples += count
    else records += count
    bytes += size
    if (count > 0 && typeof time === 'number') oldest = Math.min(oldest ?? time, time)
  }
  const counted = new Set<string>()
  for (const row of db.all(`SELECT name, bytes, first_ms, coalesce((SELECT count FROM source_count
      WHERE source = name AND term = 'spooled'), 0) AS spooled FROM source`)) {
    const source = text(row, 'name')
    if (offNodeTakes(source)) continue
    counted.add(source)
    add(source, integer(row, 'spooled'), integer(row, 'bytes'), row.first_ms)
  }
  const passed = `EXISTS (SELECT 1 FROM sink WHERE off_node AND (row.routed >> (id - 1)) & 1 AND cursor >= row.sequence
    AND NOT EXISTS (SELECT 1 FROM quarantine AS q WHERE q.sink = sink.id AND q.sequence = row.sequence AND q.number = row.number)
    AND NOT EXISTS (SELECT 1 FROM given_up AS g WHERE g.sink = sink.id AND g.sequence = row.sequence AND g.number IN (0, row.number)))`
  const offNode = db.all('SELECT id, cursor FROM sink WHERE off_node')
  for (const stretch of log) {
    const away = routedTo(offNode, stretch).some((sink) => integer(sink, 'cursor') > stretch.after)
    if (!away && !counted.has(stretch.source))
      add(stretch.source, stretch.count, stretch.bytes, stretch.oldest)
  }
  // Whole batches that every off-node sink past them has given up.
  for (const row of db.all(`SELECT source, sum(count) AS count, sum(bytes) AS bytes, min(time_ms) AS oldest FROM
      (SELECT sequence, routed, source, count, bytes, time_ms, 0 AS number FROM batch
       WHERE sequence IN (SELECT sequence FROM given_up WHERE number = 0)) AS row
      WHERE EXISTS (SELECT 1 FROM sink WHERE off_node AND (row.routed >> (id - 1)) & 1 AND cursor >= row.sequence)
        AND NOT ${passed} GROUP BY source`)) {
    if (!counted.has(text(row, 'source')))
      add(text(row, 'source'), integer(row, 'count'), integer(row, 'bytes'), row.oldest)
  }
  // Single records. One whose batch no off-node sink has passed is in the sum above already.
  for (const row of db.all(`SELECT source, count(*) AS count, sum(bytes) AS bytes, min(time_ms) AS oldest FROM
      (SELECT sequence, routed, source, number, time_ms, length(payload) AS bytes FROM quarantine
       UNION SELECT sequence, routed, source, number, time_ms, bytes / count FROM given_up JOIN batch USING (sequence)
       WHERE number > 0 AND NOT EXISTS (SELECT 1 FROM quarantine AS q
         WHERE q.sequence = given_up.sequence AND q.number = given_up.number)) AS row
      WHERE NOT ${passed} AND NOT EXISTS (SELECT 1 FROM batch WHERE batch.sequence = row.sequence AND NOT EXISTS
        (SELECT 1 FROM sink WHERE off_node AND (batch.routed >> (id - 1)) & 1 AND cursor >= batch.sequence
          AND NOT EXISTS (SELECT 1 FROM given_up AS g WHERE g.sink = sink.id AND g.sequence = batch.sequence AND g.number = 0)))
      GROUP BY source`)) {
    if (!counted.has(text(row, 'source')))
      add(text(row, 'source'), integer(row, 'count'), integer(row, 'bytes'), row.oldest)
  }
  return { records, samples, bytes, ...(oldest !== undefined && { oldestMilliseconds: oldest }) }
}

type Counts = Record<string, number>
interface Mutable {
  routed: number
  acknowledged: number
  held: number
  quarantined: number
  lost: Counts
}
