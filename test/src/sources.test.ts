import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { runAcknowledgements } from '../../src/acknowledgements.ts'
import type { Clock } from '../../src/clock.ts'
import { systemClock } from '../../src/clock.ts'
import type { Collector, LogRecord, ReadContext, SourceBatch } from '../../src/model.ts'
import { runSource } from '../../src/sources.ts'
import { contextOf } from '../collectors/context.ts'
import { MovedClock, settle } from '../moved-clock.ts'
import { type Engine, engine, oneSink, own } from './engine.ts'

function source(read: Collector['read'], more: Partial<Collector> = {}): Collector {
  return { name: 'source', metrics: [], ...(read && { read }), ...more }
}

/** Records numbered from `first` on, and the position after them. */
function numbered(first: number, count: number, bytes = 0): SourceBatch {
  const records: LogRecord[] = []
  for (let number = first; number < first + count; number++) {
    const body = bytes > 0 ? crypto.getRandomValues(new Uint8Array(bytes)) : Buffer.from('x')
    records.push({ stream: 's', id: `s:${number}`, time: 1n, observed: 1n, fields: [['body', body]] })
  }
  return { records, positions: [{ stream: 's', position: String(first + count) }] }
}

function begin({ positions }: ReadContext): number {
  return Number(positions.get('s') ?? 0)
}

async function spooledIds({ spool }: Engine, settling = false): Promise<string[]> {
  const ids: string[] = []
  for (let after = 0; ; ) {
    const batch = await spool.next('sink', after)
    if (batch?.kind !== 'events') return ids
    ids.push(...batch.records.map(({ id }) => id))
    after = batch.sequence
    if (settling) await spool.settle(oneSink.name, [{ sequence: after, acknowledged: batch.count }])
  }
}

function runIn(running: Engine, clock: Clock, collector: Collector): Promise<void> {
  return runSource(collector, undefined, { ...running, clock }, running.stopping.signal)
}

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `s:${number}`)
}

test('runSource begins anew from the committed position after an error and an end, losing and repeating nothing', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  let begun = 0
  const done = runIn(
    running,
    clock,
    source(async function* (context) {
      begun++
      for (let first = begin(context); first < 30; first += 10) {
        yield numbered(first, 10)
        if (first === 0) throw new Error('Cannot read "log": broken')
        if (first === 10) return
      }
      await wait(60_000, undefined, { signal: context.signal })
    }),
  )
  await settle()
  assert.equal(begun, 1)
  assert.equal(await own(running.metrics, 'remora_source_up', { source: 'source' }), 0)
  await clock.pass(1000)
  assert.equal(begun, 2)
  await clock.pass(1000)
  assert.equal(begun, 3)
  assert.equal(await own(running.metrics, 'remora_source_up', { source: 'source' }), 1)
  assert.equal(await own(running.metrics, 'remora_source_restarts_total', { source: 'source' }), 2)
  assert.deepEqual(await spooledIds(running), ids(30))
  running.stopping.abort()
  await done
  assert.equal(await own(running.metrics, 'remora_source_up', { source: 'source' }), 0)
  assert.deepEqual(running.lines, [
    'Source source is read',
    'Source source failed and begins anew: Cannot read "log": broken',
    'Source source is read',
    'Source source has ended; begins anew',
    'Source source is read',
  ])
})

test('runSource waits twice as long each time, up to a minute, and says the same failure once', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const begun: number[] = []
  const done = runIn(
    running,
    clock,
    source(() => {
      begun.push(clock.monotonic())
      throw new Error(`Cannot open "log" at ${clock.monotonic()}: missing`)
    }),
  )
  await clock.pass(600_000)
  const waits = begun.slice(1).map((at, index) => (at - (begun[index] ?? 0)) / 1000)
  assert.ok(waits.length >= 14)
  for (const [index, seconds] of waits.entries()) {
    const most = Math.min(60, 2 ** index)
    assert.ok(seconds >= most / 2 && seconds <= most, `wait ${index} of ${seconds} s`)
  }
  running.stopping.abort()
  await done
  assert.equal(running.lines.length, 1)
})

