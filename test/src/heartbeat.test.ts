/** Heartbeats: what they tell, that they overtake and never disturb, and that with them a receiver knows what died. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import * as z from 'zod'
import { createAgentMetrics } from '../../src/agent-metrics.ts'
import { systemClock } from '../../src/clock.ts'
import type { Protocols } from '../../src/forwarders/all.ts'
import { protocols } from '../../src/forwarders/all.ts'
import type { Forwarder, Outcome } from '../../src/forwarders/forwarder.ts'
import { type Heartbeat, heartbeat } from '../../src/forwarders/heartbeat.ts'
import { lastHeartbeat, runHeartbeats } from '../../src/heartbeats.ts'
import { silentLog } from '../../src/log.ts'
import { type SinkConfig, sink as sinkSchema } from '../../src/sink-schemas.ts'
import { Sinks } from '../../src/sinks.ts'
import type { Spool } from '../../src/spool/spool.ts'
import { parseExport, startJournalRemote } from '../journal-remote-server.ts'
import { origin } from './forwarders/batches.ts'
import { until } from './forwarders/deliveries.ts'
import { startLoki } from './forwarders/loki-receiver.ts'
import { always, startReceiver } from './forwarders/receiver.ts'
import { accepted, batch, folder, open, options, samples, sink } from './spool/spool.ts'

const never = new AbortController().signal
const beatShape = z.object({
  heartbeat: z.literal(1),
  node: z.string(),
  boot_id: z.string(),
  ledger: z.string(),
  time: z.iso.datetime(),
  next_seconds: z.number(),
  sink: z.string(),
  sources: z.record(
    z.string(),
    z.object({
      last_number: z.int(),
      acknowledged: z.int(),
      held: z.int(),
      quarantined: z.int(),
      lost: z.int(),
      positions: z.record(z.string(), z.string()),
    }),
  ),
  sinks: z.record(z.string(), z.object({ unacknowledged: z.int() })),
  positions_left_out: z.int().optional(),
})
const read = (text: string) => beatShape.parse(JSON.parse(text))

async function beatOf(spool: Spool, name = 'far', nextSeconds = 10): Promise<Heartbeat> {
  const about = { origin: { ...origin, ledger: spool.ledger }, version: '0.0.0', sink: name, nextSeconds }
  return heartbeat(await spool.progress(), { ...about, timeMilliseconds: Date.now() })
}

test('a heartbeat tells the last number, the position and what is not acknowledged of each source', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far'), sink('near', { sources: ['kmsg'] })])
  await spool.commit('kmsg', batch(0, 10))
  await spool.commit('kmsg', batch(10, 30))
  await spool.commit('zram', {
    records: batch(0, 1).records,
    positions: [{ stream: 'state:a', position: 'b' }],
  })
  await spool.commitSamples(1000, samples(5, 1))
  const first = await spool.next('far', 0)
  const refused = [{ index: 3, words: 'no' }]
  await spool.settle('far', [{ sequence: first?.sequence ?? 0, acknowledged: 9, quarantined: refused }])
  const told = read((await beatOf(spool)).text)
  assert.deepEqual(told.sources, {
    kmsg: {
      last_number: 30,
      acknowledged: 9,
      held: 20,
      quarantined: 1,
      lost: 0,
      positions: { counter: '30' },
    },
    zram: { last_number: 1, acknowledged: 0, held: 1, quarantined: 0, lost: 0, positions: {} },
  })
  assert.deepEqual(told.sinks, { far: { unacknowledged: 22 }, near: { unacknowledged: 30 } })
  assert.equal(told.ledger, spool.ledger)
  assert.deepEqual(Object.keys(read((await beatOf(spool, 'near')).text).sources), ['kmsg'])
})

test('a heartbeat leaves out positions that are too long or too many, and says how many', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  const many = Array.from({ length: 300 }, (_, index) => ({ stream: `s${index}`, position: 'x'.repeat(400) }))
  await spool.commit('files', {
    records: batch(0, 1).records,
    positions: [...many, { stream: 'long', position: 'y'.repeat(5000) }],
  })
  const { text } = await beatOf(spool)
  const told = read(text)
  assert.ok(text.length < 80_000, String(text.length))
  assert.equal(Object.keys(told.sources.files?.positions ?? {}).length + (told.positions_left_out ?? 0), 301)
  assert.ok(!('long' in (told.sources.files?.positions ?? {})))
})

test('a heartbeat changes nothing in the spool: no number, no batch, no count', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  await spool.commit('kmsg', batch(0, 10))
  const before = await spool.snapshot()
  for (let beats = 0; beats < 20; beats++) await beatOf(spool)
  assert.deepEqual(await spool.snapshot(), before)
})

/** Sinks at work on a spool, one named `far` of this configuration. */
async function working(t: TestContext, config: SinkConfig, made: Protocols = protocols) {
  const spool = await open(t, options(await folder(t)), [])
  const metrics = createAgentMetrics(silentLog)
  const sinks = new Sinks({
    spool,
    origin: { ...origin, ledger: spool.ledger },
    clock: systemClock,
    log: silentLog,
    metrics,
    protocols: made,
  })
  t.after(() => sinks.stop())
  await sinks.configure({ far: config })
  const results = async () =>
    Object.fromEntries(
      (await metrics.heartbeats.get()).values.map(({ labels, value }) => [labels.result, value]),
    )
  return { spool, sinks, results }
}

