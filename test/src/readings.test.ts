import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { type Clock, systemClock } from '../../src/clock.ts'
import type { CollectorSection } from '../../src/config-schema.ts'
import { type Collector, gauge } from '../../src/model.ts'
import { Readings, type ReadingsConfig } from '../../src/readings.ts'
import { MovedClock, settle } from '../moved-clock.ts'
import { collector, type Engine, engine, own, sample, state } from './engine.ts'

const value = gauge('parts_value', 'none', 'test', 'A value.', ['part'])
const daily = '0 0 3 * * *'

function readingsOf(running: Engine, clock: Clock): Readings {
  return new Readings({ ...running, clock, node: 'node1', signal: running.stopping.signal })
}

function config(sections: Record<string, Partial<CollectorSection>>, maxSeries = 100): ReadingsConfig {
  const full = ([name, section]: [string, Partial<CollectorSection>]) => [
    name,
    { enabled: true, deadline_seconds: 10, ...section },
  ]
  return {
    collect: { max_series: maxSeries },
    push: { schedule: '*/15 * * * * *' },
    collectors: Object.fromEntries(Object.entries(sections).map(full)),
  }
}

/** Counts its runs and yields the count. */
function counting(name: string, more: Partial<Collector> = {}) {
  const counted = { runs: 0 }
  const counter = collector(
    [value],
    async function* () {
      counted.runs++
      yield sample(value, counted.runs, { part: name })
    },
    { name, ...more },
  )
  return { counted, collector: counter }
}

function values(readings: Readings, names?: readonly string[]) {
  return readings.current(names).map(({ labels, value }) => `${labels.part}=${value}`)
}

test('readings run every collector once at start, cheap ones when asked, scheduled ones never because of it', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const readings = readingsOf(running, clock)
  const [cheap, slow] = [counting('cheap'), counting('slow')]
  const sections = { cheap: {}, slow: { schedule: daily } }
  await (await readings.configure([cheap.collector, slow.collector], config(sections))).firstRuns
  assert.deepEqual(values(readings), ['cheap=1', 'slow=1'])
  await readings.refresh()
  await readings.refresh(['slow'])
  assert.deepEqual(values(readings), ['cheap=2', 'slow=1'])
  assert.deepEqual(values(readings, ['slow']), ['slow=1'])
  assert.deepEqual(
    readings.status().map(({ name, state, series, schedule }) => [name, state, series, schedule]),
    [
      ['cheap', 'ok', 1, undefined],
      ['slow', 'ok', 1, daily],
    ],
  )
})

test('readings read a cheap source once however many ask at once', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const readings = readingsOf(running, clock)
  const cheap = counting('cheap')
  await (await readings.configure([cheap.collector], config({ cheap: {} }))).firstRuns
  await Promise.all([readings.refresh(), readings.refresh(), readings.refresh(['cheap'])])
  assert.equal(cheap.counted.runs, 2)
})

test('readings show a reading until it is 2.5 times its interval old', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const readings = readingsOf(running, clock)
  const [cheap, slow] = [counting('cheap'), counting('slow')]
  const sections = { cheap: {}, slow: { schedule: '0 * * * * *' } }
  await (await readings.configure([cheap.collector, slow.collector], config(sections))).firstRuns
  await clock.pass(37_500)
  assert.deepEqual(values(readings), ['cheap=1', 'slow=1'])
  await clock.pass(1)
  assert.deepEqual(values(readings), ['slow=1'])
  clock.step(86_400_000)
  assert.deepEqual(values(readings), ['slow=1'], 'a stepped clock makes no reading old')
  await clock.pass(150_000 - 37_501)
  assert.deepEqual(values(readings), ['slow=1'])
  await clock.pass(1)
  assert.deepEqual(values(readings), [])
  running.metrics.update()
  assert.equal(await own(running.metrics, 'remora_collector_age_seconds', { collector: 'slow' }), 150.001)
  assert.equal(await own(running.metrics, 'remora_collector_series', { collector: 'slow' }), 0)
})

