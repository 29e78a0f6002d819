/** Random operations on a real spool beside a model of it. REMORA_SEED repeats a run. */
import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { QuarantineFullError, SpoolUnavailableError } from '../../../src/errors.ts'
import type { LogRecord } from '../../../src/model.ts'
import type { RecordColumns } from '../../../src/record-columns.ts'
import type { EventBatch } from '../../../src/spool/batch.ts'
import { Database } from '../../../src/spool/database.ts'
import type { SpoolOptions } from '../../../src/spool/ground.ts'
import { openSpool } from '../../../src/spool/open.ts'
import { dropQuarantined } from '../../../src/spool/quarantine.ts'
import type { SinkRoute, Spool } from '../../../src/spool/spool.ts'
import { bytesOf, Model } from './model.ts'
import { columnsOf, folder, options, samples, sink } from './spool.ts'

const seconds = 12
const mostSteps = 60
const sources = ['files', 'kmsg', 'pstore']

/** mulberry32: a generator whose numbers follow from the seed. */
function random(seed: number) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (most: number) => Math.floor(next() * most)
  return {
    below,
    chance: (share: number) => next() < share,
    pick: <T>(from: readonly T[]): T => from[below(from.length)] ?? assert.fail('nothing to pick from'),
    word: (length: number) => Array.from({ length }, () => below(36).toString(36)).join(''),
  }
}
type Random = ReturnType<typeof random>

/** One to four sinks of few names, so that names come back with other flags. */
function randomSinks({ below, chance }: Random): SinkRoute[] {
  const names = ['far', 'near', 'disk', 'extra'].filter(() => chance(0.6))
  return names.map((name) =>
    sink(name, {
      required: chance(0.7),
      offNode: name === 'disk' ? false : chance(0.9),
      keepAll: chance(0.2),
      kinds: ['events', 'samples'],
      quarantineBytes: chance(0.3) ? 200 : 1 << 20,
      ...(chance(0.2) && { sources: sources.slice(below(3)) }),
    }),
  )
}

class Run {
  readonly #random: Random
  readonly #model = new Model()
  readonly #next: () => Promise<string>
  #options: SpoolOptions
  #spool: Spool
  #issued = 0
  #nowMilliseconds = 1_700_000_000_000
  /** Columns that nobody looks at any more, whose memory the next ones are made in. */
  #spare: RecordColumns | undefined
  /** Batches that a slow sink looks at, and what they were. */
  readonly #held: { readonly batch: EventBatch; readonly bytes: string }[] = []
  readonly trace: string[] = []
  acknowledged = 0
  /** Columns that were made in the memory of others. */
  reused = 0

  static async start(seed: number, t: TestContext): Promise<Run> {
    const numbers = random(seed)
    const next = () => folder(t)
    const maxBytes = numbers.pick([384 << 10, 1 << 20, 64 << 20])
    let now = () => 0
    const spoolOptions = options(await next(), {
      maxBytes,
      clock: { now: () => now(), monotonic: () => performance.now(), sleep: () => Promise.resolve() },
    })
    const sinks = randomSinks(numbers)
    const run = new Run(numbers, next, spoolOptions, await openSpool(spoolOptions, sinks), sinks)
    now = () => run.#nowMilliseconds
    return run
  }

  private constructor(
    numbers: Random,
    next: () => Promise<string>,
    spoolOptions: SpoolOptions,
    spool: Spool,
    sinks: readonly SinkRoute[],
  ) {
    this.#random = numbers
    this.#next = next
    this.#options = spoolOptions
    this.#spool = spool
    this.#model.route(sinks)
  }