const retry = { first_seconds: 0.05, most_seconds: 0.1, timeout_seconds: 20 }
const lokiAt = (url: string) => sinkSchema.parse({ type: 'loki', url, retry })

test('a heartbeat overtakes a batch that the receiver does not answer, on a connection of its own', async (t) => {
  const answers: (() => void)[] = []
  await using receiver = await startReceiver((response, _, count) => {
    if (count === 1) answers.push(() => response.writeHead(204).end())
    else response.writeHead(204).end()
  })
  const { spool, sinks, results } = await working(t, lokiAt(receiver.url))
  await spool.commit('kmsg', batch(0, 10))
  await until('the batch is on its way', () => receiver.posts.length === 1)
  await sinks.beat(await spool.progress(), 10, 10)
  assert.deepEqual(await results(), { sent: 1 })
  assert.equal(receiver.posts.length, 2)
  assert.equal((await spool.snapshot()).sinks.get('far')?.get('kmsg')?.held, 10)
  for (const answer of answers) answer()
  assert.ok(await sinks.drain(AbortSignal.timeout(10_000)))
  assert.equal(receiver.posts.length, 2, 'and nothing is sent twice')
})

test('a heartbeat that is refused changes neither the state of its sink nor where batches go', async (t) => {
  const refusals = [500, 503, 429, 400, 401, 404]
  await using other = await startReceiver(always(204))
  await using receiver = await startReceiver((response, { body }) => {
    const isBeat = body.includes('"heartbeat":1')
    response.writeHead(isBeat ? (refusals.shift() ?? 500) : 204).end()
  })
  const config = sinkSchema.parse({ type: 'journal-remote', urls: [receiver.url, other.url], retry })
  const { spool, sinks, results } = await working(t, config)
  for (let beats = 1; beats <= 7; beats++) {
    await sinks.beat(await spool.progress(), 10, 10)
    await spool.commit('kmsg', batch(beats, beats + 1))
    assert.ok(await sinks.drain(AbortSignal.timeout(10_000)))
    assert.equal(sinks.status()[0]?.state, 'up')
  }
  assert.deepEqual(await results(), { failed: 7 })
  assert.equal(other.posts.length, 0)
  assert.equal(receiver.posts.length, 14)
})

/** A sink whose heartbeats and batches are answered by script. */
function stub(parts: Pick<Forwarder, 'send' | 'heartbeat'>): Protocols {
  return {
    kinds: () => ['events'],
    make: () => ({ kinds: ['events'], close: async () => undefined, ...parts }),
  }
}
const fileAt = (path: string) => sinkSchema.parse({ type: 'file', path, off_node: true, retry })

test('a sink that is down gets no heartbeat, and one that hangs gets no second', async (t) => {
  let beats = 0
  let down = true
  const hanging = Promise.withResolvers<Outcome>()
  const made = stub({
    send: async () => (down ? { is: 'down', words: 'gone' } : { is: 'accepted' }),
    heartbeat: async (_, signal) => {
      beats += 1
      if (beats === 1) return hanging.promise
      signal.throwIfAborted()
      return { is: 'accepted' }
    },
  })
  const { spool, sinks, results } = await working(t, fileAt('/nowhere'), made)
  await spool.commit('kmsg', batch(0, 1))
  await until('the sink is down', () => sinks.status()[0]?.state === 'down')
  await sinks.beat(await spool.progress(), 10, 10)
  assert.deepEqual(await results(), { skipped: 1 })
  down = false
  assert.ok(await sinks.drain(AbortSignal.timeout(10_000)))
  const first = sinks.beat(await spool.progress(), 10, 10)
  await sinks.beat(await spool.progress(), 10, 10)
  assert.deepEqual(await results(), { skipped: 2 })
  hanging.resolve({ is: 'accepted' })
  await first
  await sinks.beat(await spool.progress(), 10, 10)
  assert.deepEqual(await results(), { skipped: 2, sent: 2 })
  assert.equal(beats, 2)
})