test('readings keep the last reading of a collector that fails with nothing read, and say so once', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const readings = readingsOf(running, clock)
  let yields = 1
  let fails = false
  const parts = collector([value], async function* () {
    for (let part = 0; part < yields; part++) yield sample(value, part, { part: `p${part}` })
    if (fails) throw new Error(`Cannot read part ${clock.monotonic()}: broken`)
  })
  await (await readings.configure([parts], config({ parts: {} }))).firstRuns
  const labels = { collector: 'parts' }
  const succeeded = clock.now() / 1000
  assert.equal(await own(running.metrics, 'remora_collector_success', labels), 1)
  await clock.pass(10_000)
  fails = true
  yields = 0
  await readings.refresh()
  await clock.pass(1000)
  await readings.refresh()
  assert.deepEqual(values(readings), ['p0=0'])
  assert.equal(await own(running.metrics, 'remora_collector_success', labels), 0)
  assert.equal(
    await own(running.metrics, 'remora_collector_last_success_timestamp_seconds', labels),
    succeeded,
  )
  const [status] = readings.status()
  assert.equal(status?.state, 'failing')
  assert.equal(status?.why, `Cannot read part ${clock.monotonic()}: broken`)
  assert.equal(status?.ageSeconds, 11)
  assert.equal(running.lines.filter((line) => line.includes('failing')).length, 1)
  yields = 2
  await readings.refresh()
  assert.deepEqual(values(readings), ['p0=0', 'p1=1'], 'what a failing run did read is shown')
  fails = false
  await readings.refresh()
  assert.equal(running.lines.at(-1), 'Collector parts is ok')
})

test('readings leave a hung collector at its deadline and do not start it again until it ends', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const readings = readingsOf(running, clock)
  let held = Promise.withResolvers<void>()
  let runs = 0
  const parts = collector([value], async function* () {
    runs++
    yield sample(value, runs, { part: 'a' })
    await held.promise
  })
  const other = counting('other')
  const configured = config({ parts: { deadline_seconds: 2 }, other: {} })
  const { firstRuns } = await readings.configure([parts, other.collector], configured)
  await clock.pass(1999)
  assert.equal(readings.status()[0]?.state, 'waiting')
  assert.equal(readings.status()[1]?.state, 'ok')
  await clock.pass(1)
  await firstRuns
  assert.equal(readings.status()[0]?.why, 'Cannot collect parts: not done after 2 s')
  await readings.refresh()
  await readings.refresh()
  assert.equal(runs, 1)
  const labels = { collector: 'parts', reason: 'stuck' }
  assert.equal(await own(running.metrics, 'remora_collector_skipped_total', labels), 2)
  assert.equal(other.counted.runs, 3)
  held.resolve()
  held = Promise.withResolvers()
  held.resolve()
  await settle()
  await readings.refresh()
  assert.equal(runs, 2)
  assert.equal(readings.status()[0]?.state, 'ok')
})

test('readings skip and count a scheduled run while one goes on, the run at start included', async () => {
  await using running = await engine(systemClock)
  const readings = readingsOf(running, systemClock)
  let runs = 0
  const parts = collector([value], async function* ({ signal }) {
    runs++
    await wait(10_000, undefined, { signal }).catch(() => undefined)
    yield sample(value, 1)
  })
  await readings.configure([parts], config({ parts: { schedule: '* * * * * *', deadline_seconds: 20 } }))
  const overlaps = () =>
    own(running.metrics, 'remora_collector_skipped_total', { collector: 'parts', reason: 'overlap' })
  while (((await overlaps()) ?? 0) < 2) await wait(50)
  assert.equal(runs, 1)
})

