/** The batch that is kept in memory: the same as the one in the file, for as long as that is there, and whose memory it is. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { SourceBatch } from '../../../src/model.ts'
import { RecordColumns } from '../../../src/record-columns.ts'
import type { EventBatch } from '../../../src/spool/batch.ts'
import { Recent } from '../../../src/spool/recent.ts'
import type { SinkRoute, Spool } from '../../../src/spool/spool.ts'
import { bytesOf } from './model.ts'
import { accepted, batch, columnsOf, folder, noise, open, options, records, sink } from './spool.ts'

/** A spool, and how columns are committed to it; what nobody looks at any more is `spare`. */
async function world(t: TestContext, sinks: readonly SinkRoute[] = [sink('main'), sink('other')]) {
  const path = await folder(t)
  const spool = await open(t, options(path), sinks)
  const spare: RecordColumns[] = []
  const commit = async (
    from: number,
    to: number,
    change = (columns: RecordColumns): SourceBatch['records'] => columns,
  ) => {
    const columns = columnsOf(records(from, to), spare.shift(), (gone) => spare.push(gone))
    try {
      await spool.commit('kmsg', { ...batch(from, to), records: change(columns) })
    } finally {
      columns.release()
    }
    return columns
  }
  return { path, spool, spare, commit }
}

async function taken(spool: Spool, name: string, after = 0): Promise<EventBatch> {
  const next = await spool.next(name, after)
  assert.ok(next?.kind === 'events')
  return next
}

/** What a sink that lags is given: the kept one was pushed out by another batch. */
async function fromFile(spool: Spool, name: string, after: number): Promise<EventBatch> {
  await spool.commit('pstore', batch(0, 1))
  return await taken(spool, name, after)
}

const ids = ({ records }: EventBatch) => records.map(({ id }) => id)
const counters = (from: number, to: number) => records(from, to).map(({ id }) => id)

