import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quarantineChange, quarantineList } from '../../../src/cli/spool.ts'
import { systemClock } from '../../../src/clock.ts'
import type { Answer } from '../../../src/forwarders/forwarder.ts'
import { prometheusForwarder } from '../../../src/forwarders/prometheus.ts'
import { prometheusSink } from '../../../src/sink-schemas.ts'
import type { LedgerSnapshot, SinkRoute, Spool } from '../../../src/spool/spool.ts'
import { startPrometheus } from '../../prometheus-server.ts'
import { origin } from '../forwarders/batches.ts'
import { accepts, allowedClock, deliver, scripted, until } from '../forwarders/deliveries.ts'
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

const words = '400 no'
const refuses: Answer = { is: 'refused', words }
const one = (index = 0) => [{ index, words }]

/** What `remora spool quarantine` does, from a connection of its own. */
function change(path: string, how: 'replay' | 'drop', keys: readonly string[] = []): void {
  const command = { path, json: true, out: () => undefined, complain: assert.fail }
  assert.equal(quarantineChange(command, { keys }, how), 0)
}

function row(snapshot: LedgerSnapshot, name: string, source: string) {
  assertConserved(snapshot)
  return snapshot.sinks.get(name)?.get(source)
}

/** A record of a stream of its own, as pstore gives each crash. */
async function crash(spool: Spool, stream: string, id: number): Promise<void> {
  const records = batch(id, id + 1).records.map((record) => ({ ...record, stream }))
  await spool.commit('pstore', { records, positions: [{ stream, position: `${id}` }] })
}

test('a full quarantine stops a required sink, loses nothing, and it goes on after a drop', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far', { quarantineBytes: 700 }), sink('near')])
  for (let index = 0; index < 4; index++) await spool.commit('kmsg', batch(index, index + 1, noise(300)))
  const far = scripted(({ sequence }) => (sequence === 4 ? accepts : refuses))
  const clock = allowedClock(600_000)
  const { delivery, reports } = deliver(t, spool, far, { clock })
  await drain(spool, 'near')
  await until('it has stopped for long', () => clock.exhausted)
  const stopped = row(await spool.snapshot(), 'far', 'kmsg')
  const kept = stopped?.quarantined ?? 0
  assert.ok(kept === 1 || kept === 2, `${kept} in quarantine`)
  assert.deepEqual(stopped, { routed: 4, acknowledged: 0, held: 4 - kept, quarantined: kept, lost: {} })
  assert.equal(delivery.status().state, 'stopped')
  const full = /^Cannot quarantine record \d of "kmsg" for sink "far": its quarantine of 700 bytes is full$/
  assert.match(delivery.status().lastError ?? '', full)
  assert.equal(reports.length, 1)
  // What it could not settle is not sent again all the while.
  assert.equal(far.sent.length, kept + 1)

  while (!delivery.idle) {
    change(path, 'drop')
    clock.allow(60_000)
    await until('it is full again, or done', () => clock.exhausted || delivery.idle)
  }
  const done = row(await spool.snapshot(), 'far', 'kmsg')
  assert.equal(done?.acknowledged, 1)
  assert.equal((done?.quarantined ?? 0) + (done?.lost.quarantine_dropped ?? 0), 3)
  assert.equal(delivery.status().state, 'up')
  assert.equal(reports.at(-1), 'up')
  assert.equal(far.sent.length, 4)
})

test('a required sink with a full quarantine goes on after a replay', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far', { quarantineBytes: 500 })])
  for (let index = 0; index < 2; index++) await spool.commit('kmsg', batch(index, index + 1, noise(300)))
  let mended = false
  const far = scripted(() => (mended ? accepts : refuses))
  const clock = allowedClock(60_000)
  const { delivery } = deliver(t, spool, far, { clock })
  await until('it has stopped', () => clock.exhausted)
  assert.equal(delivery.status().state, 'stopped')
  mended = true
  change(path, 'replay')
  clock.allow(60_000)
  await until('it goes on', () => delivery.idle)
  assert.equal(delivery.status().state, 'up')
  const counts = row(await spool.snapshot(), 'far', 'kmsg')
  assert.deepEqual(counts, { routed: 2, acknowledged: 1, held: 0, quarantined: 1, lost: {} })
  assert.deepEqual(
    far.sent.map(({ ids }) => ids),
    [['counter:0'], ['counter:1'], ['counter:0']],
  )
})

