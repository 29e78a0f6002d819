import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registrySamples } from '../../src/exposition.ts'
import { gauge, type Sample } from '../../src/model.ts'
import { collection, pusher } from '../../src/push.ts'
import type { SampleBatch } from '../../src/spool/batch.ts'
import { MovedClock, settle } from '../moved-clock.ts'
import { type Engine, engine, sample } from './engine.ts'

const value = gauge('parts_value', 'none', 'test', 'A value.', ['part'])
const a = { part: 'a' }
const b = { part: 'b' }

async function pushed({ spool }: Engine): Promise<SampleBatch[]> {
  const batches: SampleBatch[] = []
  for (let after = 0; ; ) {
    const batch = await spool.next('sink', after)
    if (batch?.kind !== 'samples') return batches
    batches.push(batch)
    after = batch.sequence
  }
}

test('collection ends a series that is gone with one stale marker', () => {
  const first = collection([sample(value, 1, a), sample(value, 2, b)], new Map())
  assert.equal(first.spooled.length, 2)
  const second = collection([sample(value, 3, b)], first.series)
  assert.deepEqual(second.spooled, [
    { name: 'parts_value', labels: b, value: 3, stale: false },
    { name: 'parts_value', labels: a, value: Number.NaN, stale: true },
  ])
  assert.deepEqual(
    collection([sample(value, 4, b)], second.series).spooled.map(({ stale }) => stale),
    [false],
  )
})

test('collection takes the first of two samples of one series', () => {
  const { spooled } = collection([sample(value, 1, a), sample(value, 2, a)], new Map())
  assert.deepEqual(
    spooled.map((one) => one.value),
    [1],
  )
})

test('push refreshes, then spools what a scrape would show under the time of its tick', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  let read = 0
  const push = pusher({
    refresh: async () => void read++,
    samples: async () => [sample(value, read, a), ...(await registrySamples(running.metrics.registry))],
    spool: running.spool,
    clock,
    log: running.log,
    signal: running.stopping.signal,
  })
  const started = clock.now()
  await push()
  await clock.pass(15_000)
  await push()
  const batches = await pushed(running)
  assert.deepEqual(
    batches.map(({ timeMilliseconds }) => timeMilliseconds - started),
    [0, 15_000],
  )
  assert.deepEqual(
    batches.map(({ samples }) => samples.find(({ name }) => name === 'parts_value')?.value),
    [1, 2],
  )
  assert.ok(batches[0]?.samples.some(({ name }) => name === 'remora_build_info'))
  assert.equal(running.lines.length, 0)
})

test('push waits out a small correction of the clock, and believes a large one', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const push = pusher({
    refresh: async () => undefined,
    samples: async () => [sample(value, 1, a)],
    spool: running.spool,
    clock,
    log: running.log,
    signal: running.stopping.signal,
  })
  const started = clock.now()
  await push()
  await push()
  clock.step(-30_000)
  await push()
  clock.step(-3_600_000)
  await push()
  clock.step(3_630_000 + 15_000)
  await push()
  const times = (await pushed(running)).map(({ timeMilliseconds }) => timeMilliseconds - started)
  assert.deepEqual(times, [0, 1, 2, -3_630_000, 15_000])
})

test('push waits two seconds for cheap collectors, then takes the readings there are', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const push = pusher({
    refresh: () => new Promise(() => undefined),
    samples: async () => [sample(value, 1, a)],
    spool: running.spool,
    clock,
    log: running.log,
    signal: running.stopping.signal,
  })
  const started = clock.now()
  const pushing = push()
  await clock.pass(1999)
  assert.equal((await pushed(running)).length, 0)
  await clock.pass(1)
  await pushing
  const [batch] = await pushed(running)
  assert.equal(batch?.timeMilliseconds, started)
})

test('push says once that it fails, and goes on', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  let broken = true
  const samples = async (): Promise<Sample[]> => {
    if (broken) throw new Error('Cannot read "b": broken')
    return [sample(value, 1, a)]
  }
  const push = pusher({
    refresh: async () => undefined,
    samples,
    spool: running.spool,
    clock,
    log: running.log,
    signal: running.stopping.signal,
  })
  await push()
  await push()
  broken = false
  await push()
  await settle()
  assert.deepEqual(running.lines, ['Cannot push samples: Cannot read "b": broken'])
  assert.equal((await pushed(running)).length, 1)
})
