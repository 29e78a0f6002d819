import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, systemClock } from '../../../src/clock.ts'
import type { Outcome } from '../../../src/forwarders/forwarder.ts'
import { prometheusForwarder, verdict } from '../../../src/forwarders/prometheus.ts'
import { prometheusSink } from '../../../src/sink-schemas.ts'
import { manualClock } from '../../manual-clock.ts'
import { startPrometheus } from '../../prometheus-server.ts'
import { eventBatch, origin, sample, sampleBatch, stale } from './batches.ts'
import { always, decodeWriteRequest, startReceiver } from './receiver.ts'

const never = new AbortController().signal

function forwarder(settings: object, clock: Clock = systemClock) {
  const made = prometheusForwarder(prometheusSink.parse({ type: 'prometheus', ...settings }), origin, clock)
  return {
    send: (batch: Parameters<typeof made.send>[0], again = false) => made.send(batch, never, again),
    [Symbol.asyncDispose]: () => made.close(),
  }
}

test('prometheus sends samples to a real Prometheus with labels, values and times as they are', async () => {
  await using server = await startPrometheus()
  await using sink = forwarder({ url: server.writeUrl, labels: { site: 'north', instance: 'n7' } })
  const now = Date.now()
  const values = [0, 1, -2.5, 1e17, Number.POSITIVE_INFINITY, Number.NaN]
  const samples = values.map((value, index) => sample('m', value, { index: String(index), empty: '' }))
  assert.deepEqual(await sink.send(sampleBatch(now, samples)), { is: 'accepted', endpoint: server.writeUrl })
  const found = await server.samples('m', '5m')
  assert.deepEqual(
    found.sort((a, b) => Number(a.metric.index) - Number(b.metric.index)),
    ['0', '1', '-2.5', '100000000000000000', '+Inf', 'NaN'].map((value, index) => ({
      metric: { __name__: 'm', index: String(index), instance: 'n7', job: 'remora', site: 'north' },
      values: [[now / 1000, value]],
    })),
  )
})

test('prometheus ends a series with a stale marker that Prometheus honours', async () => {
  await using server = await startPrometheus()
  await using sink = forwarder({ url: server.writeUrl })
  const start = Date.now() - 20_000
  await sink.send(sampleBatch(start, [sample('gone', 1), sample('stays', 1)]))
  assert.equal((await server.query('gone', (start + 5000) / 1000)).length, 1)
  await sink.send(sampleBatch(start + 10_000, [stale('gone'), sample('stays', 2)]))
  assert.equal((await server.query('gone', (start + 15_000) / 1000)).length, 0)
  assert.equal((await server.query('stays', (start + 15_000) / 1000)).length, 1)
})

test('prometheus counts a resend as accepted, and what came after it does not change that', async () => {
  await using server = await startPrometheus()
  await using sink = forwarder({ url: server.writeUrl })
  const now = Date.now() - 5000
  const first = sampleBatch(now, [sample('a', 1), sample('b', 2)])
  const second = sampleBatch(now + 1000, [sample('a', 3), sample('b', 4)], 2)
  for (const [batch, again] of [
    [first, false],
    [first, true],
    [second, false],
    [first, true],
  ] as const) {
    assert.equal((await sink.send(batch, again)).is, 'accepted')
  }
  const { endpoint, ...outcome } = await sink.send(first, false)
  assert.equal(endpoint, server.writeUrl)
  assert.deepEqual(outcome, { is: 'refused', words: '400 out of order sample' })
  const other = sampleBatch(now + 1000, [sample('a', 99)], 3)
  assert.equal((await sink.send(other, false)).is, 'refused')
  const stored = await server.samples('{job="remora"}', '5m')
  assert.deepEqual(
    stored.map(({ values }) => values.map(([, value]) => value)),
    [
      ['1', '3'],
      ['2', '4'],
    ],
  )
})

test('prometheus counts what is too old for the receiver as lost, whatever status it gives', async () => {
  const window = 'storage:\n  tsdb:\n    out_of_order_time_window: 30m\n'
  for (const [config, words] of [
    ['global: {}\n', '400 out of bounds'],
    [window, '500 too old sample'],
  ] as const) {
    await using server = await startPrometheus(config)
    await using sink = forwarder({ url: server.writeUrl })
    const now = Date.now()
    assert.equal((await sink.send(sampleBatch(now, [sample('a', 1)]))).is, 'accepted')
    const outcome = await sink.send(sampleBatch(now - 3 * 3_600_000, [sample('new', 1)]))
    assert.deepEqual(outcome, { is: 'lost', reason: 'too_old', words, endpoint: server.writeUrl })
  }
})

test('prometheus holds samples while the clock is more than 60 s ahead of a real Prometheus', async () => {
  await using server = await startPrometheus()
  const clock = manualClock(Date.now() + 3_600_000)
  await using sink = forwarder({ url: server.writeUrl }, clock)
  const stamped = clock.now()
  const ahead = await sink.send(sampleBatch(stamped, [sample('a', 1)]))
  assert.equal(ahead.is, 'retry')
  assert.match(
    ahead.is === 'retry' ? ahead.words : '',
    /^Held: these samples are (3599|3600) s ahead of the clock of http/,
  )
  assert.equal(ahead.is === 'retry' && ahead.unanswered, undefined)
  clock.step(-3_600_000)
  const gone = await sink.send(sampleBatch(stamped, [sample('a', 1)]))
  assert.deepEqual([gone.is, gone.is === 'lost' && gone.reason], ['lost', 'clock_ahead'])
  const near = await sink.send(sampleBatch(Date.now() + 50_000, [sample('a', 2)]))
  assert.equal(near.is, 'accepted')
  assert.deepEqual(
    (await server.query('a', Date.now() / 1000 + 55)).map(({ values }) => values.map(([, value]) => value)),
    [['2']],
  )
})