test('a full quarantine of an optional sink counts what does not fit as lost', async (t) => {
  const spool = await open(t, options(await folder(t)), [
    sink('far', { required: false, quarantineBytes: 500 }),
  ])
  for (let index = 0; index < 3; index++) await spool.commit('kmsg', batch(index, index + 1, noise(300)))
  const { delivery, reports } = deliver(
    t,
    spool,
    scripted(() => refuses),
    { clock: allowedClock(), required: false },
  )
  await until('it is done', () => delivery.idle)
  const counts = row(await spool.snapshot(), 'far', 'kmsg')
  const lost = { quarantine_full: 2 }
  assert.deepEqual(counts, { routed: 3, acknowledged: 0, held: 0, quarantined: 1, lost })
  assert.deepEqual(reports, [])
})

test('a record dropped by hand is counted as lost once, and never acknowledged back', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far')])
  await spool.acknowledgedPositions()
  await spool.commit('kmsg', batch(0, 2))
  await spool.settle('far', [{ sequence: 1, acknowledged: 1, quarantined: one(1) }])
  change(path, 'drop', ['1'])
  await spool.replayed(1) // Its replay was under way just then.
  const counts = row(await spool.snapshot(), 'far', 'kmsg')
  const lost = { quarantine_dropped: 1 }
  assert.deepEqual(counts, { routed: 2, acknowledged: 1, held: 0, quarantined: 0, lost })
  await spool.commit('kmsg', batch(2, 3))
  await drain(spool, 'far')
  assert.deepEqual(await spool.acknowledgedPositions(), [])
  await spool[Symbol.asyncDispose]()
  const again = await open(t, options(path), [sink('far')])
  assert.deepEqual(await again.acknowledgedPositions(), [])
})

test('a quarantined crash keeps only its own stream unacknowledged, until its replay succeeds', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far')])
  await spool.acknowledgedPositions()
  for (const [id, stream] of ['a', 'b', 'c'].entries()) await crash(spool, stream, id)
  await spool.settle('far', [
    accepted(1, 1),
    { sequence: 2, acknowledged: 0, quarantined: one() },
    accepted(3, 1),
  ])
  const streams = async () => (await spool.acknowledgedPositions()).map(({ stream }) => stream)
  assert.deepEqual(await streams(), ['a', 'c'])
  await crash(spool, 'b', 3) // Later in the same stream: not passed over either.
  await drain(spool, 'far')
  assert.deepEqual(await streams(), [])
  let mended = false
  const far = scripted(() => (mended ? accepts : refuses))
  deliver(t, spool, far, { clock: allowedClock() })
  change(path, 'replay')
  await until(
    'it is refused again',
    async () => far.sent.length === 1 && (await spool.replays('far')).length === 0,
  )
  assert.deepEqual(await streams(), [])
  mended = true
  change(path, 'replay')
  await until('it is taken', async () => row(await spool.snapshot(), 'far', 'pstore')?.quarantined === 0)
  const found = await spool.acknowledgedPositions()
  assert.deepEqual(
    found.find(({ stream }) => stream === 'b'),
    { source: 'pstore', stream: 'b', position: '3' },
  )
})

test('a replay is no resend: what a real Prometheus calls out of order stays in quarantine', async (t) => {
  await using server = await startPrometheus()
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far')])
  const start = Date.now() - 5000
  await spool.commitSamples(start, samples(2, 1))
  await spool.settle('far', [{ sequence: 1, acknowledged: 1, quarantined: one() }])
  await spool.commitSamples(start + 1000, samples(2, 2))
  const config = prometheusSink.parse({ type: 'prometheus', url: server.writeUrl })
  const far = prometheusForwarder(config, origin, systemClock)
  const { delivery } = deliver(t, spool, far, { clock: allowedClock() })
  await until('the second is delivered', () => delivery.idle)
  change(path, 'replay')
  await until('the replay is refused', async () => (await quarantine(path))[0]?.words !== words)
  const [record] = await quarantine(path)
  assert.deepEqual([record?.words, record?.replay], ['400 out of order sample', false])
  const counts = row(await spool.snapshot(), 'far', 'metrics')
  assert.deepEqual(counts, { routed: 4, acknowledged: 3, held: 0, quarantined: 1, lost: {} })
})

test('a replay whose answer never came is a resend', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far')])
  await spool.commit('kmsg', batch(0, 1))
  await spool.settle('far', [{ sequence: 1, acknowledged: 0, quarantined: one() }])
  change(path, 'replay')
  const far = scripted((_, count) =>
    count === 1 ? { is: 'retry', words: 'no answer', unanswered: true } : accepts,
  )
  const { reports } = deliver(t, spool, far, { clock: allowedClock(1000) })
  await until('it is taken', async () => row(await spool.snapshot(), 'far', 'kmsg')?.acknowledged === 1)
  assert.deepEqual(
    far.sent.map(({ again }) => again),
    [false, true],
  )
  assert.deepEqual(reports, ['retrying: no answer', 'up'])
})

