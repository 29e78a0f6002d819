/** What is acknowledged back to a source when sinks come and go: too little rather than too much. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { spoolFile } from '../../../src/spool/database-file.ts'
import type { Spool } from '../../../src/spool/spool.ts'
import { accepted, batch, drain, folder, noise, open, options, records, sink } from './spool.ts'

const disk = sink('disk', { offNode: false })
const streams = async (spool: Spool) => (await spool.acknowledgedPositions()).map(({ stream }) => stream)

/** A record of a stream of its own, as pstore gives each crash. */
async function crash(spool: Spool, stream: string, id: number): Promise<void> {
  const records = batch(id, id + 1).records.map((record) => ({ ...record, stream }))
  await spool.commit('pstore', { records, positions: [{ stream, position: `${id}` }] })
}

/** One crash that far has, one it refused, one it awaits; disk awaits all. */
async function threeCrashes(spool: Spool): Promise<void> {
  await spool.acknowledgedPositions()
  for (const [id, stream] of ['had', 'refused', 'held'].entries()) await crash(spool, stream, id)
  await spool.settle('far', [
    accepted(1, 1),
    { sequence: 2, acknowledged: 0, quarantined: [{ index: 0, words: 'no' }] },
  ])
  assert.deepEqual(await streams(spool), ['had'])
}

for (const when of ['before', 'after'] as const) {
  test(`what a removed sink had not acknowledged never is, though its name comes back ${when} the batch goes`, async (t) => {
    const path = await folder(t)
    const spool = await open(t, options(path), [sink('far'), disk])
    await threeCrashes(spool)
    await spool.route([sink('other'), disk])
    if (when === 'after') await drain(spool, 'disk')
    await spool.route([sink('far'), sink('other'), disk])
    assert.deepEqual(await streams(spool), [])
    await drain(spool, 'disk')
    assert.equal((await spool.snapshot()).batches, 0)
    assert.deepEqual(await streams(spool), [])
    await spool[Symbol.asyncDispose]()
    const again = await open(t, options(path), [sink('far'), sink('other'), disk])
    assert.deepEqual(await streams(again), ['had'])
    await crash(again, 'held', 3)
    await crash(again, 'new', 4)
    await drain(again, 'far')
    await drain(again, 'other')
    assert.deepEqual(await streams(again), ['new'])
  })
}

test('what another required off-node sink has is acknowledged when the sink that lacked it is removed', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far'), sink('near')])
  await spool.acknowledgedPositions()
  for (const [id, stream] of ['refused', 'held'].entries()) await crash(spool, stream, id)
  await spool.settle('far', [{ sequence: 1, acknowledged: 0, quarantined: [{ index: 0, words: 'no' }] }])
  await drain(spool, 'near')
  assert.deepEqual(await streams(spool), [])
  await spool.route([sink('near')])
  await spool[Symbol.asyncDispose]()
  const again = await open(t, options(path), [sink('near')])
  assert.deepEqual((await streams(again)).sort(), ['held', 'refused'])
})

const earlier = { 'only a sink on the node': [disk], 'no sink at all': [] }
for (const [what, sinks] of Object.entries(earlier)) {
  test(`records of a time with ${what} are not acknowledged by a sink that comes later`, async (t) => {
    const path = await folder(t)
    const spool = await open(t, options(path), sinks)
    for (let id = 0; id < 5; id++) await crash(spool, 'one', id)
    await crash(spool, 'two', 5)
    for (const { name } of sinks) await drain(spool, name)
    await spool[Symbol.asyncDispose]()
    const again = await open(t, options(path), [sink('far'), disk])
    assert.deepEqual(await streams(again), [])
    await crash(again, 'three', 6)
    await drain(again, 'far')
    assert.deepEqual(await streams(again), ['three'])
  })
}

test('records that a sink on the node still awaits are not acknowledged by one that comes later', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [disk])
  await crash(spool, 'one', 0)
  await spool.route([sink('far'), disk])
  await spool[Symbol.asyncDispose]()
  const again = await open(t, options(path), [sink('far'), disk])
  assert.deepEqual(await streams(again), [])
})

test('what was given up for room before any off-node sink came is not acknowledged by one that comes later', async (t) => {
  const path = await folder(t)
  const small = { maxBytes: 1 << 20 }
  const spool = await open(t, options(path, small), [sink('extra', { required: false })])
  const lost = async () => (await spool.snapshot()).sinks.get('extra')?.get('pstore')?.lost.optional ?? 0
  for (let id = 0; id < 200 && (await lost()) === 0; id++) {
    const [record] = records(id, id + 1, noise(20_000))
    assert.ok(record)
    await spool.commit('pstore', {
      records: [{ ...record, stream: `s${id}` }],
      positions: [{ stream: `s${id}`, position: '0' }],
    })
  }
  assert.ok((await lost()) > 0)
  await drain(spool, 'extra')
  await spool[Symbol.asyncDispose]()
  const again = await open(t, options(path, small), [sink('far')])
  assert.deepEqual(await streams(again), [])
})