test('readings say absent collectors with the reason, ask them again every minute, and run them once they are here', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const readings = readingsOf(running, clock)
  let here = false
  let probes = 0
  const slow = counting('slow', {
    probe: async () => {
      probes++
      return here ? { here } : { here, why: 'no such hardware' }
    },
  })
  await (await readings.configure([slow.collector], config({ slow: { schedule: daily } }))).firstRuns
  assert.deepEqual(readings.status(), [
    { name: 'slow', state: 'absent', why: 'no such hardware', schedule: daily, series: 0 },
  ])
  assert.equal(await own(running.metrics, 'remora_collector_success', { collector: 'slow' }), undefined)
  await readings.refresh()
  await clock.pass(59_000)
  assert.equal(probes, 1)
  await clock.pass(61_000)
  assert.equal(probes, 3)
  here = true
  await clock.pass(60_000)
  assert.deepEqual(values(readings), ['slow=1'])
  await clock.pass(60_000)
  assert.equal(probes, 4)
  assert.equal(slow.counted.runs, 1)
  assert.deepEqual(running.lines, ['Collector slow is absent: no such hardware', 'Collector slow is ok'])
})

test('readings bound the series of a collector and go on refusing the same metrics', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const readings = readingsOf(running, clock)
  const other = gauge('parts_other', 'none', 'test', 'Another.', ['part'])
  let others = 3
  const parts = collector([value, other], async function* () {
    for (let part = 0; part < others; part++) yield sample(other, part, { part: `o${part}` })
    for (let part = 0; part < 3; part++) yield sample(value, part, { part: `v${part}` })
  })
  await (await readings.configure([parts], config({ parts: {} }, 5))).firstRuns
  const refused = () => own(running.metrics, 'remora_collector_refused_series', { collector: 'parts' })
  assert.deepEqual(values(readings), ['v0=0', 'v1=1', 'v2=2'])
  assert.equal(await refused(), 3)
  others = 1
  await readings.refresh()
  assert.deepEqual(values(readings), ['v0=0', 'v1=1', 'v2=2'])
  assert.equal(await refused(), 1)
})

test('readings count parts passed over and samples dropped', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const readings = readingsOf(running, clock)
  const parts = collector([value], async function* ({ skip }) {
    skip(new Error('Cannot read part "b": gone'))
    yield sample(value, Number.NaN)
  })
  await (await readings.configure([parts], config({ parts: {} }))).firstRuns
  await readings.refresh()
  const counted = (name: string, reason: string) => own(running.metrics, name, { collector: 'parts', reason })
  assert.equal(await counted('remora_collector_skipped_total', 'part'), 2)
  assert.equal(await counted('remora_collector_dropped_samples_total', 'value'), 2)
  assert.equal(running.lines.filter((line) => line.includes('passed over')).length, 1)
})

test('readings commit the states of a run', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const readings = readingsOf(running, clock)
  const seen: (string | undefined)[] = []
  const parts = collector([value], async function* ({ previous }) {
    seen.push(previous('a'))
    yield state('a', 'off', false)
  })
  await (await readings.configure([parts], config({ parts: {} }))).firstRuns
  await readings.refresh()
  assert.deepEqual(seen, [undefined, 'off'])
  assert.equal((await running.spool.snapshot()).sources.get('parts')?.spooled, 1)
})

test('readings follow a new configuration, leaving what it does not change', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const readings = readingsOf(running, clock)
  const [same, changed, gone] = [counting('same'), counting('changed'), counting('gone')]
  const all = [same.collector, changed.collector, gone.collector]
  await (await readings.configure(all, config({ same: {}, changed: {}, gone: {} }))).firstRuns
  const next = config({ same: {}, changed: { options: { more: true } }, gone: { enabled: false } })
  const { firstRuns } = await readings.configure(all, next)
  assert.deepEqual(values(readings), ['same=1', 'changed=1'], 'no gap')
  await firstRuns
  assert.deepEqual(values(readings), ['same=1', 'changed=2'])
  assert.deepEqual(readings.status()[2], { name: 'gone', state: 'disabled', series: 0 })
  assert.equal(await own(running.metrics, 'remora_collector_success', { collector: 'gone' }), undefined)
  assert.equal(await own(running.metrics, 'remora_collector_success', { collector: 'same' }), 1)
})