test('runSource offers the same batch again when the spool has no room, and skips nothing', async () => {
  await using running = await engine(systemClock, 1 << 20)
  let yielded = 0
  const done = runIn(
    running,
    systemClock,
    source(async function* (context) {
      for (let first = begin(context); first < 200; first += 5) {
        yielded = first + 5
        yield numbered(first, 5, 8192)
      }
      await wait(60_000, undefined, { signal: context.signal })
    }),
  )
  const spooled = async () => (await running.spool.snapshot()).sources.get('source')?.spooled ?? 0
  while (!(await running.spool.snapshot()).pausedSources.includes('source')) await wait(10)
  assert.equal(yielded, (await spooled()) + 5, 'one batch is held by the loop, and no more are read')
  const found: string[] = []
  while (found.length < 200) {
    found.push(...(await spooledIds(running, true)))
    await wait(20)
  }
  assert.deepEqual(found, ids(200))
  running.stopping.abort()
  await done
})

test('runSource ends promptly when the source ignores the abort', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const done = runIn(
    running,
    clock,
    source(async function* () {
      yield numbered(0, 1)
      await new Promise(() => undefined)
    }),
  )
  await settle()
  running.stopping.abort()
  await done
  assert.deepEqual(await spooledIds(running), ids(1))
})

test('runSource tells a source its positions, last states and options, and counts the parts it skips', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  await running.spool.commit('source', {
    records: [],
    positions: [
      { stream: 's', position: '7' },
      { stream: 'state:a', position: 'on' },
    ],
  })
  const seen = Promise.withResolvers<unknown[]>()
  const collector = source(async function* (context) {
    context.skip(new Error('Cannot read part: gone'))
    seen.resolve([begin(context), context.previous('a'), context.options])
    yield numbered(0, 0)
    await wait(60_000, undefined, { signal: context.signal })
  })
  const done = runSource(collector, { more: 1 }, { ...running, clock }, running.stopping.signal)
  assert.deepEqual(await seen.promise, [7, 'on', { more: 1 }])
  running.stopping.abort()
  await done
  const labels = { collector: 'source', reason: 'part' }
  assert.equal(await own(running.metrics, 'remora_collector_skipped_total', labels), 1)
})

test('runAcknowledgements tells a source in order what every sink has, and tries a failed call again', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const told: string[] = []
  let broken = false
  let isOn = false
  const contextFor = () => (isOn ? contextOf() : undefined)
  const collector = source(undefined, {
    acknowledged: async (stream, position) => {
      told.push(`${stream} ${position}${broken ? ' failed' : ''}`)
      if (broken) throw new Error('Cannot unlink "crash": busy')
    },
  })
  const done = runAcknowledgements([collector], { ...running, clock, contextFor }, running.stopping.signal)
  await running.spool.commit('source', numbered(0, 2))
  await running.spool.commit('source', numbered(2, 2))
  await clock.pass(1000)
  assert.deepEqual(told, [])
  await spooledIds(running, true)
  await clock.pass(1000)
  assert.deepEqual(told, [], 'one that is off is not told')
  isOn = true
  await clock.pass(1000)
  assert.equal(told.at(-1), 's 4')
  assert.deepEqual(told, [...told].sort())
  broken = true
  await running.spool.commit('source', numbered(4, 1))
  await spooledIds(running, true)
  await clock.pass(2000)
  assert.deepEqual(told.slice(-2), ['s 5 failed', 's 5 failed'])
  await running.spool.commit('source', numbered(5, 1))
  await spooledIds(running, true)
  broken = false
  await clock.pass(2000)
  assert.deepEqual(
    told.slice(-2),
    ['s 5 failed', 's 6'],
    'a later position takes the place of an earlier one',
  )
  running.stopping.abort()
  await done
  assert.equal(running.lines.filter((line) => line.includes('Cannot acknowledge')).length, 1)
})
