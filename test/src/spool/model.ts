/**
 * A model of the spool, kept beside a real one: which records were committed, what became of each at every sink, and
 * what must then be true of ledger, log, positions and acknowledgements (format.md).
 */
import assert from 'node:assert/strict'
import type { LogRecord } from '../../../src/model.ts'
import type { SpooledBatch } from '../../../src/spool/batch.ts'
import { metricsSource, type SinkRoute, type Spool } from '../../../src/spool/spool.ts'
import { assertConserved, shown } from './spool.ts'

/** What became of a record at one sink, as far as the model decides it; room may lose what is awaited. */
type Fate = 'awaited' | 'acknowledged' | 'quarantined' | 'lost'

interface Kept {
  readonly record: LogRecord
  readonly number: number
  /** By sink. */
  readonly fates: Map<string, Fate>
  /** A sink that was then off the node has acknowledged it. */
  away: boolean
  /** Sinks that refused it while they were not required, or not off the node: others could then vouch for it. */
  readonly excused: Set<string>
}

export class Model {
  /** Of each source, in the order of their numbers. */
  readonly kept = new Map<string, Kept[]>()
  readonly positions = new Map<string, Map<string, string>>()
  /** By stream, the count of records before each position. */
  readonly #before = new Map<string, number>()
  /** Flags of all sinks ever, as last routed. */
  readonly #flags = new Map<string, SinkRoute>()
  readonly #bytes = new Map<number, string>()
  sinks: readonly SinkRoute[] = []

