import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { LockedError } from '../../../src/errors.ts'
import { openSpool } from '../../../src/spool/open.ts'
import type { Spool } from '../../../src/spool/spool.ts'
import { assertConserved, batch, drain, folder, noise, open, options, sink } from './spool.ts'

const sinks = [sink('main'), sink('other')]

/** Ten batches of ten records, half of them acknowledged by `main`, closed. @returns the spool's file */
async function filled(path: string, batches = 10): Promise<string> {
  await using spool = await openSpool(options(path), sinks)
  for (let i = 0; i < batches; i++) await spool.commit('kmsg', batch(i * 10, i * 10 + 10, noise(4000)))
  for (let i = 0; i < 5; i++) {
    const next = await spool.next('main', 0)
    if (next) await spool.settle('main', [{ sequence: next.sequence, acknowledged: next.count }])
  }
  return join(path, 'spool.sqlite')
}

function overwrite(file: string, at: number, bytes: Buffer): void {
  writeSync(openSync(file, 'r+'), bytes, 0, bytes.length, at)
}

/** What a payload of the file begins with, found by its bytes. */
function payloadAt(file: string, sequence: number): number {
  using db = new DatabaseSync(file, { readOnly: true })
  const row = db.prepare('SELECT payload FROM batch WHERE sequence = ?').get(sequence)
  assert.ok(row?.payload instanceof Uint8Array)
  const at = readFileSync(file).indexOf(Buffer.from(row.payload.slice(0, 64)))
  assert.ok(at > 0)
  return at
}

function rootPage(file: string, table: string): number {
  using db = new DatabaseSync(file, { readOnly: true })
  return Number(db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table)?.rootpage)
}

const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `counter:${from + i}`)

async function heldBy(spool: Spool, name: string) {
  const counts = (await spool.snapshot()).sinks.get(name)?.get('kmsg')
  assert.ok(counts)
  return counts
}

test('spool with a flipped bit in a batch loses that batch, counted, and nothing else', async (t) => {
  const path = await folder(t)
  const file = await filled(path)
  const at = payloadAt(file, 7)
  overwrite(file, at + 40, Buffer.from([(readFileSync(file)[at + 40] ?? 0) ^ 1]))
  const spoolOptions = options(path)
  const spool = await open(t, spoolOptions, sinks)
  assert.deepEqual(await drain(spool, 'main'), [...ids(50, 60), ...ids(70, 100)])
  assert.deepEqual((await heldBy(spool, 'main')).lost, { spool_damaged: 10 })
  assert.deepEqual((await heldBy(spool, 'other')).lost, { spool_damaged: 10 })
  assert.equal((await drain(spool, 'other')).length, 90)
  assert.equal(assertConserved(await spool.snapshot()), 3)
  assert.equal(spoolOptions.reports.length, 1)
  assert.match(spoolOptions.reports[0] ?? '', /batch 7 of kmsg is damaged/)
})

test('spool with a damaged tree is set aside and what can be read of it is taken over, renumbered and counted', async (t) => {
  const path = await folder(t)
  const file = await filled(path)
  overwrite(file, 4096 * (rootPage(file, 'batch') - 1), Buffer.alloc(4096, 0xa5))
  const spoolOptions = options(path)
  const spool = await open(t, spoolOptions, sinks)
  const snapshot = await spool.snapshot()
  const kmsg = snapshot.sources.get('kmsg')
  assert.ok(kmsg)
  assert.equal(kmsg.read, kmsg.spooled)
  // The index still counts what the destroyed table held.
  assert.equal(kmsg.spooled + (kmsg.missed.spool_damaged ?? 0), 100)
  assert.ok((kmsg.missed.spool_damaged ?? 0) > 0)
  const got = await drain(spool, 'other')
  assert.equal(got.filter((id) => id.startsWith('counter:')).length, kmsg.spooled)
  assert.deepEqual(await spool.positions('kmsg'), new Map([['counter', '100']]))
  assertConserved(await spool.snapshot())
  assert.deepEqual(
    readdirSync(path).filter((name) => /^damaged-\d+\.sqlite$/.test(name)),
    ['damaged-1.sqlite'],
  )
  assert.match(spoolOptions.reports.join(), /the spool was replaced, the old one is .*damaged-1\.sqlite/)
})

test('spool whose tables are damaged beside the batches gives each sink only what it still awaits', async (t) => {
  const path = await folder(t)
  const file = await filled(path)
  overwrite(file, 4096 * (rootPage(file, 'source_count') - 1), Buffer.alloc(4096, 0xa5))
  const spool = await open(t, options(path), sinks)
  assert.deepEqual(
    (await drain(spool, 'main')).filter((id) => id.startsWith('counter:')),
    ids(50, 100),
  )
  assert.deepEqual(
    (await drain(spool, 'other')).filter((id) => id.startsWith('counter:')),
    ids(0, 100),
  )
  assert.deepEqual(await spool.positions('kmsg'), new Map([['counter', '100']]))
  const { sources, sinks: counts } = await spool.snapshot()
  assert.deepEqual(sources.get('kmsg'), { read: 100, spooled: 100, filtered: {}, missed: {} })
  assert.equal(counts.get('main')?.get('kmsg')?.routed, 50)
  assertConserved(await spool.snapshot())
})

