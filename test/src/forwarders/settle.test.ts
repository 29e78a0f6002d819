/** The settle time of a sink: what is accepted is acknowledged only when it has passed (format.md, Ledger). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import type { Answer } from '../../../src/forwarders/forwarder.ts'
import { prometheusForwarder } from '../../../src/forwarders/prometheus.ts'
import { prometheusSink } from '../../../src/sink-schemas.ts'
import type { Spool } from '../../../src/spool/spool.ts'
import { startPrometheus } from '../../prometheus-server.ts'
import { assertConserved, batch, folder, open, options, samples, sink } from '../spool/spool.ts'
import { origin } from './batches.ts'
import { accepts, allowedClock, counts, deliver, scripted, until } from './deliveries.ts'
import { startReceiver } from './receiver.ts'

const settleMilliseconds = 30_000
const refused: Answer = { is: 'refused', words: '400 no' }

async function filled(spool: Spool, batches: number, size = 1): Promise<void> {
  for (let index = 0; index < batches; index++)
    await spool.commit('kmsg', batch(index * size, (index + 1) * size))
}

async function state(spool: Spool) {
  assertConserved(await spool.snapshot())
  const { acknowledged, held } = (await counts(spool, 'far', 'kmsg')) ?? {}
  return { acknowledged, held }
}

test('accepted batches are held until the settle time has passed, and then acknowledged', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  await filled(spool, 3)
  const far = scripted(() => accepts)
  const clock = allowedClock()
  const { delivery, reports } = deliver(t, spool, far, { clock, settleMilliseconds })
  await until('all are accepted', () => far.taken.length === 3 && clock.exhausted)
  assert.deepEqual(await state(spool), { acknowledged: 0, held: 3 })
  assert.equal(delivery.idle, false)
  clock.allow(settleMilliseconds - 1)
  await until('it waits again', () => clock.exhausted)
  assert.deepEqual(await state(spool), { acknowledged: 0, held: 3 })
  clock.allow(1)
  await until('they are acknowledged', () => delivery.idle)
  assert.deepEqual(await state(spool), { acknowledged: 3, held: 0 })
  assert.deepEqual([far.sent.length, reports.length], [3, 0])
})

const trouble: readonly (readonly [string, Answer])[] = [
  ['a connection error', { is: 'retry', words: 'Cannot reach it' }],
  ['an unanswered sending', { is: 'retry', words: 'no answer', unanswered: true }],
  ['a 503', { is: 'retry', words: '503' }],
]
for (const [name, answer] of trouble) {
  test(`${name} within the settle time sends all that is unsettled again, and nothing else`, async (t) => {
    const spool = await open(t, options(await folder(t)), [sink('far')])
    await filled(spool, 1)
    const far = scripted((_, count) => (count === 4 ? answer : accepts))
    const clock = allowedClock()
    const { delivery, reports } = deliver(t, spool, far, { clock, settleMilliseconds })
    await until('the first is accepted', () => far.sent.length === 1 && clock.exhausted)
    clock.allow(settleMilliseconds)
    await until('the first has settled', async () => (await state(spool)).acknowledged === 1)
    await filled(spool, 3)
    await until('the fourth has failed', () => far.sent.length === 4)
    clock.allow(1000)
    await until('all are accepted', () => far.taken.length === 6 && clock.exhausted)
    assert.deepEqual(await state(spool), { acknowledged: 1, held: 3 })
    clock.allow(settleMilliseconds)
    await until('all have settled', () => delivery.idle)
    assert.deepEqual(await state(spool), { acknowledged: 4, held: 0 })
    assert.deepEqual(
      far.sent.map(({ sequence }) => sequence),
      [1, 2, 3, 4, 2, 3, 4],
    )
    assert.deepEqual(
      far.sent.slice(4).map(({ again }) => again),
      [true, true, true],
    )
    assert.deepEqual(reports, [`retrying: ${'words' in answer ? answer.words : ''}`, 'up'])
  })
}

test('a busy receiver within the settle time keeps what it has: nothing is sent again', async (t) => {
  let busy = true
  let devices = 0
  await using receiver = await startReceiver((response, _, count) => {
    if (count > 2 && busy) return response.writeHead(429).end()
    devices += 1
    return response.writeHead(204).end()
  })
  const spool = await open(t, options(await folder(t)), [sink('far')])
  for (let index = 0; index < 3; index++) await spool.commitSamples(Date.now() + index, samples(5, index))
  const config = prometheusSink.parse({ type: 'prometheus', url: receiver.url })
  const clock = allowedClock(settleMilliseconds * 3)
  const far = prometheusForwarder(config, origin, systemClock)
  const { delivery } = deliver(t, spool, far, { clock, settleMilliseconds, mostRetryMilliseconds: 5000 })
  await until('it was busy for long', () => clock.exhausted)
  // The first two have settled although the third is refused for now.
  assert.equal((await counts(spool, 'far', 'metrics'))?.acknowledged, 10)
  assert.equal(devices, 2)
  busy = false
  clock.allow(settleMilliseconds + 5000)
  await until('all have settled', () => delivery.idle)
  assert.equal(devices, 3)
  assert.equal((await counts(spool, 'far', 'metrics'))?.acknowledged, 15)
})

test('a change of endpoint within the settle time sends all that is unsettled to the new one', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  await filled(spool, 3)
  const far = scripted((_, count) => ({ ...accepts, endpoint: count < 3 ? 'a' : 'b' }))
  const clock = allowedClock(1000)
  const { delivery, reports } = deliver(t, spool, far, { clock, settleMilliseconds })
  await until('all are accepted', () => far.sent.length === 6 && clock.exhausted)
  assert.deepEqual(await state(spool), { acknowledged: 0, held: 3 })
  clock.allow(settleMilliseconds)
  await until('all have settled', () => delivery.idle)
  assert.deepEqual(await state(spool), { acknowledged: 3, held: 0 })
  assert.deepEqual(
    far.sent.map(({ sequence }) => sequence),
    [1, 2, 3, 1, 2, 3],
  )
  assert.deepEqual(reports, ['retrying: now sending to b', 'up'])
})

test('failover to another receiver within the settle time brings it all that the first had not settled', async (t) => {
  const taken: Record<'a' | 'b', number> = { a: 0, b: 0 }
  await using a = await startReceiver((response) => {
    if (taken.a === 2) return response.destroy()
    taken.a += 1
    return response.writeHead(204).end()
  })
  await using b = await startReceiver((response) => {
    taken.b += 1
    response.writeHead(204).end()
  })
  const spool = await open(t, options(await folder(t)), [sink('far')])
  for (let index = 0; index < 4; index++) await spool.commitSamples(Date.now() + index, samples(5, index))
  const config = prometheusSink.parse({ type: 'prometheus', urls: [a.url, b.url] })
  const clock = allowedClock(1000)
  const far = prometheusForwarder(config, origin, systemClock)
  const { delivery } = deliver(t, spool, far, { clock, settleMilliseconds })
  await until('the second has all', () => taken.b === 4)
  assert.deepEqual(taken, { a: 2, b: 4 })
  clock.allow(settleMilliseconds)
  await until('all have settled', () => delivery.idle)
  assert.equal((await counts(spool, 'far', 'metrics'))?.acknowledged, 20)
})

test('a receiver that fails in the middle of a bisection is sent the whole batch again', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  await filled(spool, 1, 4)
  // 0-3 no, 0-1 taken, 2-3: restarted; 0-3 no, 0-1 taken, 2-3 no, 2 taken, 3 no.
  let restarted = false
  let kept: string[] = []
  const far = scripted(({ ids }) => {
    if (kept.length > 0 && !restarted) {
      restarted = true
      kept = []
      return { is: 'retry', words: 'Cannot reach it' }
    }
    if (ids.includes('counter:3')) return refused
    kept.push(...ids)
    return accepts
  })
  const clock = allowedClock(1000)
  const { delivery } = deliver(t, spool, far, { clock, settleMilliseconds })
  await until('it is resolved', () => kept.length === 3 && clock.exhausted)
  assert.deepEqual(kept, ['counter:0', 'counter:1', 'counter:2'])
  clock.allow(settleMilliseconds)
  await until('all have settled', () => delivery.idle)
  const { acknowledged, quarantined } = (await counts(spool, 'far', 'kmsg')) ?? {}
  assert.deepEqual({ acknowledged, quarantined }, { acknowledged: 3, quarantined: 1 })
})

test('a crash within the settle time repeats what was unsettled, each marked as sent before', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far')])
  await filled(spool, 2)
  const far = scripted(() => accepts)
  const clock = allowedClock(settleMilliseconds)
  const { delivery, stop } = deliver(t, spool, far, { clock, settleMilliseconds })
  await until('two have settled', () => delivery.idle)
  await filled(spool, 3)
  await until('three more are accepted', () => far.sent.length === 5)
  await stop()
  await spool[Symbol.asyncDispose]()

  const again = await open(t, options(path), [sink('far')])
  assert.deepEqual(await state(again), { acknowledged: 2, held: 3 })
  const next = scripted(() => accepts)
  const second = deliver(t, again, next, { clock: allowedClock(settleMilliseconds), settleMilliseconds })
  await until('all have settled', () => second.delivery.idle)
  assert.deepEqual(await state(again), { acknowledged: 5, held: 0 })
  assert.deepEqual(
    next.sent.map(({ sequence, again }) => [sequence, again]),
    [
      [3, true],
      [4, true],
      [5, true],
    ],
  )
})

test('what a real Prometheus had before a crash within the settle time is acknowledged, not quarantined', async (t) => {
  await using server = await startPrometheus()
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far')])
  const start = Date.now() - 10_000
  for (let index = 0; index < 4; index++) await spool.commitSamples(start + index * 1000, samples(3, index))
  const config = prometheusSink.parse({ type: 'prometheus', url: server.writeUrl })
  const clock = allowedClock()
  let sent = 0
  const { stop } = deliver(t, spool, prometheusForwarder(config, origin, systemClock), {
    clock,
    settleMilliseconds,
    answered: () => {
      sent += 1
    },
  })
  await until('all are accepted', () => sent === 4 && clock.exhausted)
  await stop()
  await spool[Symbol.asyncDispose]()
  const again = await open(t, options(path), [sink('far')])
  const { delivery } = deliver(t, again, prometheusForwarder(config, origin, systemClock), {
    clock: allowedClock(settleMilliseconds),
    settleMilliseconds,
  })
  await until('all have settled', () => delivery.idle)
  const all = { routed: 12, acknowledged: 12, held: 0, quarantined: 0, lost: {} }
  assert.deepEqual(await counts(again, 'far', 'metrics'), all)
  const stored = await server.samples('node_test', '1m')
  assert.deepEqual(
    stored.map(({ values }) => values.length),
    [4, 4, 4],
  )
})