test('heartbeats come at once and then on time, whatever one of them does', async (t) => {
  const told: number[] = []
  const stop = new AbortController()
  const enough = Promise.withResolvers<void>()
  const sinks = {
    beat: async (_: unknown, nextSeconds: number) => {
      told.push(nextSeconds)
      if (told.length === 4) enough.resolve()
      if (told.length === 2) throw new Error('broken')
    },
  }
  const spool = await open(t, options(await folder(t)), [])
  const slept: number[] = []
  const clock = {
    ...systemClock,
    sleep: async (milliseconds: number, signal: AbortSignal) => {
      slept.push(milliseconds)
      await systemClock.sleep(1, signal)
    },
  }
  const running = runHeartbeats({ spool, sinks, clock, log: silentLog }, 10, stop.signal)
  await enough.promise
  stop.abort()
  await running
  assert.ok(told.every((seconds) => seconds === 10))
  assert.ok(slept.length >= 3 && slept.every((milliseconds) => milliseconds === 10_000))
  told.length = 0
  await lastHeartbeat({ spool, sinks, clock, log: silentLog })
  assert.deepEqual(told, [0])
})

test('a file sink keeps the last heartbeat of each ledger in a file of its own, and the newest twenty', async (t) => {
  const path = join(await folder(t), 'out')
  const made = protocols.make('far', fileAt(path), origin, systemClock)
  t.after(() => made.close())
  const beat = (text: string) => made.heartbeat?.({ timeMilliseconds: Date.now(), text }, never)
  const before = await beat('{}')
  assert.notEqual(before?.is, 'accepted', 'without its folder: a mount that is not there is not made up')
  await mkdir(path)
  assert.equal((await beat('{"n":1}'))?.is, 'accepted')
  assert.equal((await beat('{"n":2}'))?.is, 'accepted')
  assert.deepEqual(await readdir(path), ['heartbeat-rack-7-11112222-cafe0123.json'])
  assert.equal(await readFile(join(path, 'heartbeat-rack-7-11112222-cafe0123.json'), 'utf8'), '{"n":2}\n')
  for (let old = 10; old < 40; old++)
    await writeFile(join(path, `heartbeat-rack-7-11112222-000000${old}.json`), '{}')
  await writeFile(join(path, 'heartbeat-rack-7-5-11112222-00000010.json'), 'of rack-7-5')
  const next = protocols.make('far', fileAt(path), { ...origin, ledger: 'beef4567' }, systemClock)
  t.after(() => next.close())
  assert.equal((await next.heartbeat?.({ timeMilliseconds: 0, text: '{}' }, never))?.is, 'accepted')
  const names = await readdir(path)
  assert.equal(names.length, 21)
  assert.ok(names.includes('heartbeat-rack-7-11112222-beef4567.json'))
  assert.ok(names.includes('heartbeat-rack-7-5-11112222-00000010.json'))
})

const script = join(import.meta.dirname, '../../docs/examples/what_died.py')
const reportShape = z.array(
  z.object({
    ledger: z.string(),
    source: z.string(),
    node: z.string().nullable(),
    received: z.int(),
    highest_received: z.int(),
    stopped: z.boolean(),
    last_number: z.int().nullable(),
    missing: z.int(),
    missing_ranges: z.array(z.tuple([z.int(), z.int()])),
    unacknowledged: z.int().nullable(),
  }),
)

/** What docs/examples/what_died.py says of these lines. */
async function whatDied(lines: string) {
  const running = promisify(execFile)('python3', [script, '--json'], { maxBuffer: 64 << 20 })
  running.child.stdin?.end(lines)
  return reportShape.parse(JSON.parse((await running).stdout))
}

/**
 * 100 records, of which a receiver has 1 to 40 and 51 to 60 when the node dies; 41 to 50 were refused and are in
 * quarantine. The heartbeat comes before the last 20 are read.
 */
