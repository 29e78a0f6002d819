/** What a new ledger owes to those who still speak of the old one, and to everything that was in it. */
import assert from 'node:assert/strict'
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { SpooledBatch } from '../../../src/spool/batch.ts'
import type { Spool } from '../../../src/spool/spool.ts'
import {
  accepted,
  assertConserved,
  batch,
  columnsOf,
  drain,
  folder,
  open,
  options,
  records,
  samples,
  sink,
} from './spool.ts'

const sinks = [sink('main'), sink('other')]

/** Changes the file beside the agent, as a flipped bit would. */
function meddle(path: string, sql: string): void {
  using db = new DatabaseSync(join(path, 'spool.sqlite'), { timeout: 5000 })
  db.exec(sql)
}

const damagePositions = `UPDATE batch SET positions = '[[]]' WHERE sequence = (SELECT max(sequence) FROM batch)`

/** Ten records that both sinks have, ten of which `main` refused the fourth and `other` holds all, ten that both hold. */
async function filled(spool: Spool): Promise<void> {
  for (const from of [0, 10, 20]) await spool.commit('kmsg', batch(from, from + 10))
  const refused = { sequence: 2, acknowledged: 9, quarantined: [{ index: 3, words: 'no' }] }
  await spool.settle('main', [accepted(1, 10), refused])
  await spool.settle('other', [accepted(1, 10)])
}

function numbers(batch: SpooledBatch | undefined): Map<string, number> {
  assert.ok(batch?.kind === 'events')
  return new Map(batch.records.map(({ id, number }) => [id, number]))
}

test('a row that is not what was written replaces the file, for its counts cannot be trusted', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), sinks)
  const { ledger } = spool
  await filled(spool)
  meddle(path, 'UPDATE batch SET count = 11 WHERE sequence = 2')
  assert.equal((await drain(spool, 'other')).length, 10)
  assert.notEqual(spool.ledger, ledger)
  const snapshot = await spool.snapshot()
  assert.equal(assertConserved(snapshot), 3)
  assert.deepEqual(snapshot.sources.get('kmsg')?.missed, { spool_damaged: 11 })
})

test('a row that is damaged when its batch was taken out of memory replaces the file when it is settled', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), sinks)
  const { ledger } = spool
  await filled(spool)
  await spool.commit('kmsg', { ...batch(30, 40), records: columnsOf(records(30, 40)) })
  const newest = await spool.next('main', 3)
  assert.equal(newest?.count, 10)
  meddle(path, 'UPDATE batch SET count = 11 WHERE sequence = 4')
  await spool.settle('main', [accepted(4, 10)])
  assert.notEqual(spool.ledger, ledger)
  assert.equal(assertConserved(await spool.snapshot()), 3)
})

test('a file that was deleted while a row of it was damaged is begun anew with what can be read', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), sinks)
  const { ledger } = spool
  await filled(spool)
  meddle(path, 'UPDATE batch SET count = 11 WHERE sequence = 2')
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(path, `spool.sqlite${suffix}`), { force: true })
  assert.equal((await drain(spool, 'other')).length, 10)
  assert.notEqual(spool.ledger, ledger)
  assertConserved(await spool.snapshot())
})

test('a whole number larger than any that is written is damage, and is met once', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), sinks)
  await filled(spool)
  meddle(path, 'UPDATE batch SET time_ms = 9223372036854775807 WHERE sequence = 3')
  assert.deepEqual((await drain(spool, 'main')).length, 0)
  assert.equal((await drain(spool, 'other')).length, 10)
  assert.deepEqual((await spool.snapshot()).sources.get('kmsg')?.missed, { spool_damaged: 10 })
})

