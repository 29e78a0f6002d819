import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { quarantineChange } from '../../../src/cli/spool.ts'
import { systemClock } from '../../../src/clock.ts'
import type { Answer } from '../../../src/forwarders/forwarder.ts'
import { prometheusForwarder } from '../../../src/forwarders/prometheus.ts'
import { prometheusSink } from '../../../src/sink-schemas.ts'
import { openSpool } from '../../../src/spool/open.ts'
import type { Spool } from '../../../src/spool/spool.ts'
import { mountTmpfs } from '../../own-mount.ts'
import { abort, ext4 } from '../spool/disks.ts'
import {
  accepted,
  assertConserved,
  batch,
  columnsOf,
  folder,
  open,
  options,
  records,
  samples,
  sink,
} from '../spool/spool.ts'
import { origin } from './batches.ts'
import { accepts, allowedClock, counts, deliver, scripted, until } from './deliveries.ts'
import { decodeWriteRequest, type Script, startReceiver } from './receiver.ts'

const remoteWrite = (settings: object) =>
  prometheusForwarder(prometheusSink.parse({ type: 'prometheus', ...settings }), origin, systemClock)

/** A remote-write receiver that asks for the token "good" and has words for poison. */
function guarded(poison: Set<string>): { script: Script; taken: string[] } {
  const taken: string[] = []
  return {
    taken,
    script(response, { headers, body }) {
      if (headers.authorization !== 'Bearer good') return response.writeHead(401).end('who are you')
      const devices = decodeWriteRequest(body).map(
        ({ labels }) => labels.find(({ name }) => name === 'device')?.value ?? '',
      )
      if (devices.some((device) => poison.has(device)))
        return response.writeHead(400).end('label "device" is not to my taste')
      taken.push(...devices)
      return response.writeHead(204).end()
    },
  }
}

test('three poison records among 1,000 are quarantined with their words, and replayed to their sink alone', async (t) => {
  const path = await folder(t)
  const poison = new Set(['d0', 'd500', 'd999'])
  const { script, taken } = guarded(poison)
  await using receiver = await startReceiver(script)
  const token = join(path, 'token')
  await writeFile(token, 'good\n')
  const spool = await open(t, options(path), [sink('far'), sink('second')])
  const second = scripted(() => accepts)
  const clock = allowedClock()
  const far = remoteWrite({ url: receiver.url, bearer_token_file: token })
  const { reports } = deliver(t, spool, far, { clock })
  deliver(t, spool, second, { clock, name: 'second' })
  await spool.commitSamples(Date.now(), samples(1000, 0))
  await until('all is settled', async () => (await spool.snapshot()).batches === 0)

  assert.equal(taken.length, 997)
  assert.ok(receiver.posts.length <= 64, `${receiver.posts.length} requests`)
  const before = await spool.snapshot()
  assertConserved(before)
  const all = { routed: 1000, held: 0, lost: {} }
  assert.deepEqual(before.sinks.get('far')?.get('metrics'), { ...all, acknowledged: 997, quarantined: 3 })
  assert.deepEqual(before.sinks.get('second')?.get('metrics'), { ...all, acknowledged: 1000, quarantined: 0 })
  const listed: string[] = []
  const command = { path, json: true, out: (text: string) => listed.push(text), complain: assert.fail }
  const posts = receiver.posts.length

  // Asked for before the receiver is mended: they stay, and are not tried again by themselves.
  assert.equal(quarantineChange(command, { keys: [] }, 'replay'), 0)
  await until('each was tried', () => receiver.posts.length === posts + 3)
  await until('each answer is known', async () => (await spool.replays('far')).length === 0)
  assert.equal((await counts(spool, 'far', 'metrics'))?.quarantined, 3)

  poison.clear()
  assert.equal(quarantineChange(command, { keys: [] }, 'replay'), 0)
  await until(
    'the quarantine is empty',
    async () => (await counts(spool, 'far', 'metrics'))?.quarantined === 0,
  )
  const after = await spool.snapshot()
  assertConserved(after)
  assert.deepEqual(after.sinks.get('far')?.get('metrics'), { ...all, acknowledged: 1000, quarantined: 0 })
  assert.deepEqual(taken.slice(997), ['d0', 'd500', 'd999'])
  assert.equal(new Set(taken).size, 1000)
  assert.equal(receiver.posts.length, posts + 6)
  assert.deepEqual(
    second.sent.map(({ ids }) => ids.length),
    [1000],
  )
  assert.deepEqual(listed, ['{"replay":3}\n', '{"replay":3}\n'])
  assert.deepEqual(reports, [])
})

