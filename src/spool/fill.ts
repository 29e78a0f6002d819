/** A new ledger out of what can be read of an old one. */
import type { Database } from './database.ts'
import { newest } from './database-file.ts'
import { type Salvaged, takeOver } from './salvage.ts'
import { replaceSinks } from './sinks.ts'
import type { SinkRoute } from './spool.ts'

/** Makes a new ledger out of an old one. */
export function fill(
  fresh: Database,
  old: Database | undefined,
  sinks: readonly SinkRoute[],
  known: number,
  now: number,
): Salvaged {
  // They go on after the old ones: what is said of a batch or record still on its way must not meet another one.
  const base = Math.max(known, (old && newest(old, 'batch')) ?? 0)
  const key = (old && newest(old, 'quarantine')) ?? now
  fresh.run(`INSERT INTO sqlite_sequence (name, seq) VALUES ('batch', ?), ('quarantine', ?)`, base, key)
  const routed = fresh.transaction(() => replaceSinks(fresh, sinks, base))
  return takeOver(old, fresh, routed, now)
}