test('spool file of another program is set aside unread', async (t) => {
  const path = await folder(t)
  const file = await filled(path)
  {
    using db = new DatabaseSync(file)
    db.exec('PRAGMA application_id = 7; PRAGMA wal_checkpoint(TRUNCATE)')
  }
  const before = readFileSync(file)
  const spool = await open(t, options(path), sinks)
  assert.equal((await spool.snapshot()).sources.get('kmsg'), undefined)
  assert.equal((await spool.snapshot()).sources.get('remora')?.spooled, 1)
  assert.deepEqual(readFileSync(join(path, 'damaged-1.sqlite')), before)
})

test('spool file cut short (a torn tail) starts a new ledger and keeps the old file', async (t) => {
  for (const share of [0.9, 0.5, 0.1]) {
    const path = await folder(t)
    const file = await filled(path)
    truncateSync(file, Math.floor((statSync(file).size * share) / 4096) * 4096 + 100)
    const spool = await open(t, options(path), sinks)
    await spool.commit('kmsg', batch(100, 110))
    const got = await drain(spool, 'other')
    assert.deepEqual(got.filter((id) => id.startsWith('counter:')).slice(-10), ids(100, 110))
    const { sources } = await spool.snapshot()
    const unknown = sources.get('remora')?.spooled ?? 0
    const known = (sources.get('kmsg')?.spooled ?? 0) + (sources.get('kmsg')?.missed.spool_damaged ?? 0)
    assert.ok(unknown === 1 || known === 110, `${known} known at ${share}`)
    assertConserved(await spool.snapshot())
    assert.ok(statSync(join(path, 'damaged-1.sqlite')).size > 0)
  }
})

test('spool that is no database, or empty, or full of noise is set aside', async (t) => {
  for (const content of ['', 'x', 'SQLite format 3\0', noise(20_000)]) {
    const path = await folder(t)
    writeFileSync(join(path, 'spool.sqlite'), content)
    const spool = await open(t, options(path), sinks)
    await spool.commit('kmsg', batch(0, 10))
    const counted = (await drain(spool, 'main')).filter((id) => id.startsWith('counter:'))
    assert.deepEqual(counted, ids(0, 10))
  }
})

test('spool from a newer version is set aside untouched', async (t) => {
  const path = await folder(t)
  const file = await filled(path)
  {
    using db = new DatabaseSync(file)
    db.exec('PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)')
  }
  const before = readFileSync(file)
  const spoolOptions = options(path)
  const spool = await open(t, spoolOptions, sinks)
  assert.deepEqual(readFileSync(join(path, 'damaged-1.sqlite')), before)
  assert.match(spoolOptions.reports.join(), /of version 99, newer than 1/)
  assert.equal((await spool.snapshot()).sources.get('remora')?.spooled, 1)
})

test('spool deleted under the agent is written again with everything in it, under the same ledger', async (t) => {
  const path = await folder(t)
  await filled(path)
  const spoolOptions = options(path)
  const spool = await open(t, spoolOptions, sinks)
  const { ledger } = spool
  rmSync(path, { recursive: true })
  await spool.commit('kmsg', batch(100, 110))
  assert.equal(spool.ledger, ledger)
  assert.equal((await drain(spool, 'main')).length, 60)
  assert.equal((await drain(spool, 'other')).length, 110)
  assert.equal((await spool.snapshot()).sources.get('kmsg')?.read, 110)
  assertConserved(await spool.snapshot())
  assert.match(spoolOptions.reports.join(), /deleted or replaced under the agent/)
  await spool[Symbol.asyncDispose]()
  await using again = await openSpool(options(path), sinks)
  assert.equal(again.ledger, ledger)
})

test('spool replaced by another file under the agent keeps its own content and sets the other aside', async (t) => {
  const path = await folder(t)
  const file = await filled(path)
  const spool = await open(t, options(path), sinks)
  renameSync(file, `${file}.moved`)
  writeFileSync(file, 'something else')
  await spool.commit('kmsg', batch(100, 110))
  assert.equal((await drain(spool, 'other')).length, 110)
  assert.equal(readFileSync(join(path, 'damaged-1.sqlite'), 'utf8'), 'something else')
})

test('spool damaged while the agent runs is replaced and goes on', async (t) => {
  const path = await folder(t)
  const file = await filled(path, 1500) // More than SQLite keeps in memory.
  const spool = await open(t, options(path), sinks)
  const { ledger } = spool
  const size = statSync(file).size
  for (let at = 4096 * 4; at < size; at += 4096) overwrite(file, at, Buffer.alloc(4096, 0x5a))
  const taken: string[] = []
  for (let i = 1500; i < 1550; i++) {
    await spool.commit('kmsg', batch(i * 10, i * 10 + 10, noise(4000)))
    taken.push(...(await drain(spool, 'main')))
  }
  assert.notEqual(spool.ledger, ledger)
  assert.deepEqual(taken.slice(-10), ids(15_490, 15_500))
  assertConserved(await spool.snapshot())
})