test("prometheus asks again before it holds, and goes by the receiver's clock, not by a step of its own", async () => {
  let receiverNow = Date.UTC(2026, 10, 23, 12)
  await using receiver = await startReceiver((response) => {
    response.writeHead(204, { date: new Date(receiverNow).toUTCString() }).end()
  })
  receiver.onHead(() => ({ date: new Date(receiverNow).toUTCString() }))
  const clock = manualClock(receiverNow)
  await using sink = forwarder({ url: receiver.url }, clock)
  const send = () => sink.send(sampleBatch(clock.now(), [sample('a', 1)]))

  assert.equal((await send()).is, 'accepted')
  assert.equal(receiver.heads.length, 1)
  clock.pass(30_000)
  receiverNow += 30_000
  assert.equal((await send()).is, 'accepted')
  assert.equal(receiver.heads.length, 1)

  clock.step(600_000)
  assert.equal((await send()).is, 'retry')
  assert.equal(receiver.heads.length, 2)
  receiverNow += 600_000 // It was the receiver's clock that was wrong, and someone set it.
  assert.equal((await send()).is, 'accepted')
  assert.equal(receiver.heads.length, 3)
  assert.equal(receiver.posts.length, 3)
})

test('prometheus does not hold for a receiver that tells no time', async () => {
  await using receiver = await startReceiver((response) => {
    response.sendDate = false
    response.writeHead(204).end()
  })
  receiver.onHead(undefined)
  const clock = manualClock(Date.now() + 86_400_000)
  await using sink = forwarder({ url: receiver.url }, clock)
  assert.equal((await sink.send(sampleBatch(clock.now(), [sample('a', 1)]))).is, 'accepted')
  assert.equal(receiver.posts.length, 1)
})

test('prometheus sends the headers of remote write 1.0 and the node as instance', async () => {
  await using receiver = await startReceiver(always(204))
  await using sink = forwarder({ url: receiver.url, headers: { 'X-Scope-OrgID': 'a' } })
  await sink.send(sampleBatch(Date.now(), [sample('a', 1)]))
  const [post] = receiver.posts
  assert.equal(post?.headers['content-encoding'], 'snappy')
  assert.equal(post?.headers['content-type'], 'application/x-protobuf')
  assert.equal(post?.headers['x-prometheus-remote-write-version'], '0.1.0')
  assert.equal(post?.headers['x-scope-orgid'], 'a')
  const [series] = decodeWriteRequest(post?.body ?? Buffer.alloc(0))
  assert.deepEqual(series?.labels, [
    { name: '__name__', value: 'a' },
    { name: 'instance', value: 'rack-7' },
    { name: 'job', value: 'remora' },
  ])
})

test('prometheus refuses nothing and loses nothing while a token is wrong or the receiver is away', async () => {
  await using receiver = await startReceiver((response, _received, count) =>
    response
      .writeHead(count === 1 ? 401 : count === 2 ? 503 : 204, count === 2 ? { 'retry-after': '5' } : {})
      .end(),
  )
  await using sink = forwarder({ url: receiver.url })
  const batch = sampleBatch(Date.now(), [sample('a', 1)])
  const endpoint = receiver.url
  const retryAfterSeconds = undefined
  assert.deepEqual(await sink.send(batch), { is: 'down', words: '401', retryAfterSeconds, endpoint })
  assert.deepEqual(await sink.send(batch), { is: 'retry', words: '503', retryAfterSeconds: 5, endpoint })
  assert.deepEqual(await sink.send(batch), { is: 'accepted', endpoint })
})

test('prometheus takes no events', async () => {
  await using sink = forwarder({ url: 'http://127.0.0.1:1/' })
  assert.equal((await sink.send(eventBatch(1, 1))).is, 'refused')
})

test('verdict knows the words of receivers, and trusts them only where they decide', () => {
  const refused = (words: string): Outcome => ({ is: 'refused', words })
  const cases: readonly (readonly [Outcome, boolean, string])[] = [
    [refused('400 out of order sample'), true, 'accepted'],
    [refused('400 out of order sample'), false, 'refused'],
    [refused('400 duplicate sample for timestamp'), true, 'accepted'],
    [refused('409 store locally for endpoint: out of order sample'), true, 'accepted'],
    [refused('400 the sample was rejected (err-mimir-sample-out-of-order)'), true, 'accepted'],
    [refused('400 out of bounds'), true, 'lost'],
    [refused('400 out of bounds'), false, 'lost'],
    [refused('400 out of bounds: timestamp is too far in the future'), false, 'retry'],
    [refused('400 label name is not unique'), true, 'refused'],
    [{ is: 'retry', words: '500 too old sample' }, false, 'lost'],
    [{ is: 'retry', words: '500 index out of bounds' }, false, 'retry'],
    [{ is: 'retry', words: '503 out of order' }, true, 'retry'],
    [{ is: 'down', words: '403 out of bounds' }, false, 'down'],
  ]
  for (const [outcome, again, is] of cases)
    assert.equal(verdict(outcome, again).is, is, JSON.stringify(outcome))
  assert.equal(cases.length, 13)
})
