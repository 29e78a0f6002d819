import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ParseError, SpoolUnavailableError } from '../../../src/errors.ts'
import {
  accepted,
  assertConserved,
  batch,
  drain,
  folder,
  noise,
  open,
  options,
  samples,
  sink,
} from './spool.ts'

test('the spool gives records back as they were, numbered from 1', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('main')])
  const field = (name: string, bytes: number[]) => [name, Buffer.from(bytes)] as const
  const record = {
    stream: 's',
    id: 'x:1',
    time: 1_700_000_000_123_456_789n,
    observed: -1n,
    fields: [
      field('body', [0, 255, 61, 10]),
      field('empty', []),
      field('body', [0, 255, 61, 10]),
      field('é', [195]),
    ],
  }
  await spool.commit('kmsg', {
    records: [record, { ...record, id: 'x:2' }],
    positions: [{ stream: 's', position: 'p2' }],
  })
  const next = await spool.next('main', 0)
  assert.ok(next?.kind === 'events')
  assert.deepEqual(
    next.records.map(({ number, id, time, observed, stream }) => ({ number, id, time, observed, stream })),
    [1, 2].map((number) => ({ number, id: `x:${number}`, time: record.time, observed: -1n, stream: 's' })),
  )
  assert.deepEqual(
    next.records.at(1)?.fields.map(([name, value]) => [name, [...value]]),
    record.fields.map(([name, value]) => [name, [...value]]),
  )
  assert.deepEqual(await spool.positions('kmsg'), new Map([['s', 'p2']]))
})

test('samples come back with their bits, stale markers too', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('main')])
  const values = [0, -0, 0.1, Number.MAX_VALUE, Number.POSITIVE_INFINITY, 5e-324]
  await spool.commitSamples(1_700_000_000_000, [
    ...values.map((value, index) => ({
      name: 'a',
      labels: { i: `${index}`, text: 'x=y\n"' },
      value,
      stale: false,
    })),
    { name: 'b', labels: {}, value: Number.NaN, stale: true },
  ])
  const next = await spool.next('main', 0)
  assert.ok(next?.kind === 'samples')
  assert.deepEqual(
    next.samples.slice(0, -1).map(({ value }) => value),
    values,
  )
  assert.deepEqual(next.samples[0]?.labels, { i: '0', text: 'x=y\n"' })
  assert.deepEqual([next.samples.at(-1)?.stale, next.samples[0]?.stale], [true, false])
  assert.equal(next.timeMilliseconds, 1_700_000_000_000)
})

test('each sink has its own cursor, and a batch leaves when the last one has passed it', async (t) => {
  const spool = await open(t, options(await folder(t)), [
    sink('a'),
    sink('b'),
    sink('c', { sources: ['other'] }),
  ])
  for (let i = 0; i < 3; i++) await spool.commit('kmsg', batch(i * 10, i * 10 + 10))
  assert.equal((await drain(spool, 'a')).length, 30)
  let snapshot = await spool.snapshot()
  assert.equal(snapshot.batches, 3)
  assert.deepEqual(snapshot.sinks.get('a')?.get('kmsg'), {
    routed: 30,
    acknowledged: 30,
    held: 0,
    quarantined: 0,
    lost: {},
  })
  assert.deepEqual(snapshot.sinks.get('b')?.get('kmsg'), {
    routed: 30,
    acknowledged: 0,
    held: 30,
    quarantined: 0,
    lost: {},
  })
  assert.equal(snapshot.sinks.get('c')?.get('kmsg'), undefined)
  assert.equal(assertConserved(snapshot), 3)
  assert.deepEqual(
    await drain(spool, 'b'),
    Array.from({ length: 30 }, (_, i) => `counter:${i}`),
  )
  snapshot = await spool.snapshot()
  assert.equal(snapshot.batches, 0)
  assert.equal(assertConserved(snapshot), 3)
})

test('numbers, positions, ledger and what is held survive a restart', async (t) => {
  const path = await folder(t)
  {
    await using spool = await open(t, options(path), [sink('main')])
    await spool.commit('kmsg', { ...batch(0, 10), filtered: { priority: 5 }, missed: { overrun: 2 } })
    await spool.commitSamples(1000, samples(4, 0))
  }
  const spool = await open(t, options(path), [sink('main')])
  await spool.commit('kmsg', batch(10, 12))
  const snapshot = await spool.snapshot()
  assert.deepEqual(snapshot.sources.get('kmsg'), {
    read: 17,
    spooled: 12,
    filtered: { priority: 5 },
    missed: { overrun: 2 },
  })
  assert.deepEqual(snapshot.sources.get('metrics'), { read: 4, spooled: 4, filtered: {}, missed: {} })
  assert.equal(snapshot.sinks.get('main')?.get('kmsg')?.held, 12)
  assert.deepEqual(await spool.positions('kmsg'), new Map([['counter', '12']]))
  await spool.settle('main', [accepted(1, 10), accepted(2, 4)])
  const last = await spool.next('main', 0)
  assert.ok(last?.kind === 'events')
  assert.deepEqual(
    last.records.map(({ number }) => number),
    [11, 12],
  )
  assert.equal(assertConserved(await spool.snapshot()), 4)
})

