/** The oracle: what was issued and what the receivers have, against what the ledger says at the end. */
import assert from 'node:assert/strict'
import { assertConservation, assertGrown, type LedgerPage, type Terms, total } from './ledger-page.ts'
import { noiseOf, payloadIn } from './payload.ts'
import type { World } from './world.ts'

export interface Verdict {
  readonly issued: Readonly<Record<string, number>>
  readonly repeats: Readonly<Record<string, number>>
  /** Counted as missed or lost, by reason. */
  readonly counted: Readonly<Record<string, number>>
  readonly samples: number
  readonly scrapes: number
  readonly equations: number
  /** The most that was in quarantine at a time; all of it is replayed at the end. */
  readonly quarantined: number
}

const receivers = ['loki', 'journal'] as const

/** @param pages the last page of each ledger there was @throws {AssertionError} a promise was broken */
export async function judge(
  world: World,
  pages: ReadonlyMap<string, LedgerPage>,
  last: LedgerPage | undefined,
): Promise<Omit<Verdict, 'scrapes' | 'equations' | 'quarantined'>> {
  const end = stateOf(world)
  assertConservation(end)
  assertGrown(last, end)
  const all = [...new Map([...pages, [end.ledger, end]]).values()]
  const counted = reasons(all)
  if (world.missedBefore > 0) {
    counted['missed overrun'] = (counted['missed overrun'] ?? 0) - world.missedBefore
    if (counted['missed overrun'] === 0) delete counted['missed overrun']
  }
  for (const reason of Object.keys(counted))
    assert.ok(world.allowed.has(reason), `${counted[reason]} ${reason}: no fault of this run explains that`)
  for (const name of receivers) {
    ledgerAgrees(world, name, end)
    delivered(world, name, all)
  }
  const acknowledged = total(end.sinks.get('metrics metrics'), 'acknowledged')
  assert.ok(acknowledged <= world.metrics.samples(), `${acknowledged} samples are acknowledged`)
  toolAgrees(world)
  if (!world.ledgerReplaced) await journalSpans(world, end)
  return {
    issued: Object.fromEntries(Object.values(world.writers).map(({ name, issued }) => [name, issued])),
    repeats: Object.fromEntries(receivers.map((name) => [name, world[name].taken.repeats])),
    counted,
    samples: world.metrics.samples(),
  }
}

/** The ledger of the stopped agent, to the last record. */
function stateOf(world: World): LedgerPage {
  const state = JSON.parse(world.agent.command('spool', 'state', '--json'))
  const terms = (counts: Record<string, number | Record<string, number>>): Terms =>
    Object.fromEntries(
      Object.entries(counts).flatMap(([name, value]) =>
        typeof value === 'number'
          ? [[name, value]]
          : Object.entries(value).map(([reason, count]) => [`${name} ${reason}`, count]),
      ),
    )
  const sources = Object.entries<Record<string, number>>(state.sources)
  const sinks = Object.entries<Record<string, Record<string, number>>>(state.sinks)
  return {
    ledger: state.ledger,
    sources: new Map(sources.map(([source, counts]) => [source, terms(counts)])),
    sinks: new Map(
      sinks.flatMap(([sink, counts]) =>
        Object.entries(counts).map(([source, one]) => [`${sink} ${source}`, terms(one)] as const),
      ),
    ),
  }
}

/** Of events: what is missed and lost, and filtered, by reason. */
function reasons(pages: readonly LedgerPage[]): Record<string, number> {
  const found: Record<string, number> = {}
  for (const { sources, sinks } of pages)
    for (const [key, terms] of [...sources, ...sinks]) {
      if (key.endsWith('metrics')) continue
      for (const [term, count] of Object.entries(terms))
        if (/^(missed|lost|filtered) /.test(term) && count > 0) found[term] = (found[term] ?? 0) + count
    }
  return found
}