test('a removed sink loses what it held and quarantined, and starts anew when its name comes back', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far'), sink('near')])
  for (let index = 0; index < 3; index++) await spool.commit('kmsg', batch(index * 2, index * 2 + 2))
  await spool.settle('far', [{ sequence: 1, acknowledged: 1, quarantined: one() }])
  const without = [sink('near')]
  assert.deepEqual([...(await spool.wouldLose(without))], [['far', 5]])
  await spool.route(without)
  const gone = { routed: 6, acknowledged: 1, held: 0, quarantined: 0, lost: { sink_removed: 5 } }
  assert.deepEqual(row(await spool.snapshot(), 'far', 'kmsg'), gone)
  assert.deepEqual(await quarantine(path), [])
  await spool.route([sink('far'), sink('near')])
  assert.deepEqual(row(await spool.snapshot(), 'far', 'kmsg'), gone)
  assert.equal(await spool.next('far', 0), undefined)
  await spool.commit('kmsg', batch(6, 8))
  assert.deepEqual(await drain(spool, 'far'), ['counter:6', 'counter:7'])
  assert.equal((await drain(spool, 'near')).length, 8)
  const snapshot = await spool.snapshot()
  assert.deepEqual(row(snapshot, 'far', 'kmsg'), { ...gone, routed: 8, acknowledged: 3 })
  assert.equal(snapshot.batches, 0)
})

test('a record at risk is counted once, however many sinks hold or have quarantined it', async (t) => {
  const path = await folder(t)
  const disk: SinkRoute = sink('disk', { offNode: false })
  const spool = await open(t, options(path), [sink('far'), sink('near'), disk])
  const atRisk = async () => (await spool.snapshot()).atRisk.records
  await spool.commit('kmsg', batch(0, 10))
  assert.equal(await atRisk(), 10)
  await drain(spool, 'disk')
  assert.equal(await atRisk(), 10)
  const refusedTwo = [0, 4].map((index) => ({ index, words }))
  await spool.settle('far', [{ sequence: 1, acknowledged: 8, quarantined: refusedTwo }])
  assert.equal(await atRisk(), 2)
  await spool.settle('near', [{ sequence: 1, acknowledged: 9, quarantined: one(4) }])
  assert.equal((await spool.snapshot()).batches, 0)
  assert.equal(await atRisk(), 1) // Record 4, in two quarantines; record 0 is with "near".
  const twice = (await quarantine(path)).filter(({ number }) => number === 5)
  assert.deepEqual(
    twice.map(({ sink }) => sink),
    ['far', 'near'],
  )
  await spool.replayed(twice[1]?.key ?? 0)
  assert.deepEqual((await spool.snapshot()).atRisk, { records: 0, samples: 0, bytes: 0 })
  const counts = row(await spool.snapshot(), 'near', 'kmsg')
  assert.equal(counts?.acknowledged, 10)
})

test('what a sink lost, dropped or was removed from is at risk while another one holds it', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far'), sink('near')])
  const atRisk = async () => (await spool.snapshot()).atRisk.records
  for (let index = 0; index < 3; index++) await spool.commit('kmsg', batch(index * 2, index * 2 + 2))
  const lost = { reason: 'too_old', count: 2 }
  await spool.settle('far', [
    { sequence: 1, acknowledged: 0, lost },
    { sequence: 2, acknowledged: 1, quarantined: one() },
  ])
  assert.equal(await atRisk(), 5) // One of six is with far.
  change(path, 'drop')
  assert.equal(await atRisk(), 5)
  await spool.route([sink('near')])
  assert.equal(await atRisk(), 5)
  await spool.route([sink('far'), sink('near')])
  assert.equal(await atRisk(), 5)
  await spool.settle('near', [{ sequence: 1, acknowledged: 1, quarantined: one() }])
  assert.equal(await atRisk(), 4)
  await spool.settle('near', [{ sequence: 2, acknowledged: 1, quarantined: one() }])
  assert.equal(await atRisk(), 4)
  await spool.settle('near', [accepted(3, 2)])
  assert.equal(await atRisk(), 2)
  change(path, 'drop')
  assert.deepEqual((await spool.snapshot()).atRisk, { records: 0, samples: 0, bytes: 0 })
  assertConserved(await spool.snapshot())
})

interface Listed {
  readonly key: number
  readonly sink: string
  readonly number: number
  readonly words: string
  readonly replay: boolean
}

/** What `remora spool quarantine list --json` prints. */
async function quarantine(path: string): Promise<Listed[]> {
  const lines: string[] = []
  const command = { path, json: true, out: (text: string) => lines.push(text), complain: assert.fail }
  assert.equal(quarantineList(command, { keys: [] }, false), 0)
  return lines.map((line) => JSON.parse(line))
}