test('spool of one agent is refused to a second one, which names the first', async (t) => {
  const path = await folder(t)
  const child = spawn(
    process.execPath,
    [
      '-e',
      `import('${join(import.meta.dirname, '../../../src/spool/lock.ts')}').then(({ lockFolder }) => { globalThis.lock = lockFolder(${JSON.stringify(path)}); console.log('locked'); setInterval(() => 0, 1000) })`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  await assert.rejects(openSpool(options(path), sinks), (error) => {
    assert.ok(error instanceof LockedError)
    assert.match(error.message, new RegExp(`another Remora uses it \\(pid ${child.pid}\\)`))
    return true
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  await using spool = await openSpool(options(path), sinks)
  assert.ok(spool.ledger)
})

for (const [what, change] of [
  ['what was read', `UPDATE source_count SET count = count + 16 WHERE term = 'read'`],
  ['what was spooled', `UPDATE source_count SET count = count - 4 WHERE term = 'spooled'`],
  ['what was routed', `UPDATE sink_count SET count = count + 64 WHERE term = 'routed' AND sink = 2`],
  ['what was acknowledged', `UPDATE sink_count SET count = count - 2 WHERE term = 'acknowledged'`],
  ['a cursor, too far on', `UPDATE sink SET cursor = cursor + 4 WHERE id = 2`],
  ['a cursor, too far back', `UPDATE sink SET cursor = cursor - 1 WHERE id = 1`],
  [
    'a name in its tables',
    `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'words ', 'wordz ') WHERE name = 'quarantine'`,
  ],
] as const) {
  test(`spool in which ${what} is not what was written starts a new ledger, and every sink has all it lacks`, async (t) => {
    const path = await folder(t)
    const file = await filled(path)
    {
      using db = new DatabaseSync(file, { defensive: false })
      db.exec(change)
    }
    const spoolOptions = options(path)
    const spool = await open(t, spoolOptions, sinks)
    assert.match(
      spoolOptions.reports.join(),
      /the spool was replaced.*(does not add up|its tables are not those)/,
    )
    const got = (await drain(spool, 'other')).filter((id) => id.startsWith('counter:'))
    const { sinks: taken, sources } = await spool.snapshot()
    const lost = taken.get('other')?.get('kmsg')?.lost.spool_damaged ?? 0
    const missed = sources.get('kmsg')?.missed.spool_damaged ?? 0
    const unknown = (sources.get('remora')?.spooled ?? 0) > 0
    assert.ok(unknown || got.length + lost + missed === 100, `${got.length} + ${lost} + ${missed}`)
    assert.equal(new Set(got).size, got.length)
    assertConserved(await spool.snapshot())
    await drain(spool, 'main')
    assertConserved(await spool.snapshot())
  })
}

test('spool with any one bit flipped gives each record, or counts it, or says that it cannot know', async (t) => {
  const seed = Number(process.env.REMORA_SEED ?? Date.now())
  t.diagnostic(`REMORA_SEED=${seed}`)
  let state = seed % 2147483647
  /** Lehmer's generator: the same flips for the same seed. */
  const random = (below: number) => {
    state = (state * 48271) % 2147483647
    return state % below
  }
  const whole = await folder(t)
  const content = readFileSync(await filled(whole))
  let unharmed = 0
  for (let flip = 0; flip < 150; flip++) {
    const path = await folder(t)
    const at = random(content.length)
    const damaged = Buffer.from(content)
    damaged[at] = (damaged[at] ?? 0) ^ (1 << random(8))
    writeFileSync(join(path, 'spool.sqlite'), damaged)
    const spoolOptions = options(path)
    await using spool = await openSpool(spoolOptions, sinks)
    const where = `bit in byte ${at}, seed ${seed}, ${spoolOptions.reports.join('; ')}`
    const before = await spool.snapshot()
    const got = (await drain(spool, 'other')).filter((id) => id.startsWith('counter:'))
    const after = await spool.snapshot()
    assertConserved(after)
    const unknown = (after.sources.get('remora')?.spooled ?? 0) > 0
    const lost = after.sinks.get('other')?.get('kmsg')?.lost.spool_damaged ?? 0
    const missed = after.sources.get('kmsg')?.missed.spool_damaged ?? 0
    assert.ok(unknown || got.length + lost + missed === 100, `${got.length} + ${lost} + ${missed}: ${where}`)
    assert.equal(new Set(got).size, got.length, where)
    const held = before.sinks.get('other')?.get('kmsg')?.held ?? 0
    if (lost + missed === 0 && !unknown) assert.equal(held, got.length, where)
    if (got.length === 100 && !unknown) unharmed += 1
  }
  assert.ok(unharmed < 150, 'some flips do harm')
})