const damaged = { quarantine: [], batch: [], source_count: ['had', 'held'] }
for (const [table, left] of Object.entries(damaged)) {
  test(`a spool replaced for a damaged table ${table} acknowledges back only what it knows that far has`, async (t) => {
    const path = await folder(t)
    const spool = await open(t, options(path), [sink('far'), disk])
    await threeCrashes(spool)
    await spool.settle('far', [accepted(3, 1)])
    await drain(spool, 'disk')
    await spool[Symbol.asyncDispose]()
    const file = join(path, spoolFile)
    const database = new DatabaseSync(file, { readOnly: true })
    const page = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table)?.rootpage
    database.close()
    const bytes = await readFile(file)
    await writeFile(file, bytes.fill(0xa5, (Number(page) - 1) * 4096, Number(page) * 4096))
    const spoolOptions = options(path)
    const again = await open(t, spoolOptions, [sink('far'), disk])
    assert.match(spoolOptions.reports.join(), /the spool was replaced/)
    assert.deepEqual((await streams(again)).sort(), left)
  })
}

test('a sink that becomes required does not vouch for what it lost or refused while it was optional', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far', { required: false }), disk])
  for (const [id, stream] of ['lost', 'refused', 'had'].entries()) await crash(spool, stream, id)
  await spool.settle('far', [
    { sequence: 1, acknowledged: 0, lost: { reason: 'too_old', count: 1 } },
    { sequence: 2, acknowledged: 0, quarantined: [{ index: 0, words: 'no' }] },
    accepted(3, 1),
  ])
  await spool.route([sink('far'), disk])
  assert.deepEqual(await streams(spool), [])
  await drain(spool, 'disk')
  await spool[Symbol.asyncDispose]()
  const again = await open(t, options(path), [sink('far'), disk])
  assert.deepEqual(await streams(again), ['had'])
})

test('a name that comes back does not count as having what it lost, though only a quarantine has it by then', async (t) => {
  const spool = await open(t, options(await folder(t)), [sink('far'), sink('near')])
  await crash(spool, 'one', 0)
  await spool.route([sink('near')])
  await spool.settle('near', [{ sequence: 1, acknowledged: 0, quarantined: [{ index: 0, words: 'no' }] }])
  await spool.route([sink('far'), sink('near')])
  const { batches, atRisk } = await spool.snapshot()
  assert.deepEqual([batches, atRisk.records], [0, 1])
})

test('a sink that comes later does not vouch for earlier records of the same stream, which only the disk awaits', async (t) => {
  const spool = await open(t, options(await folder(t)), [disk])
  await spool.acknowledgedPositions()
  await crash(spool, 'one', 0)
  await spool.route([sink('far'), disk])
  await crash(spool, 'one', 1)
  await crash(spool, 'two', 2)
  await drain(spool, 'far')
  assert.deepEqual(await streams(spool), ['two'])
})

test('a replay to a sink that is no longer off the node acknowledges nothing back', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far'), sink('near', { required: false })])
  await crash(spool, 'one', 0)
  await spool.settle('far', [{ sequence: 1, acknowledged: 0, quarantined: [{ index: 0, words: 'no' }] }])
  await spool.settle('near', [{ sequence: 1, acknowledged: 0, lost: { reason: 'too_old', count: 1 } }])
  await spool.route([sink('far', { offNode: false }), sink('near')])
  await spool.replayed(1)
  await spool[Symbol.asyncDispose]()
  const again = await open(t, options(path), [sink('far', { offNode: false }), sink('near')])
  assert.deepEqual(await streams(again), [])
})

test('a removed sink that refused a part of a batch does not vouch for it when nobody else does any more', async (t) => {
  const path = await folder(t)
  const spool = await open(t, options(path), [sink('far'), sink('near')])
  await spool.acknowledgedPositions()
  const both = batch(0, 2).records.map((record) => ({ ...record, stream: 'crash' }))
  await spool.commit('pstore', { records: both, positions: [{ stream: 'crash', position: '1' }] })
  await spool.settle('far', [{ sequence: 1, acknowledged: 1, quarantined: [{ index: 0, words: 'no' }] }])
  // When far goes near could still vouch; with the same change it no longer is off the node, and then it goes too.
  await spool.route([sink('near', { offNode: false })])
  await spool.route([sink('other')])
  assert.deepEqual(await streams(spool), [])
  await spool[Symbol.asyncDispose]()
  const again = await open(t, options(path), [sink('other')])
  assert.deepEqual(await streams(again), [])
})