  async step(): Promise<void> {
    this.#nowMilliseconds += this.#random.chance(0.1) ? -3_600_000 : 1000
    const { ledger } = this.#spool
    const operations = [
      this.#commit,
      this.#commit,
      this.#commit,
      this.#commitSamples,
      this.#settle,
      this.#settle,
      this.#settle,
      this.#replay,
      this.#drop,
      this.#route,
      this.#reopen,
      this.#deleteFile,
    ]
    const operation = this.#random.pick(operations)
    this.trace.push(operation.name)
    await operation.call(this)
    assert.equal(this.#spool.ledger, ledger)
    await this.#model.check(this.#spool)
    this.acknowledged += await this.#model.checkAcknowledged(this.#spool)
  }

  async end(): Promise<void> {
    await this.#spool[Symbol.asyncDispose]()
  }

  async #commit(): Promise<void> {
    const { below, chance, pick, word } = this.#random
    const source = pick(sources)
    const stream = source === 'pstore' ? `crash${this.#issued}` : pick(['one', 'two'])
    const records = Array.from({ length: chance(0.1) ? 0 : 1 + below(8) }, () => {
      const id = `${source}:${this.#issued++}`
      const body = Buffer.from(word(chance(0.2) ? 8000 : 20))
      const time = BigInt(this.#issued) * 1000n
      return { stream, id, time, observed: -1n, fields: [['body', body]] as const }
    })
    const columns = chance(0.7) ? this.#columns(records) : undefined
    const position = `${this.#issued++}`
    const filtered = { some: below(3) }
    const half = columns && chance(0.3) ? columns.filter((_, index) => index % 2 === 0) : columns
    const kept = half === columns ? records : records.filter((_, index) => index % 2 === 0)
    try {
      await this.#spool.commit(source, { records: half ?? kept, positions: [{ stream, position }], filtered })
    } catch (error) {
      if (error instanceof SpoolUnavailableError) return
      throw error
    } finally {
      columns?.release()
    }
    this.#model.commit(source, stream, position, kept)
  }

  #columns(records: readonly LogRecord[]): RecordColumns {
    const room = this.#spare
    this.#spare = undefined
    if (room) this.reused += 1
    return columnsOf(records, room, (columns) => {
      this.#spare = columns
    })
  }

  /** A sink looks at this batch for some time; then it is what it was. */
  #hold(batch: EventBatch): void {
    this.#held.push({ batch, bytes: bytesOf(batch) })
    if (this.#held.length <= 3) return
    const [first] = this.#held.splice(this.#random.below(3), 1)
    assert.ok(first && bytesOf(first.batch) === first.bytes, 'a batch that is held stays what it was')
    first.batch.release?.()
  }