async function dyingNode(t: TestContext, config: SinkConfig) {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  const made = protocols.make('far', config, { ...origin, ledger: spool.ledger }, systemClock)
  t.after(() => made.close())
  for (let from = 0; from < 80; from += 10) await spool.commit('kmsg', batch(from, from + 10))
  for (let place = 0; place < 6; place++) {
    const next = await spool.next('far', 0)
    assert.ok(next)
    if (place !== 4) {
      assert.equal((await made.send(next, never, false)).is, 'accepted')
      await spool.settle('far', [accepted(next.sequence, 10)])
    } else {
      const quarantined = Array.from({ length: 10 }, (_, index) => ({ index, words: 'no' }))
      await spool.settle('far', [{ sequence: next.sequence, acknowledged: 0, quarantined }])
    }
  }
  assert.equal((await made.heartbeat?.(await beatOf(spool), never))?.is, 'accepted')
  for (let from = 80; from < 100; from += 10) await spool.commit('kmsg', batch(from, from + 10))
  return spool.ledger
}

/** What is so of the node above, whatever the receiver. */
function assertBound(found: z.output<typeof reportShape>, ledger: string): void {
  const one = found.find((each) => each.ledger === ledger && each.source === 'kmsg')
  assert.ok(one)
  assert.equal(one.received, 50)
  assert.equal(one.highest_received, 60)
  assert.equal(one.last_number, 80)
  assert.deepEqual(one.missing_ranges, [
    [41, 50],
    [61, 80],
  ])
  const readSince = 20
  const died = 100 - one.received
  assert.ok(died <= (one.unacknowledged ?? 0) + readSince, `${died} died`)
  assert.equal(one.unacknowledged, 30)
  assert.ok(one.missing <= (one.unacknowledged ?? 0))
  assert.equal(one.node, origin.node)
  assert.equal(one.stopped, false)
}

test('a real systemd-journal-remote tells what died with a node: gaps are exact, the tail is bounded', async (t) => {
  await using server = await startJournalRemote()
  const ledger = await dyingNode(t, sinkSchema.parse({ type: 'journal-remote', url: server.url, retry }))
  const entries = parseExport(await server.read())
  const beats = entries.filter(({ fields }) => fields.some((field) => field.startsWith('REMORA_HEARTBEAT=')))
  assert.equal(beats.length, 1)
  assert.ok(!beats[0]?.fields.some((field) => /^REMORA_(ID|RECORD)=/.test(field)))
  assert.equal(entries.length, 51)
  const { stdout } = await promisify(execFile)(
    'journalctl',
    ['-D', server.folder, '-o', 'json', '--all', '--no-pager'],
    { maxBuffer: 64 << 20 },
  )
  assertBound(await whatDied(stdout), ledger)
})

test('a Loki tells what died with a node: the heartbeat has a stream of its own', async (t) => {
  await using receiver = await startLoki()
  const ledger = await dyingNode(t, lokiAt(receiver.url))
  const own = [...receiver.streams].filter(([, entries]) =>
    entries.some(({ line }) => line.includes('"heartbeat"')),
  )
  assert.deepEqual(
    own.map(([labels]) => labels),
    ['{host="rack-7", job="remora", source="heartbeat"}'],
  )
  assert.equal(own[0]?.[1].length, 1)
  assert.equal(own[0]?.[1][0]?.metadata.remora_number, undefined)
  const lines = [...receiver.streams].flatMap(([labels, entries]) =>
    entries.map(({ line, metadata }) => {
      const isBeat = labels.includes('source="heartbeat"')
      return JSON.stringify({ labels: { ...metadata, ...(isBeat && { source: 'heartbeat' }) }, line })
    }),
  )
  assertBound(await whatDied(lines.join('\n')), ledger)
})

test('a folder of files tells what died with a node', async (t) => {
  const path = join(await folder(t), 'out')
  const ledger = await dyingNode(t, fileAt(path))
  const names = await readdir(path)
  const zstd = promisify(execFile)('sh', ['-c', 'zstd -dcq ./*.ndjson.zst*; cat heartbeat-*.json'], {
    cwd: path,
  })
  assert.equal(names.filter((name) => name.startsWith('heartbeat-')).length, 1)
  assertBound(await whatDied((await zstd).stdout), ledger)
})

test('numbers that come in any order and twice are one set, and a stopped agent says so', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far')])
  await spool.commit('kmsg', batch(0, 12))
  const { text } = await beatOf(spool, 'far', 0)
  const lines = [9, 3, 1, 2, 2, 8, 7, 12, 3, 5].map((number) =>
    JSON.stringify({ ledger: spool.ledger, source: 'kmsg', number }),
  )
  const [one] = await whatDied([...lines, text, ''].join('\n'))
  assert.deepEqual(one?.missing_ranges, [
    [4, 4],
    [6, 6],
    [10, 11],
  ])
  assert.equal(one?.received, 8)
  assert.equal(one?.stopped, true)
})
