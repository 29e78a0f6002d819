/** How far every source and sink has come; in the snapshot of the caller. */
import { type Database, integer, text } from './database.ts'
import { sinkCounts } from './ledger.ts'
import type { SpoolProgress } from './spool.ts'

export function progress(db: Database): SpoolProgress {
  const sources = new Map<string, { lastNumber: number; positions: Map<string, string> }>()
  for (const row of db.all('SELECT name, last_number FROM source ORDER BY name'))
    sources.set(text(row, 'name'), { lastNumber: integer(row, 'last_number'), positions: new Map() })
  for (const row of db.all('SELECT source, stream, position FROM position ORDER BY source, stream')) {
    const name = text(row, 'source')
    const source = sources.get(name) ?? { lastNumber: 0, positions: new Map<string, string>() }
    source.positions.set(text(row, 'stream'), text(row, 'position'))
    sources.set(name, source)
  }
  const sinks = sinkCounts(db)
  for (const row of db.all('SELECT name FROM sink WHERE removed')) sinks.delete(text(row, 'name'))
  return { sources, sinks }
}