/** Numbers at the receiver are what the ledger calls acknowledged, and what lacks is counted. */
function ledgerAgrees(world: World, name: (typeof receivers)[number], end: LedgerPage): void {
  for (const [key, terms] of end.sinks) {
    if (!key.startsWith(`${name} `) || key === `${name} metrics`) continue
    const source = key.slice(name.length + 1)
    const numbers = world[name].taken.numbers(end.ledger, source)
    const [acknowledged, routed] = [total(terms, 'acknowledged'), total(terms, 'routed')]
    const uncertain = total(terms, 'lost') + total(terms, 'quarantined')
    assert.equal(total(terms, 'held'), 0, `${key} holds nothing`)
    assert.ok(acknowledged <= numbers.size, `${key}: ${acknowledged} acknowledged, ${numbers.size} there`)
    assert.ok(numbers.size <= routed, `${key}: ${numbers.size} there, ${routed} routed`)
    assert.ok(
      numbers.size >= routed - uncertain,
      `${key}: ${numbers.size} there of ${routed}: ${uncertain} counted`,
    )
    const highest = total(end.sources.get(source), 'spooled')
    for (const number of numbers)
      assert.ok(number >= 1 && number <= highest, `${key}: number ${number} of ${highest}`)
  }
}

/** Every payload issued is there, whole and once, or within what the ledger counts; and none that was not issued. */
function delivered(world: World, name: (typeof receivers)[number], pages: readonly LedgerPage[]): void {
  const found = new Map<string, Set<number>>()
  const ids = new Map<string, string>()
  for (const { ledger, source, id, text } of world[name].taken.records()) {
    assert.notEqual(text, noiseOf(world.run), 'what is filtered out is not sent')
    const payload = payloadIn(world.run, text)
    if (payload === undefined) continue
    const { writer, number } = payload
    assert.equal(source, writer, `${text} is of its source`)
    assert.ok(number <= issuedBy(world, writer), `${writer} ${number} was never issued`)
    const numbers = found.get(writer) ?? new Set()
    found.set(writer, numbers)
    const key = `${ledger} ${writer} ${number}`
    assert.ok(
      !ids.has(key) || world.ledgerReplaced,
      `${writer} ${number} is spooled twice: ${ids.get(key)}, ${id}`,
    )
    ids.set(key, id)
    numbers.add(number)
  }
  for (const { name: writer, issued } of Object.values(world.writers)) {
    const missing = issued - (found.get(writer)?.size ?? 0)
    const counted = pages.reduce(
      (sum, { sources, sinks }) =>
        sum + total(sources.get(writer), 'missed') + total(sinks.get(`${name} ${writer}`), 'lost'),
      writer === 'kmsg' ? -world.missedBefore : 0,
    )
    const first = Array.from({ length: issued }, (_, index) => index + 1).find(
      (n) => !found.get(writer)?.has(n),
    )
    assert.ok(
      missing <= counted,
      `${missing} of ${writer} are not at ${name}, ${first} the first; ${counted} counted`,
    )
  }
}

function issuedBy(world: World, writer: string): number {
  return Object.values(world.writers).find(({ name }) => name === writer)?.issued ?? 0
}

/** Each push has both metrics of one run of the tool, and runs do not go backwards. */
function toolAgrees(world: World): void {
  let newest = 0
  for (const [, [count, check]] of [...world.metrics.tool].sort(([a], [b]) => a - b)) {
    assert.equal(check, (count * 7919) % 10_007, `the tool's run ${count} is whole`)
    if (!world.options.clockSteps) assert.ok(count >= newest, `the tool's run ${count} after ${newest}`)
    newest = count
  }
  assert.ok(newest > 0, 'the tool was pushed')
}

/** Where the source numbers its records, its span is read and missed, exactly. */
async function journalSpans(world: World, end: LedgerPage): Promise<void> {
  const header = await world.journald.journalctl('--header').catch(() => '')
  const highest = new Map<string, number>()
  for (const [, id = '', number] of header.matchAll(
    /Sequential number ID: (\w+).*?Tail sequential number: (\d+)/gis,
  ))
    highest.set(id, Math.max(highest.get(id) ?? 0, Number(number)))
  const span = [...highest.values()].reduce((sum, number) => sum + number, 0)
  const terms = end.sources.get('journald')
  if (span === 0) return
  const seen = total(terms, 'read') + total(terms, 'missed')
  // What was read in /run before journald wrote it into /var has numbers of a file that is gone.
  const copies = total(terms, 'filtered copy')
  assert.ok(
    seen === span || seen === span + copies,
    `read and missed, ${seen}, are the journal’s span, ${span}: ${JSON.stringify(terms)}`,
  )
}