  async #commitSamples(): Promise<void> {
    await this.#spool.commitSamples(this.#nowMilliseconds, samples(1 + this.#random.below(300), Math.PI))
  }

  /** The first batches of a sink, in order; the answer to some is that it lost or refused them. */
  async #settle(): Promise<void> {
    if (this.#model.sinks.length === 0) return
    const { name } = this.#random.pick(this.#model.sinks)
    for (let left = 1 + this.#random.below(4); left > 0; left--) {
      const batch = await this.#spool.next(name, 0)
      if (batch === undefined) return
      const lose = this.#random.chance(0.1)
      const refused = Array.from({ length: batch.count }, (_, index) => index).filter(
        () => batch.kind === 'events' && !lose && this.#random.chance(0.1),
      )
      const lost = lose ? batch.count : 0
      const result = {
        sequence: batch.sequence,
        acknowledged: batch.count - refused.length - lost,
        quarantined: refused.map((index) => ({ index, words: 'no' })),
        ...(lost > 0 && { lost: { reason: 'too_old', count: lost } }),
      }
      try {
        await this.#spool.settle(name, [result])
      } catch (error) {
        if (error instanceof QuarantineFullError) return
        throw error
      }
      const kept = this.#quarantined(name, batch.source)
      this.#model.settle(name, batch, (index) => {
        if (!refused.includes(index)) return lost > 0 ? 'lost' : 'acknowledged'
        const { number } = (batch.kind === 'events' && batch.records.at(index)) || { number: 0 }
        return kept.has(number) ? 'quarantined' : 'lost' // An optional sink's quarantine may be full.
      })
      if (batch.kind === 'events') this.#hold(batch)
    }
  }

  #quarantined(name: string, source: string): Set<number> {
    using db = this.#beside()
    const rows = db.all(
      'SELECT number FROM quarantine JOIN sink ON sink.id = sink WHERE sink.name = ? AND source = ?',
      name,
      source,
    )
    return new Set(rows.map(({ number }) => Number(number)))
  }

  #beside(): Database {
    return new Database(join(this.#options.path, 'spool.sqlite'))
  }

  async #replay(): Promise<void> {
    const { chance, pick } = this.#random
    if (this.#model.sinks.length === 0) return
    {
      using db = this.#beside()
      db.run('UPDATE quarantine SET replay = 1 WHERE key % 2 = ?', Number(chance(0.5)))
    }
    const { name } = pick(this.#model.sinks)
    for (const record of await this.#spool.replays(name)) {
      const accepted = chance(0.7)
      await this.#spool.replayed(record.key, accepted ? undefined : 'still no')
      if (accepted) this.#model.fate(name, record.source, record.number, 'acknowledged')
    }
  }

  async #drop(): Promise<void> {
    using db = this.#beside()
    const row = db.get(
      `SELECT key, sink.name, source, number FROM quarantine JOIN sink ON sink.id = sink ORDER BY key LIMIT 1`,
    )
    if (row === undefined) return
    db.transaction(() => dropQuarantined(db, Number(row.key)))
    this.#model.fate(String(row.name), String(row.source), Number(row.number), 'lost')
  }

  async #route(): Promise<void> {
    const sinks = randomSinks(this.#random)
    const before = await this.#spool.snapshot()
    const losses = await this.#spool.wouldLose(sinks)
    await this.#spool.route(sinks)
    const after = await this.#spool.snapshot()
    const removed = ({ sinks }: typeof after, name: string) =>
      [...(sinks.get(name)?.values() ?? [])].reduce((sum, { lost }) => sum + (lost.sink_removed ?? 0), 0)
    for (const { name } of this.#model.sinks)
      assert.equal(removed(after, name) - removed(before, name), losses.get(name) ?? 0)
    this.#model.route(sinks)
  }

  /** Closed, or its files as a kill would leave them. */
  async #reopen(): Promise<void> {
    if (this.#random.chance(0.5)) {
      await this.#spool[Symbol.asyncDispose]()
    } else {
      const path = await this.#next()
      cpSync(this.#options.path, path, { recursive: true, filter: (file) => !file.endsWith('-shm') })
      await this.#spool[Symbol.asyncDispose]()
      this.#options = { ...this.#options, path }
    }
    this.#spool = await openSpool(this.#options, this.#model.sinks)
  }

  async #deleteFile(): Promise<void> {
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(join(this.#options.path, `spool.sqlite${suffix}`), { force: true })
    await this.#spool.snapshot() // Written again.
  }
}

test('the spool does what its model does, whatever happens to it', async (t) => {
  const first = Number(process.env.REMORA_SEED ?? Date.now() % 1_000_000)
  const until = performance.now() + seconds * 1000
  let seed = first
  let steps = 0
  let acknowledged = 0
  let reused = 0
  for (; performance.now() < until; seed++) {
    const run = await Run.start(seed, t)
    try {
      for (let step = 0; step < mostSteps && performance.now() < until; step++, steps++) await run.step()
    } catch (error) {
      throw new Error(`REMORA_SEED=${seed}, step ${run.trace.length}: ${run.trace.slice(-12).join(' ')}`, {
        cause: error,
      })
    } finally {
      await run.end()
    }
    acknowledged += run.acknowledged
    reused += run.reused
  }
  t.diagnostic(`seeds ${first} to ${seed}: ${steps} steps, ${acknowledged} positions acknowledged`)
  assert.ok(steps > 100 && acknowledged > 0, `${steps} steps, ${acknowledged} positions acknowledged`)
  assert.ok(reused > 0, 'memory was used again')
})
