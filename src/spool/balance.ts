/**
 * Whether the ledger of a file adds up (format.md, Ledger). Batches have checksums; a count or a cursor has none, but
 * one flipped bit in any of them makes an equation false.
 */
import type { Database } from './database.ts'
import { sinkCounts, sourceCounts } from './ledger.ts'

/** @returns the first equation that does not hold, in words; undefined when all do */
export function imbalance(db: Database): string | undefined {
  return sourceImbalance(db) ?? sinkImbalance(db)
}

function sourceImbalance(db: Database): string | undefined {
  for (const [source, { read, spooled, filtered }] of sourceCounts(db)) {
    const sum = spooled + total(filtered)
    if (read !== sum) return `records read of ${source} are ${read}, filtered and spooled ${sum}`
  }
  return undefined
}

/** The same of the sinks alone, whose cursors are a part of it. */
export function sinkImbalance(db: Database): string | undefined {
  for (const [sink, sources] of sinkCounts(db)) {
    for (const [source, { routed, acknowledged, held, quarantined, lost }] of sources) {
      const sum = acknowledged + held + quarantined + total(lost)
      if (routed !== sum) return `records of ${source} routed to ${sink} are ${routed}, accounted for ${sum}`
    }
  }
  return undefined
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