test('a wrong token for a minute quarantines nothing, and all is delivered with the right one', async (t) => {
  const path = await folder(t)
  const { script, taken } = guarded(new Set())
  await using receiver = await startReceiver(script)
  const token = join(path, 'token')
  await writeFile(token, 'wrong\n')
  const spool = await open(t, options(path), [sink('far')])
  const clock = allowedClock(60_000)
  const start = clock.monotonic()
  const far = remoteWrite({ url: receiver.url, bearer_token_file: token })
  const { delivery, reports } = deliver(t, spool, far, { clock, mostRetryMilliseconds: 8000 })
  for (let index = 0; index < 5; index++) await spool.commitSamples(Date.now() + index, samples(200, index))
  await until('the minute is over', () => clock.exhausted)
  assert.ok(clock.monotonic() - start > 50_000)
  const tried = receiver.posts.length
  assert.ok(tried > 8 && tried < 30, `${tried} requests`)
  assert.equal(delivery.status().state, 'down')
  assert.equal(delivery.status().lastError, '401 who are you')
  const { held, quarantined } = (await counts(spool, 'far', 'metrics')) ?? {}
  assert.deepEqual({ held, quarantined, taken: taken.length }, { held: 1000, quarantined: 0, taken: 0 })
  await writeFile(token, 'good\n')
  clock.allow(8000)
  await until('all is delivered', () => delivery.idle)
  const snapshot = await spool.snapshot()
  assertConserved(snapshot)
  const all = { routed: 1000, acknowledged: 1000, held: 0, quarantined: 0, lost: {} }
  assert.deepEqual(snapshot.sinks.get('far')?.get('metrics'), all)
  assert.equal(taken.length, 1000)
  assert.equal(receiver.posts.length, tried + 5)
  assert.deepEqual(reports, ['down: 401 who are you', 'up'])
})

async function filled(spool: Spool, batches: number, size = 1): Promise<void> {
  for (let index = 0; index < batches; index++)
    await spool.commit('kmsg', batch(index * size, (index + 1) * size))
}

test('a receiver that refuses everything is down, and after 15 minutes one batch is given to quarantine', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  await filled(spool, 2, 20)
  let mended = false
  const far = scripted(() => (mended ? accepts : { is: 'refused', words: '400 all of it' }))
  const clock = allowedClock(14 * 60_000)
  const { delivery, reports } = deliver(t, spool, far, { clock })
  await until('14 minutes are over', () => clock.exhausted)
  assert.equal((await counts(spool, 'far', 'kmsg'))?.quarantined, 0)
  assert.deepEqual(reports, ['down: 400 all of it'])
  assert.equal(far.sent.length % 8, 0)
  assert.ok(far.sent.length >= 8 * 14 && far.sent.length <= 8 * 36, `${far.sent.length} requests`)
  clock.allow(3 * 60_000)
  await until('17 minutes are over', () => clock.exhausted)
  const snapshot = await spool.snapshot()
  assertConserved(snapshot)
  const { held, quarantined } = snapshot.sinks.get('far')?.get('kmsg') ?? {}
  assert.deepEqual({ held, quarantined }, { held: 20, quarantined: 20 })
  assert.equal(far.sent.at(-1)?.sequence, 2)
  assert.deepEqual(reports, ['down: 400 all of it'])
  mended = true
  clock.allow(60_000)
  await until('the second is delivered', () => delivery.idle)
  assert.deepEqual(reports, ['down: 400 all of it', 'up'])
  assert.equal((await counts(spool, 'far', 'kmsg'))?.acknowledged, 20)
})

test('a small batch that is refused whole is quarantined at once, and the sink is up', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  await filled(spool, 1, 15)
  let count = 0
  const far = scripted(() => (++count === 1 ? { is: 'down', words: '403' } : { is: 'refused', words: '400' }))
  const { delivery, reports } = deliver(t, spool, far, { clock: allowedClock(2000) })
  await until('it is resolved', () => delivery.idle)
  assert.equal((await counts(spool, 'far', 'kmsg'))?.quarantined, 15)
  assert.equal(far.sent.length, 1 + 29)
  assert.equal(delivery.status().state, 'up')
  assert.deepEqual(reports, ['down: 403', 'up'])
})