/** Whether it has resolved by now. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  return await Promise.race([promise.then(() => true), turn(false)])
}

test('a batch out of memory is the one in the file, field for field, filtered or not', async (t) => {
  const { spool, commit } = await world(t)
  const odd = (columns: RecordColumns) => columns.filter((_, index) => index % 2 === 1)
  for (const change of [undefined, odd]) {
    const after = spool.newest
    const columns = await commit(0, 50, change)
    const kept = await taken(spool, 'main', after)
    assert.ok(kept.records === columns || change !== undefined)
    const read = await fromFile(spool, 'main', after)
    assert.notEqual(read.records, kept.records)
    assert.equal(bytesOf(read), bytesOf(kept))
    assert.equal(kept.records.at(0)?.number, after === 0 ? 1 : 51)
    for (const { release } of [kept, read]) release?.()
  }
})

test('the memory of a batch is not used again while a sink looks at it, however many come after', async (t) => {
  const { spool, spare, commit } = await world(t)
  const first = await commit(0, 10)
  const slow = await taken(spool, 'main')
  const other = await taken(spool, 'other')
  assert.equal(slow.records, first)
  assert.equal(other.records, first)
  for (let from = 10; from < 60; from += 10) {
    assert.notEqual(await commit(from, from + 10), first)
    assert.deepEqual(ids(slow), counters(0, 10))
  }
  other.release?.()
  assert.ok(!spare.includes(first))
  slow.release?.()
  assert.ok(spare.includes(first))
  // Two of the five were made in the room of the others.
  assert.ok(spare.length <= 2)
})

test('a filtered batch that a sink looks at keeps the memory of the whole', async (t) => {
  const { spool, spare, commit } = await world(t)
  const whole = await commit(0, 10, (columns) => columns.filter(({ id }) => id.endsWith('7')))
  const kept = await taken(spool, 'main')
  await commit(10, 20)
  await commit(20, 30)
  assert.ok(!spare.includes(whole))
  assert.deepEqual(ids(kept), ['counter:7'])
  kept.release?.()
  assert.ok(spare.includes(whole))
})

test('nothing is kept of a batch that no sink takes, nor of one that is too large', async (t) => {
  const { spool, spare, commit } = await world(t, [sink('main', { sources: ['files'] })])
  const columns = await commit(0, 10)
  assert.deepEqual(spare, [columns])
  await spool.route([sink('main')])
  const large = columnsOf(records(0, 200, noise(6000)))
  await spool.commit('kmsg', { ...batch(0, 200), records: large })
  assert.notEqual((await taken(spool, 'main')).records, large)
  const long = columnsOf(records(0, 1))
  long.reserve(1 << 19)
  await spool.commit('kmsg', { ...batch(0, 1), records: long })
  assert.notEqual((await taken(spool, 'main', spool.newest - 1)).records, long)
})

test('the kept batch is not given once its row is gone, and not to a sink that has it', async (t) => {
  const { path, spool, commit } = await world(t)
  await commit(0, 10)
  await spool.settle('main', [accepted(1, 10)])
  assert.equal(await spool.next('main', 0), undefined)
  {
    using db = new DatabaseSync(join(path, 'spool.sqlite'), { timeout: 5000 })
    db.exec('DELETE FROM batch')
  }
  assert.equal(await spool.next('other', 0), undefined)
})

test('a spool that was damaged and replaced gives what is in the new one, with its numbers', async (t) => {
  const { path, spool, commit } = await world(t)
  const { ledger } = spool
  await commit(0, 10)
  const columns = await commit(10, 20)
  const kept = await taken(spool, 'other', 1)
  assert.equal(kept.records, columns)
  assert.equal(kept.records.at(0)?.number, 11)
  {
    using db = new DatabaseSync(join(path, 'spool.sqlite'), { timeout: 5000 })
    db.exec('UPDATE batch SET count = 11 WHERE sequence = 1')
  }
  const read = await taken(spool, 'main')
  assert.notEqual(spool.ledger, ledger)
  assert.notEqual(read.records, columns)
  assert.deepEqual(ids(read), counters(10, 20))
  assert.equal(read.records.at(0)?.number, 1)
})

test('a spool that was written again gives the batch out of the new file', async (t) => {
  const { path, spool, commit } = await world(t)
  const columns = await commit(0, 10)
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(path, `spool.sqlite${suffix}`), { force: true })
  const read = await taken(spool, 'main')
  assert.notEqual(read.records, columns)
  assert.deepEqual(ids(read), counters(0, 10))
})

test('a source waits until a sink has taken what it committed, and not for what is taken already', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { spool, commit } = await world(t)
  await spool.keptUp() // There is nothing.
  await commit(0, 10)
  const kept = spool.keptUp()
  assert.equal(await isDone(kept), false)
  await taken(spool, 'other')
  await kept
  assert.ok(await isDone(spool.keptUp()))
  await commit(10, 20)
  const again = spool.keptUp()
  await taken(spool, 'main') // An older one.
  assert.equal(await isDone(again), false)
  await taken(spool, 'main', 1)
  await again
})

test('where no sink takes anything a source waits 100 ms, and again only after one has', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { spool, commit } = await world(t)
  await commit(0, 10)
  const waits = async () => {
    const kept = spool.keptUp()
    t.mock.timers.tick(99)
    assert.equal(await isDone(kept), false)
    t.mock.timers.tick(1)
    await kept
  }
  await waits()
  await commit(10, 20)
  assert.ok(await isDone(spool.keptUp()), 'not again')
  await taken(spool, 'main')
  await waits()
})

test('columns are held once for each that takes them, and by none once they are forgotten', () => {
  const released: RecordColumns[] = []
  const columns = columnsOf(records(0, 3), undefined, (gone) => released.push(gone))
  const recent = new Recent()
  recent.keep({ sequence: 7, firstNumber: 40 }, 'kmsg', 99, columns)
  columns.release()
  assert.equal(recent.take(6), undefined)
  const [one, other] = [recent.take(7), recent.take(7)]
  assert.deepEqual(
    one?.records.map(({ number }) => number),
    [40, 41, 42],
  )
  recent.forget()
  recent.forget()
  assert.equal(recent.take(7), undefined)
  one?.release?.()
  assert.deepEqual(released, [])
  other?.release?.()
  assert.deepEqual(released, [columns])
  recent.keep({ sequence: 0, firstNumber: 43 }, 'kmsg', 99, RecordColumns.empty())
  assert.equal(recent.take(0), undefined)
})