  route(sinks: readonly SinkRoute[]): void {
    const named = new Set(sinks.map(({ name }) => name))
    for (const { name } of this.sinks) {
      if (named.has(name)) continue
      for (const { fates } of this.#all())
        if (fates.has(name) && fates.get(name) !== 'acknowledged') fates.set(name, 'lost')
    }
    for (const sink of sinks) this.#flags.set(sink.name, sink)
    this.sinks = sinks
    for (const kept of this.#all()) kept.away ||= this.#isAway(kept) // Of a sink that is now said to be off the node.
  }

  /** Whether a sink that is off the node, as last said, has acknowledged it. */
  #isAway({ fates }: Kept): boolean {
    return [...fates].some(
      ([name, fate]) => fate === 'acknowledged' && this.#flags.get(name)?.offNode === true,
    )
  }

  commit(source: string, stream: string, position: string, records: readonly LogRecord[]): void {
    const kept = this.kept.get(source) ?? []
    this.kept.set(source, kept)
    for (const record of records) {
      const takers = this.sinks.filter(({ sources }) => sources?.includes(source) ?? true)
      kept.push({
        record,
        number: kept.length + 1,
        fates: new Map(takers.map(({ name }) => [name, 'awaited'])),
        away: false,
        excused: new Set(),
      })
    }
    const positions = this.positions.get(source) ?? new Map<string, string>()
    this.positions.set(source, positions.set(stream, position))
    this.#before.set(JSON.stringify([source, stream, position]), kept.length)
  }

  settle(sink: string, batch: SpooledBatch, fateOf: (index: number) => Fate): void {
    if (batch.kind !== 'events') return
    for (const [index, { number }] of [...batch.records].entries())
      this.fate(sink, batch.source, number, fateOf(index))
  }

  fate(sink: string, source: string, number: number, fate: Fate): void {
    const kept = this.kept.get(source)?.[number - 1]
    assert.ok(kept, `${source} ${number} is known`)
    kept.fates.set(sink, fate)
    kept.away ||= this.#isAway(kept)
    const flags = this.#flags.get(sink)
    if (!flags?.required || !flags.offNode) kept.excused.add(sink)
  }

  /** Everything that can be seen of the spool without changing it. */
  async check(spool: Spool): Promise<void> {
    const snapshot = await spool.snapshot()
    assertConserved(snapshot)
    assert.ok(
      snapshot.usedBytes <= snapshot.boundBytes,
      `${snapshot.usedBytes} used of ${snapshot.boundBytes}`,
    )
    for (const [source, kept] of this.kept)
      assert.equal(snapshot.sources.get(source)?.spooled ?? 0, kept.length, `spooled of ${source}`)
    for (const [source, positions] of this.positions)
      assert.deepEqual(await spool.positions(source), positions)
    for (const sink of this.sinks) await this.#checkHeld(spool, sink)
    for (const { name } of this.sinks) {
      for (const [source, counts] of snapshot.sinks.get(name) ?? []) {
        if (source === metricsSource) continue
        const { acknowledged, quarantined, held, lost } = counts
        const fates = (this.kept.get(source) ?? []).map((kept) => kept.fates.get(name))
        const count = (fate: Fate) => fates.filter((found) => found === fate).length
        assert.deepEqual(
          { quarantined, held },
          { quarantined: count('quarantined'), held: count('awaited') },
          `${source} at ${name}`,
        )
        assert.ok(acknowledged >= count('acknowledged'))
        const sink = this.#flags.get(name)
        if (sink?.keepAll) assert.equal(lost.spool_full, undefined)
      }
    }
    assert.equal(snapshot.atRisk.records, this.#atRisk(), 'at risk')
  }

  /** The batches that `next` gives are exactly what is held; what it gives of a place in the log never changes. */
  async #checkHeld(spool: Spool, sink: SinkRoute): Promise<void> {
    const awaited = new Map<string, Set<number>>()
    let last = 0
    for (;;) {
      const batch: SpooledBatch | undefined = await spool.next(sink.name, last)
      if (batch === undefined) break
      assert.ok(batch.sequence > last)
      last = batch.sequence
      const bytes = bytesOf(batch)
      assert.equal(this.#bytes.get(last) ?? bytes, bytes, `batch ${last} is what it was`)
      this.#bytes.set(last, bytes)
      if (batch.kind !== 'events') continue
      const numbers = awaited.get(batch.source) ?? new Set()
      awaited.set(batch.source, numbers)
      for (const { number, id, fields } of batch.records) {
        const kept: Kept | undefined = this.kept.get(batch.source)?.[number - 1]
        assert.deepEqual(
          { id, fields: fields.map(([name, value]) => [name, Buffer.from(value).toString()]) },
          {
            id: kept?.record.id,
            fields: kept?.record.fields.map(([name, value]) => [name, Buffer.from(value).toString()]),
          },
        )
        assert.equal(kept?.fates.get(sink.name), 'awaited', `${batch.source} ${number} at ${sink.name}`)
        numbers.add(number)
      }
      batch.release?.()
    }
    for (const [source, kept] of this.kept) {
      for (const { number, fates } of kept) {
        if (fates.get(sink.name) === 'awaited' && !awaited.get(source)?.has(number))
          fates.set(sink.name, 'lost') // For room; the ledger's equation tells whether it was counted.
      }
    }
  }

  #atRisk(): number {
    let records = 0
    for (const [source, kept] of this.kept) {
      const taken = this.sinks.some(
        (sink) => sink.offNode && (sink.sources === undefined || sink.sources.includes(source)),
      )
      for (const record of kept) {
        const here = [...record.fates.values()].some((fate) => fate === 'awaited' || fate === 'quarantined')
        if (!taken || (here && !this.#isAway(record))) records += 1
      }
    }
    return records
  }

  /** Nothing is acknowledged back that is not off the node, or that a required off-node sink has not. */
  async checkAcknowledged(spool: Spool): Promise<number> {
    const positions = await spool.acknowledgedPositions()
    for (const { source, stream, position } of positions) {
      const before = this.#before.get(JSON.stringify([source, stream, position]))
      assert.ok(before !== undefined, `${source} ${stream} ${position} was committed`)
      for (const { record, fates, away, excused } of (this.kept.get(source) ?? []).slice(0, before)) {
        if (record.stream !== stream) continue
        const words = `${record.id} up to ${position}: ${JSON.stringify([...fates])}`
        assert.ok(away, words)
        for (const { name, required, offNode } of this.sinks) {
          const lacks =
            fates.get(name) === 'awaited' || (fates.get(name) === 'quarantined' && !excused.has(name))
          assert.ok(!required || !offNode || !lacks, `${name} lacks ${words}`)
        }
      }
    }
    return positions.length
  }

  *#all(): Generator<Kept> {
    for (const kept of this.kept.values()) yield* kept
  }
}

/** All that a sink is given of it, as one text. */
export function bytesOf(batch: SpooledBatch): string {
  const { kind, sequence, source, count, bytes } = batch
  const content =
    kind === 'events' ? batch.records.map((record) => [record.number, shown(record)]) : batch.samples
  return JSON.stringify({ kind, sequence, source, count, bytes, content }, (_, value) =>
    typeof value === 'bigint' ? `${value}n` : Number.isNaN(value) ? 'NaN' : value,
  )
}