test('a quarantined record keeps the number it has in the batch that another sink awaits, and is at risk once', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), sinks)
  await filled(spool)
  meddle(path, damagePositions)
  const held = numbers(await spool.next('other', 0))
  assert.deepEqual([...held.values()], [11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
  await spool.next('other', 2)
  const taken = numbers(await spool.next('other', 0))
  assert.deepEqual([...taken.values()], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  meddle(path, 'UPDATE quarantine SET replay = 1')
  const [refused] = await spool.replays('main')
  assert.deepEqual([refused?.id, refused?.number], ['counter:13', taken.get('counter:13')])
  assert.equal((await spool.snapshot()).atRisk.records, 10)
  assert.equal((await drain(spool, 'other')).length, 10)
  assert.equal((await spool.snapshot()).atRisk.records, 0)
})

test('a record that two sinks refused is read once by the new ledger', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), sinks)
  await filled(spool)
  await spool.settle('other', [{ sequence: 2, acknowledged: 9, quarantined: [{ index: 3, words: 'no' }] }])
  meddle(path, damagePositions)
  assert.equal(await spool.next('main', 0), undefined)
  meddle(path, 'UPDATE quarantine SET replay = 1')
  const found = [...(await spool.replays('main')), ...(await spool.replays('other'))]
  assert.deepEqual(
    found.map(({ id, number }) => [id, number]),
    [
      ['counter:13', 1],
      ['counter:13', 1],
    ],
  )
  const snapshot = await spool.snapshot()
  assert.deepEqual(snapshot.sources.get('kmsg'), {
    read: 1,
    spooled: 1,
    filtered: {},
    missed: { spool_damaged: 10 },
  })
  assert.equal(assertConserved(snapshot), 3)
})

test('quarantined records are taken over one by one, samples too', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('main')])
  await filledQuarantine(spool)
  meddle(path, 'UPDATE quarantine SET payload = zeroblob(9) WHERE key = 2; UPDATE quarantine SET replay = 1')
  const found = await spool.replays('main')
  assert.deepEqual(
    found.map(({ source, id }) => [source, id]),
    [
      ['kmsg', 'counter:0'],
      ['kmsg', 'counter:2'],
      ['metrics', 'node_test{"device":"d1"}'],
    ],
  )
  const snapshot = await spool.snapshot()
  assert.deepEqual(snapshot.sources.get('kmsg')?.missed, { spool_damaged: 1 })
  assert.equal(snapshot.sinks.get('main')?.get('metrics')?.quarantined, 1)
  assert.equal(assertConserved(snapshot), 4)
})

/** Three records and a sample that `main` refused. */
async function filledQuarantine(spool: Spool): Promise<void> {
  await spool.commit('kmsg', batch(0, 3))
  await spool.commitSamples(1000, samples(2, 0))
  const no = (index: number) => ({ index, words: 'no' })
  await spool.settle('main', [
    { sequence: 1, acknowledged: 0, quarantined: [no(0), no(1), no(2)] },
    { sequence: 2, acknowledged: 1, quarantined: [no(1)] },
  ])
}

test('the answer to a replay out of the old ledger changes nothing in the new one', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('main')])
  await filledQuarantine(spool)
  meddle(path, 'UPDATE quarantine SET replay = 1')
  const [under] = await spool.replays('main')
  assert.ok(under)
  meddle(path, 'UPDATE quarantine SET payload = zeroblob(9) WHERE key = 3')
  await spool.replays('main')
  await spool.replayed(under.key)
  assert.equal((await spool.snapshot()).sinks.get('main')?.get('kmsg')?.quarantined, 2)
  assert.equal((await spool.snapshot()).sinks.get('main')?.get('kmsg')?.acknowledged, 0)
})

test('the answer to a batch of the old ledger settles nothing of the new one, though no sequence can be read', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), sinks)
  await filled(spool)
  meddle(path, `DELETE FROM sqlite_sequence; ${damagePositions}`)
  await spool.next('other', 2)
  await spool.settle('other', [accepted(2, 10)])
  const counts = (await spool.snapshot()).sinks.get('other')?.get('kmsg')
  assert.deepEqual([counts?.acknowledged, counts?.held], [0, 10])
})

test('whoever waits for more is woken by a new ledger', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), sinks)
  await filled(spool)
  let woken = false
  const left = new AbortController()
  const waiting = spool.grown(spool.newest, left.signal).then(() => {
    woken = !left.signal.aborted
  })
  meddle(path, damagePositions)
  await spool.next('other', 2)
  await setImmediate()
  left.abort()
  await waiting
  assert.ok(woken)
})

test('a finished file whose agent died before it took its place is the spool', async (t) => {
  const path = await folder(t)
  const file = join(path, 'spool.sqlite')
  let ledger: string
  {
    await using spool = await open(t, options(path), sinks)
    await filled(spool)
    ledger = spool.ledger
  }
  renameSync(file, `${file}.next`)
  const spool = await open(t, options(path), sinks)
  assert.equal(spool.ledger, ledger)
  assert.equal((await drain(spool, 'other')).length, 20)
})
