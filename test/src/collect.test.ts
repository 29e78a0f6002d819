import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { probe, type RunOptions, runCollector } from '../../src/collect.ts'
import { type Collector, gauge } from '../../src/model.ts'
import { contextOf } from '../collectors/context.ts'
import { collector, sample, state } from './engine.ts'

const value = gauge('parts_value', 'none', 'test', 'A value.', ['part'])

function options(more: Partial<RunOptions> = {}): RunOptions {
  return {
    surroundings: contextOf(),
    options: { answer: 42 },
    deadlineSeconds: 0.1,
    maxSeries: 10,
    states: new Map([['a:power', 'on']]),
    clock: systemClock,
    signal: new AbortController().signal,
    ...more,
  }
}

test('runCollector reads samples and states, with the options, the last states and what was skipped', async () => {
  const parts = collector([value], async function* (context) {
    assert.deepEqual(context.options, { answer: 42 })
    assert.equal(context.previous('a:power'), 'on')
    assert.deepEqual([...context.known().keys()], ['a:power'])
    yield sample(value, 1, { part: 'a' })
    context.skip(new Error('Cannot read part "b": gone'))
    yield state('a:power', 'off', false)
    yield state('a:power', 'on', true)
  })
  const { reading, ended } = runCollector(parts, options())
  const found = await reading
  await ended
  assert.deepEqual(found.samples, [sample(value, 1, { part: 'a' })])
  assert.deepEqual(found.states, [state('a:power', 'on', true)])
  assert.deepEqual(
    found.skipped.map((error) => error.message),
    ['Cannot read part "b": gone'],
  )
  assert.equal(found.error, undefined)
  assert.ok(Math.abs(found.timeMilliseconds - Date.now()) < 5000)
})

test('runCollector keeps what was yielded before an error', async () => {
  const parts = collector([value], async function* () {
    yield sample(value, 1)
    throw new Error('Cannot read part "b": broken')
  })
  const found = await runCollector(parts, options()).reading
  assert.equal(found.samples.length, 1)
  assert.equal(found.error?.message, 'Cannot read part "b": broken')
})

test('runCollector turns an error thrown before the first sample into a reading', async () => {
  const parts = collector([value], () => {
    throw new Error('Cannot begin')
  })
  const found = await runCollector(parts, options()).reading
  assert.equal(found.samples.length, 0)
  assert.equal(found.error?.message, 'Cannot begin')
})

test('runCollector aborts at the deadline and keeps what was yielded before it', async () => {
  let aborted = false
  const parts = collector([value], async function* ({ signal }) {
    yield sample(value, 1)
    await wait(10_000, undefined, { signal }).catch(() => {
      aborted = true
    })
    yield sample(value, 2, { part: 'late' })
  })
  const { reading, ended } = runCollector(parts, options())
  const found = await reading
  assert.equal(found.error?.message, 'Cannot collect parts: not done after 0.1 s')
  assert.equal(found.samples.length, 1)
  await ended
  assert.ok(aborted)
  assert.equal(found.samples.length, 1, 'what came late is not in the reading')
})

test('runCollector leaves a run that ignores the abort, and says when it has ended', async () => {
  const held = Promise.withResolvers<void>()
  const parts = collector([value], async function* () {
    yield sample(value, 1)
    await held.promise
  })
  const { reading, ended } = runCollector(parts, options())
  assert.equal((await reading).samples.length, 1)
  assert.equal(await Promise.race([ended.then(() => 'ended'), wait(20, 'going on')]), 'going on')
  held.resolve()
  await ended
})

test('runCollector ends at once when the agent stops', async () => {
  const stopping = new AbortController()
  const parts = collector([value], async function* () {
    await wait(10_000, undefined, { ref: false })
    yield sample(value, 1)
  })
  const { reading } = runCollector(parts, options({ deadlineSeconds: 60, signal: stopping.signal }))
  stopping.abort()
  assert.equal((await reading).error?.message, 'Cannot collect parts: Remora is stopping')
})

test('probe says what the collector says, that one without a probe is here, and when it never answers', async () => {
  const none: Collector['collect'] = () => Readable.from([])
  const absent = collector([value], none, { probe: async () => ({ here: false, why: 'no such hardware' }) })
  assert.deepEqual(await probe(absent, options()).presence, { here: false, why: 'no such hardware' })
  assert.deepEqual(await probe(collector([value], none), options()).presence, { here: true })
  const hung = collector([value], none, { probe: () => new Promise(() => undefined) })
  const found = await probe(hung, options()).presence
  assert.equal('error' in found && found.error.message, 'Cannot probe parts: not done after 0.1 s')
})
