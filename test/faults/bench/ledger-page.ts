/** The whole ledger as one scrape of /metrics shows it: every source, every sink, records and samples. */
import assert from 'node:assert/strict'

/** Counts of one source, or of one source at one sink; reasons apart. */
export type Terms = Readonly<Record<string, number>>

export interface LedgerPage {
  readonly ledger: string
  /** By source; samples are the source `metrics`. `read`, `spooled`, `filtered unit`, `missed overrun` … */
  readonly sources: ReadonlyMap<string, Terms>
  /** By `<sink> <source>`. `routed`, `acknowledged`, `held`, `quarantined`, `lost sink_removed` … */
  readonly sinks: ReadonlyMap<string, Terms>
}

/** @returns the spool's share of its bound, of 0 to 1; 0 where the page does not say */
export function spoolFill(page: string): number {
  const of = (name: string) => Number(new RegExp(`^remora_spool_${name}_bytes (\\S+)$`, 'm').exec(page)?.[1])
  const fill = of('used') / of('bound')
  return Number.isNaN(fill) ? 0 : fill
}

const line = /^remora_(records|samples)_([a-z]+?)(?:_total)?\{([^}]*)\} (\d+)$/
const sourceTerms = new Set(['read', 'spooled', 'filtered', 'missed'])
const sinkTerms = new Set(['routed', 'acknowledged', 'held', 'quarantined', 'lost'])

export function parseLedger(page: string): LedgerPage {
  const sources = new Map<string, Record<string, number>>()
  const sinks = new Map<string, Record<string, number>>()
  for (const text of page.split('\n')) {
    const [, , term = '', labels = '', value] = line.exec(text) ?? []
    const label = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(labels)?.[1]
    const source = label('source') ?? 'metrics'
    const sink = label('sink')
    const table = sourceTerms.has(term)
      ? sources
      : sinkTerms.has(term) && sink !== undefined
        ? sinks
        : undefined
    if (table === undefined) continue
    const key = table === sinks ? `${sink} ${source}` : source
    const terms = table.get(key) ?? {}
    table.set(key, terms)
    const reason = label('reason')
    terms[reason === undefined ? term : `${term} ${reason}`] = Number(value)
  }
  return { ledger: /remora_ledger_info\{[^}]*ledger="([^"]+)"/.exec(page)?.[1] ?? '', sources, sinks }
}

/** Of all terms of that name, whatever the reason. */
export function total(terms: Terms | undefined, name: string): number {
  return Object.entries(terms ?? {})
    .filter(([term]) => term === name || term.startsWith(`${name} `))
    .reduce((sum, [, value]) => sum + value, 0)
}

/** @returns how many equations were checked @throws {AssertionError} one does not hold (format.md, Ledger) */
export function assertConservation({ sources, sinks }: LedgerPage): number {
  for (const [source, terms] of sources)
    assert.equal(
      total(terms, 'read'),
      total(terms, 'filtered') + total(terms, 'spooled'),
      `conservation: ${source} read = filtered + spooled: ${JSON.stringify(terms)}`,
    )
  for (const [key, terms] of sinks)
    assert.equal(
      total(terms, 'routed'),
      ['acknowledged', 'held', 'quarantined', 'lost'].reduce((sum, name) => sum + total(terms, name), 0),
      `conservation: ${key} routed = acknowledged + held + quarantined + lost: ${JSON.stringify(terms)}`,
    )
  return sources.size + sinks.size
}

const neverFalls = ['read', 'spooled', 'filtered', 'missed', 'routed', 'acknowledged', 'lost']

/** @throws {AssertionError} a count of the same ledger went down */
export function assertGrown(before: LedgerPage | undefined, now: LedgerPage): void {
  if (before === undefined || before.ledger !== now.ledger) return
  const tables = [
    [before.sources, now.sources],
    [before.sinks, now.sinks],
  ] as const
  for (const [old, young] of tables)
    for (const [key, terms] of old) {
      const grown = young.get(key)
      if (grown === undefined) continue // A sink that is gone leaves the page when nothing of it is left.
      for (const name of neverFalls)
        assert.ok(
          total(grown, name) >= total(terms, name),
          `${key} ${name} fell: ${JSON.stringify([terms, grown])}`,
        )
    }
}