test('a run of filtered records moves the position without a batch', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('main')])
  await spool.commit('kmsg', {
    records: [],
    positions: [{ stream: 's', position: '9' }],
    filtered: { unit: 9 },
  })
  const snapshot = await spool.snapshot()
  assert.deepEqual(snapshot.sources.get('kmsg'), { read: 9, spooled: 0, filtered: { unit: 9 }, missed: {} })
  assert.equal(snapshot.batches, 0)
  assert.deepEqual(await spool.positions('kmsg'), new Map([['s', '9']]))
})

test('a sink that is removed loses what it held, counted, and starts anew when it comes back', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('a'), sink('b')])
  await spool.commit('kmsg', batch(0, 10))
  const only = [sink('a')]
  assert.deepEqual(await spool.wouldLose(only), new Map([['b', 10]]))
  await spool.route(only)
  await spool.commit('kmsg', batch(10, 15))
  await spool.route([sink('a'), sink('b')])
  await spool.commit('kmsg', batch(15, 18))
  const snapshot = await spool.snapshot()
  assert.deepEqual(snapshot.sinks.get('b')?.get('kmsg'), {
    routed: 13,
    acknowledged: 0,
    held: 3,
    quarantined: 0,
    lost: { sink_removed: 10 },
  })
  assert.deepEqual(await drain(spool, 'b'), ['counter:15', 'counter:16', 'counter:17'])
  assert.equal(assertConserved(await spool.snapshot()), 3)
})

test('only an off-node acknowledgement ends being at risk', async (t) => {
  const spool = await open(t, options(await folder(t)), [
    sink('disk', { offNode: false }),
    sink('far', { sources: ['kmsg'] }),
  ])
  await spool.commit('kmsg', batch(0, 4))
  await spool.commit('files', batch(0, 5))
  await drain(spool, 'disk')
  assert.equal((await spool.snapshot()).atRisk.records, 9)
  await drain(spool, 'far')
  const { atRisk } = await spool.snapshot()
  assert.equal(atRisk.records, 5)
  assert.ok(atRisk.bytes > 0 && atRisk.oldestMilliseconds !== undefined)
})

test('a full spool gives up in the order of the contract, each step counted', async (t) => {
  const spool = await open(t, options(await folder(t), { maxBytes: 2 << 20 }), [
    sink('far', { required: true }),
    sink('lagging', { required: true }),
    sink('extra', { required: false }),
  ])
  const lost = async (name: string, source: string) =>
    (await spool.snapshot()).sinks.get(name)?.get(source)?.lost
  // (1) What only the optional sink awaits goes first.
  await spool.commit('kmsg', batch(0, 10, noise(20_000)))
  await drain(spool, 'far')
  await drain(spool, 'lagging')
  for (let i = 0; (await spool.snapshot()).usedBytes < 1_500_000; i++)
    await spool.commitSamples(
      i,
      samples(20, Math.random()).map((s) => ({ ...s, labels: { device: noise(1000) } })),
    )
  for (let i = 0; (await lost('extra', 'kmsg'))?.optional === undefined && i < 200; i++) {
    await spool.commitSamples(
      1e6 + i,
      samples(1, 0).map((s) => ({ ...s, labels: { device: noise(20_000) } })),
    )
  }
  assert.deepEqual(await lost('extra', 'kmsg'), { optional: 10 })
  // (2) Sample batches are thinned and then dropped; events stay.
  for (let i = 10; (await lost('far', 'metrics'))?.spool_full === undefined && i < 200; i++)
    await spool.commit('journald', batch(i * 10, i * 10 + 10, noise(20_000)))
  assert.ok(((await lost('far', 'metrics'))?.thinned ?? 0) > 0)
  assert.equal((await lost('lagging', 'journald'))?.spool_full, undefined)
  // (3) Events that another required off-node sink has go, for the one that lags.
  await drain(spool, 'far')
  for (let i = 500; (await lost('lagging', 'journald'))?.spool_full === undefined && i < 700; i++) {
    await spool.commit('journald', batch(i * 10, i * 10 + 10, noise(20_000)))
  }
  assert.ok(((await lost('lagging', 'journald'))?.spool_full ?? 0) > 0)
  assert.deepEqual(await lost('far', 'journald'), {})
  const snapshot = await spool.snapshot()
  assertConserved(snapshot)
  assert.ok(snapshot.usedBytes <= 2 << 20, `${snapshot.usedBytes} bytes used`)
})