test('retries wait a jittered time that doubles up to its bound, and a change of state is told once', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  await filled(spool, 2)
  const far = scripted((_, count) => (count % 12 === 0 ? accepts : { is: 'retry', words: '503 busy' }))
  const clock = allowedClock(24 * 60_000)
  const { delivery, reports } = deliver(t, spool, far, { clock })
  await until('both are delivered', () => delivery.idle)
  assert.deepEqual(reports, ['retrying: 503 busy', 'up', 'retrying: 503 busy', 'up'])
  assert.equal(clock.sleeps.length, 22)
  for (const [index, slept] of clock.sleeps.entries()) {
    const longest = Math.min(60_000, 1000 * 2 ** (index % 11)) // Begins anew after a success.
    assert.ok(slept >= longest / 2 && slept <= longest, `pause ${index} of ${slept} ms`)
  }
  assert.ok(new Set(clock.sleeps).size > 20)
  assert.equal(delivery.status().nextTryMilliseconds, undefined)
})

test('Retry-After is the least that is waited, in seconds and as a date', async (t) => {
  const headers = [
    { 'retry-after': '97' },
    { 'retry-after': 'Mon, 23 Nov 2026 12:05:00 GMT', date: 'Mon, 23 Nov 2026 12:00:00 GMT' },
    { 'retry-after': '0' },
  ]
  await using receiver = await startReceiver((response, _, count) => {
    const asked = headers[count - 1]
    response.writeHead(asked === undefined ? 204 : count === 1 ? 429 : 503, asked).end()
  })
  const spool = await open(t, options(await folder(t)), [sink('far')])
  await spool.commitSamples(Date.now(), samples(2, 0))
  const clock = allowedClock(3_600_000)
  const { delivery } = deliver(t, spool, remoteWrite({ url: receiver.url }), { clock })
  await until('it is delivered', () => delivery.idle)
  assert.equal(receiver.posts.length, 4)
  assert.deepEqual(clock.sleeps.slice(0, 2), [97_000, 300_000])
  const last = clock.sleeps[2] ?? 0
  assert.ok(last >= 2000 && last <= 4000, `${last} ms`)
})

test('401, 403, 404, 405 and 407 make a sink down, and 503 does not', async (t) => {
  const statuses = [401, 403, 404, 405, 407]
  await using receiver = await startReceiver((response, _, count) => {
    response.writeHead(statuses[count - 1] ?? (count === 6 ? 503 : 204)).end()
  })
  const spool = await open(t, options(await folder(t)), [sink('far')])
  await spool.commitSamples(Date.now(), samples(20, 0))
  const states: string[] = []
  const clock = allowedClock(600_000)
  const far = remoteWrite({ url: receiver.url })
  const { delivery, reports } = deliver(
    t,
    spool,
    {
      ...far,
      send: async (...parts) => {
        if (receiver.posts.length > 0) states.push(delivery.status().state)
        return far.send(...parts)
      },
    },
    { clock },
  )
  await until('it is delivered', () => delivery.idle)
  assert.deepEqual(states, [...statuses.map(() => 'down'), 'retrying'])
  assert.deepEqual(reports, ['down: 401', 'retrying: 503', 'up'])
  assert.equal((await counts(spool, 'far', 'metrics'))?.acknowledged, 20)
})

test('a dead sink never slows another one', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far'), sink('dead'), sink('hung')])
  const far = scripted(() => accepts)
  const dead = scripted(() => ({ is: 'retry', words: 'Cannot reach it' }))
  const end = Promise.withResolvers<Answer>()
  t.after(() => end.resolve(accepts)) // Before its loop is stopped, which waits for it.
  const hung = scripted(() => end.promise)
  const { delivery } = deliver(t, spool, far, { clock: allowedClock() })
  const clock = allowedClock()
  deliver(t, spool, dead, { clock, name: 'dead' })
  deliver(t, spool, hung, { clock: allowedClock(), name: 'hung' })
  for (let index = 0; index < 100; index++) await spool.commit('kmsg', batch(index, index + 1))
  await until('everything is with the living one', () => delivery.idle)
  assert.equal(far.sent.length, 100)
  assert.deepEqual([dead.sent.length, hung.sent.length], [1, 1])
  const snapshot = await spool.snapshot()
  assertConserved(snapshot)
  const heldBy = ['far', 'dead', 'hung'].map((name) => snapshot.sinks.get(name)?.get('kmsg')?.held)
  assert.deepEqual(heldBy, [0, 100, 100])
})

