/** The ledger of one source as /metrics shows it, and the two equations that hold at every moment (format.md, Ledger). */
import assert from 'node:assert/strict'

/** Counts by term, sink and reason: `read`, `held file`, `lost file quarantine_dropped`. */
export type Scrape = ReadonlyMap<string, number>

export function parseScrape(text: string, source: string): Scrape {
  const found = new Map<string, number>()
  for (const line of text.split('\n')) {
    const match = /^remora_records_(\w+?)(?:_total)?\{([^}]*)\} (\d+)$/.exec(line)
    if (match === null || !match[2]?.includes(`source="${source}"`)) continue
    const sink = /sink="(\w+)"/.exec(match[2])?.[1]
    const reason = /reason="(\w+)"/.exec(match[2])?.[1]
    found.set([match[1], sink, reason].filter((part) => part !== undefined).join(' '), Number(match[3]))
  }
  return found
}

/** Of all terms that begin so. */
export function sum(found: Scrape, prefix: string): number {
  return [...found].filter(([key]) => key.startsWith(prefix)).reduce((total, [, value]) => total + value, 0)
}

export function held(found: Scrape): number {
  return sum(found, 'held')
}

/** @returns how many equations were checked: none before the source has read anything */
export function assertEquations(found: Scrape, sinks: readonly string[]): number {
  if (!found.has('read')) return 0
  assert.equal(
    found.get('read'),
    sum(found, 'filtered ') + (found.get('spooled') ?? 0),
    'read = filtered + spooled',
  )
  for (const sink of sinks) {
    const of = (term: string) => found.get(`${term} ${sink}`) ?? 0
    assert.equal(
      of('routed'),
      of('acknowledged') + of('held') + of('quarantined') + sum(found, `lost ${sink} `),
      `routed to ${sink}: ${JSON.stringify([...found])}`,
    )
  }
  return 1 + sinks.length
}