test('sources are paused in the configured order and resume in reverse, and lose nothing', async (t) => {
  const spool = await open(t, options(await folder(t), { maxBytes: 2 << 20 }), [sink('far')])
  const order = ['unnamed', 'files', 'journald', 'kmsg', 'pstore']
  const committed = new Map(order.map((source) => [source, 0]))
  const paused: string[] = []
  for (let i = 0; paused.length < order.length && i < 2000; i++) {
    for (const source of order.filter((name) => !paused.includes(name))) {
      const from = committed.get(source) ?? 0
      try {
        await spool.commit(source, batch(from, from + 1, noise(3000)))
        committed.set(source, from + 1)
      } catch (error) {
        assert.ok(error instanceof SpoolUnavailableError)
        paused.push(source)
      }
    }
  }
  assert.deepEqual(paused, order)
  const full = await spool.snapshot()
  assert.ok(full.usedBytes <= 2 << 20)
  assert.deepEqual([...full.pausedSources], order)
  for (const [source, count] of committed) assert.equal(full.sources.get(source)?.spooled, count)
  const resumed: string[] = []
  const stop = new AbortController()
  const waits = order.map(async (source) => {
    await spool.writable(source, stop.signal)
    resumed.push(source)
  })
  for (let next = await spool.next('far', 0); next !== undefined; next = await spool.next('far', 0)) {
    await spool.settle('far', [accepted(next.sequence, next.count)])
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(waits)
  assert.deepEqual(resumed, order.toReversed())
  assertConserved(await spool.snapshot())
})

test('keep: all forbids giving up events that a sink awaits', async (t) => {
  const spool = await open(t, options(await folder(t), { maxBytes: 1 << 20 }), [
    sink('far'),
    sink('lagging', { keepAll: true }),
  ])
  let refused = 0
  for (let i = 0; i < 400 && refused === 0; i++) {
    await spool.commit('kmsg', batch(i, i + 1, noise(8000))).catch((error) => {
      assert.ok(error instanceof SpoolUnavailableError)
      refused += 1
    })
    await drain(spool, 'far')
  }
  assert.equal(refused, 1)
  assert.deepEqual((await spool.snapshot()).sinks.get('lagging')?.get('kmsg')?.lost, {})
})

test('positions are acknowledged back once every required off-node sink has the stream up to them', async (t) => {
  const spool = await open(t, options(await folder(t)), [
    sink('far'),
    sink('disk', { offNode: false }),
    sink('extra', { required: false }),
  ])
  const one = (stream: string, id: number) => ({
    records: batch(id, id + 1).records.map((record) => ({ ...record, stream })),
    positions: [{ stream, position: `${id}` }],
  })
  await spool.acknowledgedPositions()
  for (const [id, stream] of ['a', 'b', 'c'].entries()) await spool.commit('pstore', one(stream, id))
  assert.deepEqual(await spool.acknowledgedPositions(), [])
  await spool.settle('far', [accepted(1, 1)])
  assert.deepEqual(await spool.acknowledgedPositions(), [{ source: 'pstore', stream: 'a', position: '0' }])
  await spool.settle('far', [
    { sequence: 2, acknowledged: 0, quarantined: [{ index: 0, words: 'no' }] },
    accepted(3, 1),
  ])
  assert.deepEqual(await spool.acknowledgedPositions(), [{ source: 'pstore', stream: 'c', position: '2' }])
})

test('a source that no required off-node sink takes is never acknowledged back', async (t) => {
  const spool = await open(t, options(await folder(t)), [
    sink('disk', { offNode: false }),
    sink('extra', { required: false }),
  ])
  await spool.commit('pstore', batch(0, 1))
  await drain(spool, 'disk')
  await drain(spool, 'extra')
  assert.deepEqual(await spool.acknowledgedPositions(), [])
})

test('a quarantined record is bounded, replayed to its sink alone, and turns acknowledged in one transaction', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('a', { quarantineBytes: 4096 }), sink('b')])
  await spool.commit('pstore', batch(0, 3))
  await spool.settle('a', [
    { sequence: 1, acknowledged: 2, quarantined: [{ index: 1, words: 'line too long' }] },
  ])
  let snapshot = await spool.snapshot()
  assert.deepEqual(snapshot.sinks.get('a')?.get('pstore'), {
    routed: 3,
    acknowledged: 2,
    held: 0,
    quarantined: 1,
    lost: {},
  })
  assertConserved(snapshot)
  assert.deepEqual(await spool.replays('a'), [])
  await spool.replayed(1)
  snapshot = await spool.snapshot()
  assert.deepEqual(snapshot.sinks.get('a')?.get('pstore'), {
    routed: 3,
    acknowledged: 3,
    held: 0,
    quarantined: 0,
    lost: {},
  })
  assert.deepEqual(await spool.acknowledgedPositions(), [])
  await drain(spool, 'b')
  assert.deepEqual(await spool.acknowledgedPositions(), [
    { source: 'pstore', stream: 'counter', position: '3' },
  ])
})