test('a sink dead for an hour costs a bounded number of sends and not a byte of the spool', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  await filled(spool, 50, 20)
  const before = await spool.snapshot()
  const far = scripted(() => ({ is: 'retry', words: 'Cannot reach it', unanswered: true }))
  const clock = allowedClock(3_600_000)
  const start = clock.monotonic()
  const { delivery, reports } = deliver(t, spool, far, { clock })
  await until('the hour is over', () => clock.exhausted)
  assert.ok(clock.monotonic() - start > 3_540_000)
  // 1, 2, 4, 8, 16, 32 s and then a minute, each at least half and at most whole.
  assert.ok(far.sent.length >= 60 && far.sent.length <= 128, `${far.sent.length} sends`)
  assert.deepEqual(reports, ['retrying: Cannot reach it'])
  assert.deepEqual(await spool.snapshot(), before)
  assert.equal(delivery.idle, false)
})

test('the first batch of a run, and one whose sending was not answered, are sent as sent before', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far')])
  await filled(spool, 4)
  const answers: Answer[] = [
    accepts,
    { is: 'retry', words: 'no answer', unanswered: true },
    { is: 'retry', words: '429', busy: true },
    accepts,
    { is: 'retry', words: '503' },
    accepts,
    accepts,
  ]
  const far = scripted((_, count) => answers[count - 1] ?? accepts)
  const { delivery, stop } = deliver(t, spool, far, { clock: allowedClock(60_000) })
  await until('all is delivered', () => delivery.idle)
  const flags = [
    [1, true],
    [2, false],
    [2, true],
    [2, true],
    [3, false],
    [3, false],
    [4, false],
  ]
  assert.deepEqual(
    far.sent.map(({ sequence, again }) => [sequence, again]),
    flags,
  )
  await stop()
  await filled(spool, 2)
  const next = scripted(() => accepts)
  const run = deliver(t, spool, next, { clock: allowedClock() })
  await until('all is delivered', () => run.delivery.idle)
  assert.deepEqual(
    next.sent.map(({ sequence, again }) => [sequence, again]),
    [
      [5, true],
      [6, false],
    ],
  )
})

test('a new run on an empty spool suspects nothing', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  const far = scripted(() => accepts)
  const { delivery } = deliver(t, spool, far, { clock: allowedClock() })
  await until('it waits', () => delivery.idle)
  await filled(spool, 1)
  await until('it is delivered', () => far.sent.length === 1)
  assert.equal(far.sent[0]?.again, false)
})

test('an answer that comes after the stop is not counted', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  await filled(spool, 1)
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<Answer>()
  const far = scripted(() => {
    asked.resolve()
    return answer.promise
  })
  const { stop } = deliver(t, spool, far, { clock: allowedClock() })
  await asked.promise
  const stopped = stop()
  answer.resolve(accepts)
  await stopped
  assert.equal((await counts(spool, 'far', 'kmsg'))?.held, 1)
})

test('a sink whose spool has a full disk is up again when it has room, without another batch', async (t) => {
  await using disk = await mountTmpfs('8m')
  await using spool = await openSpool(options(join(disk.path, 'spool'), { reserveRatio: 0.01 }), [
    sink('far'),
  ])
  await filled(spool, 3)
  const filler = join(disk.path, 'filler')
  const far = scripted((_, count) => {
    if (count === 3) assert.throws(() => writeFileSync(filler, Buffer.alloc(16 << 20)), { code: 'ENOSPC' })
    return accepts
  })
  const clock = allowedClock(300_000)
  const { delivery, reports, stop } = deliver(t, spool, far, { clock })
  await until('it has waited for long', () => clock.exhausted)
  assert.equal(delivery.status().state, 'retrying')
  assert.match(delivery.status().lastError ?? '', /database or disk is full$/)
  assert.equal((await counts(spool, 'far', 'kmsg'))?.held, 1)
  await rm(filler)
  clock.allow(60_000)
  await until('it is settled', () => delivery.idle)
  assert.equal(delivery.status().state, 'up')
  assert.deepEqual([reports.length, reports[1], far.sent.length], [2, 'up', 3])
  assert.equal((await counts(spool, 'far', 'kmsg'))?.acknowledged, 3)
  await stop()
})

test('what was on its way when the spool left its disk is sent with the numbers of the new ledger, as sent before', async (t) => {
  const path = await ext4(t)
  const spool = await open(t, options(join(path, 'spool')), [sink('far')])
  await spool.commit('kmsg', batch(0, 10))
  const first = await spool.next('far', 0)
  assert.ok(first)
  await spool.settle('far', [accepted(first.sequence, first.count)])
  for (const from of [10, 20, 30]) await spool.commit('kmsg', batch(from, from + 10))
  const old = spool.ledger
  const clock = allowedClock()
  const sent: string[] = []
  let isUp = true
  const { stop } = deliver(
    t,
    spool,
    {
      kinds: ['events'],
      async send(part, _signal, again) {
        assert.ok(part.kind === 'events')
        const ledger = spool.ledger === old ? 'old' : 'new'
        sent.push(`${ledger} ${part.records.at(0)?.number} ${part.records.at(0)?.id} ${again}`)
        if (sent.length === 2) isUp = false
        return isUp ? accepts : { is: 'retry', words: 'down', busy: true }
      },
      close: async () => undefined,
    },
    { clock, settleMilliseconds: 5000 },
  )
  await until('the second is tried again later', () => sent.length === 2 && clock.exhausted)
  abort(path)
  await spool.commit('kmsg', batch(40, 50))
  assert.notEqual(spool.ledger, old)
  isUp = true
  clock.allow(60_000)
  await until('all is settled', async () => {
    clock.allow(1000)
    return (await spool.snapshot()).batches === 0
  })
  await stop()
  assert.deepEqual(sent, [
    'old 11 counter:10 true',
    'old 21 counter:20 true',
    'new 1 counter:10 true',
    'new 11 counter:20 true',
    'new 21 counter:30 true',
    'new 31 counter:40 true',
  ])
  assertConserved(await spool.snapshot())
})

test('what is found on a disk that turned read-only is sent as sent before: an agent may have gone on in memory', async (t) => {
  const path = await ext4(t)
  const before = await openSpool(options(join(path, 'spool')), [sink('far')])
  for (const from of [0, 10, 20]) await before.commit('kmsg', batch(from, from + 10))
  await before[Symbol.asyncDispose]()
  abort(path)
  const spool = await open(t, options(join(path, 'spool')), [sink('far')])
  const far = scripted(() => accepts)
  deliver(t, spool, far, { clock: allowedClock() })
  await until('all is settled', async () => (await spool.snapshot()).batches === 0)
  await spool.commit('kmsg', batch(30, 40))
  await until('the next one, too', () => far.sent.length === 4)
  assert.deepEqual(
    far.sent.map(({ ids, again }) => `${ids[0]} ${again}`),
    ['counter:0 true', 'counter:10 true', 'counter:20 true', 'counter:30 false'],
  )
})

test('a batch out of memory is given back by the loop, the first one it looks at too', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  const released: string[] = []
  const commit = async (from: number) => {
    const columns = columnsOf(records(from, from + 10), undefined, ({ length }) => {
      released.push(`${length} from ${from}`)
    })
    await spool.commit('kmsg', { ...batch(from, from + 10), records: columns })
    columns.release()
  }
  await commit(0)
  const far = scripted(() => accepts)
  deliver(t, spool, far, { clock: allowedClock() })
  await until(
    'the first is acknowledged',
    async () => (await counts(spool, 'far', 'kmsg'))?.acknowledged === 10,
  )
  await commit(10)
  await until(
    'the second is acknowledged',
    async () => (await counts(spool, 'far', 'kmsg'))?.acknowledged === 20,
  )
  assert.deepEqual(released, ['10 from 0'])
  await commit(20)
  await until('the second is given back', () => released.length > 1)
  assert.deepEqual(released, ['10 from 0', '10 from 10'])
})