test('a batch for which there can never be room gives nothing up in vain', async (t) => {
  const spool = await open(t, options(await folder(t), { maxBytes: 1 << 20 }), [sink('main')])
  for (let i = 1; i <= 8; i++) await spool.commitSamples(i * 1000, samples(10, i))
  await assert.rejects(spool.commit('kmsg', batch(0, 1, noise(2 << 20))), SpoolUnavailableError)
  const { sinks, sources } = await spool.snapshot()
  assert.deepEqual([sinks.get('main')?.get('metrics')?.held, sources.get('kmsg')], [80, undefined])
})

test('labels keep any name but one with "=", which is refused', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('main')])
  const sample = (label: string) => ({
    name: 'a',
    labels: Object.fromEntries([[label, 'v=w']]),
    value: 1,
    stale: false,
  })
  await assert.rejects(spool.commitSamples(1000, [sample('b=c')]), ParseError)
  await spool.commitSamples(2000, [sample('__proto__')])
  const next = await spool.next('main', 0)
  assert.ok(next?.kind === 'samples')
  assert.deepEqual(Object.entries(next.samples[0]?.labels ?? {}), [['__proto__', 'v=w']])
})

test('an event that another sink has only in quarantine is not given up for the one that lags', async (t) => {
  const spool = await open(t, options(await folder(t), { maxBytes: 2 << 20 }), [sink('fast'), sink('slow')])
  const take = async (quarantined: readonly number[]) => {
    const next = await spool.next('fast', 0)
    assert.ok(next)
    const refused = quarantined.map((index) => ({ index, words: 'no' }))
    const acknowledged = next.count - refused.length
    await spool.settle('fast', [{ sequence: next.sequence, acknowledged, quarantined: refused }])
  }
  await spool.commit('kmsg', batch(0, 5))
  await take([2])
  let until = 5
  for (; until < 2000; until += 5) {
    await spool.commit('kmsg', batch(until, until + 5, noise(20_000)))
    await take([])
    if ((await spool.snapshot()).sinks.get('slow')?.get('kmsg')?.lost.spool_full) break
  }
  assert.ok(until < 2000, 'something was given up')
  const left = await drain(spool, 'slow')
  assert.deepEqual(left.slice(0, 5), ['counter:0', 'counter:1', 'counter:2', 'counter:3', 'counter:4'])
  assert.notEqual(left[5], 'counter:5')
})

test('a spool without positions adopts those of a state copy, counts what died in quarantine, and acknowledges only what was', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  const copied = [
    { source: 'journald', stream: 'a', position: '7', acknowledged: true },
    { source: 'pstore', stream: 'b', position: '8', acknowledged: false },
  ]
  assert.equal(await spool.adopt(copied, { pstore: 3 }), true)
  assert.deepEqual((await spool.snapshot()).sources.get('pstore')?.missed, { quarantined: 3 })
  assert.deepEqual(await spool.positions('pstore'), new Map([['b', '8']]))
  const [{ acknowledged: _, ...first } = {}] = copied
  assert.deepEqual(await spool.acknowledgedPositions(), [first])
  assert.deepEqual(await spool.donePositions(), copied)
  assert.deepEqual(await spool.donePositions(), [], 'only what changed since')
  assert.equal(await spool.adopt(copied, { pstore: 3 }), false)
  assert.deepEqual((await spool.snapshot()).sources.get('pstore')?.missed, { quarantined: 3 })
  await spool.commit('journald', batch(0, 3))
  assert.deepEqual(await spool.donePositions(), [])
  assert.equal((await drain(spool, 'far')).length, 3)
  assert.deepEqual(await spool.donePositions(), [
    { source: 'journald', stream: 'counter', position: '3', acknowledged: true },
  ])
})
