import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { SpoolUnavailableError } from '../../../src/errors.ts'
import { openSpool } from '../../../src/spool/open.ts'
import { abort, disk, ext4 } from './disks.ts'
import { accepted, assertConserved, batch, drain, noise, open, options, samples, sink } from './spool.ts'

const smallDisk = (t: TestContext) => disk(t, (path) => ['-t', 'tmpfs', '-o', 'size=8m', 'remora-test', path])

test('disk full under the spool makes sources wait and loses nothing when there is room again', async (t) => {
  const path = await smallDisk(t)
  const spoolOptions = options(join(path, 'spool'), { reserveRatio: 0.01 })
  const spool = await open(t, spoolOptions, [sink('main')])
  await spool.commit('kmsg', batch(0, 10))
  assert.throws(() => writeFileSync(join(path, 'filler'), Buffer.alloc(16 << 20)), { code: 'ENOSPC' })
  let refused = 0
  for (let i = 1; i <= 20 && refused === 0; i++) {
    await spool.commit('kmsg', batch(i * 10, i * 10 + 10, noise(40_000))).catch((error) => {
      assert.ok(error instanceof SpoolUnavailableError)
      refused = i
    })
  }
  assert.ok(refused > 0)
  for (let push = 1; push <= 5; push++) await spool.commitSamples(push * 1000, samples(7, 0))
  rmSync(join(path, 'filler'))
  await spool.writable('kmsg', AbortSignal.timeout(5000))
  await spool.commit('kmsg', batch(refused * 10, refused * 10 + 10))
  assert.equal((await spool.snapshot()).writable, true)
  assert.equal(spoolOptions.reports.length, 2)
  const got = (await drain(spool, 'main')).filter((id) => id.startsWith('counter:'))
  assert.deepEqual(
    got,
    Array.from({ length: refused * 10 + 10 }, (_, i) => `counter:${i}`),
  )
  const { sources } = await spool.snapshot()
  const metrics = sources.get('metrics')
  assert.equal((metrics?.read ?? 0) + (metrics?.missed.spool_unwritable ?? 0), 35)
  assertConserved(await spool.snapshot())
  // However full the disk is, its own room is not what a spool takes.
  assert.ok((await spool.snapshot()).boundBytes <= 8 << 20)
})

test('disk that turns read-only under the spool is left for the memory with everything in it, said once, and nothing waits', async (t) => {
  const path = await ext4(t)
  const spoolOptions = options(join(path, 'spool'))
  const spool = await open(t, spoolOptions, [sink('main')])
  for (let i = 0; i < 3; i++) await spool.commit('kmsg', batch(i * 10, i * 10 + 10))
  const first = await spool.next('main', 0)
  assert.ok(first)
  await spool.settle('main', [accepted(first.sequence, first.count)])
  const onItsWay = await spool.next('main', first.sequence)
  assert.ok(onItsWay)
  const { ledger } = spool
  abort(path)
  for (let i = 3; i < 20; i++) await spool.commit('kmsg', batch(i * 10, i * 10 + 10, noise(50_000)))
  await spool.commitSamples(1000, samples(5, 0))
  const { writable, onDisk, sources } = await spool.snapshot()
  assert.deepEqual({ writable, onDisk }, { writable: true, onDisk: false })
  assert.equal(spoolOptions.reports.length, 1, 'said once')
  assert.match(
    spoolOptions.reports[0] ?? '',
    /has turned read-only, the spool is only in memory from here on, .*: 20 records taken over, 0 counted as missed$/,
  )
  assert.notEqual(
    spool.ledger,
    ledger,
    'numbers begin anew: those of the old ledger may be given again after a crash',
  )
  assert.equal(sources.get('kmsg')?.read, 190)
  assert.equal((await spool.positions('kmsg')).size, 1)
  // What was on its way has another place now, and its old one means nothing any more.
  await spool.settle('main', [accepted(onItsWay.sequence, onItsWay.count)])
  assert.equal((await spool.snapshot()).sinks.get('main')?.get('kmsg')?.acknowledged, 0)
  const got = await drain(spool, 'main')
  assert.deepEqual(got, [...Array.from({ length: 190 }, (_, i) => `counter:${i + 10}`), '1000:5'])
  assertConserved(await spool.snapshot())
})

test('spool deleted before its disk turned read-only goes on in memory as well', async (t) => {
  const path = await ext4(t)
  const spoolOptions = options(join(path, 'spool'))
  const spool = await open(t, spoolOptions, [sink('main')])
  await spool.commit('kmsg', batch(0, 10))
  rmSync(join(path, 'spool/spool.sqlite'))
  abort(path)
  await spool.commit('kmsg', batch(10, 20))
  assert.equal((await spool.snapshot()).onDisk, false)
  assert.equal(spoolOptions.reports.length, 1)
  assert.deepEqual(
    await drain(spool, 'main'),
    Array.from({ length: 20 }, (_, i) => `counter:${i}`),
  )
  assertConserved(await spool.snapshot())
})

test('read-only disk at the start leaves a spool in memory, said clearly', async (t) => {
  const path = await smallDisk(t)
  execFileSync('mount', ['-o', 'remount,ro', path])
  const spoolOptions = options(join(path, 'spool'))
  await using spool = await openSpool(spoolOptions, [sink('main')])
  assert.equal((await spool.snapshot()).onDisk, false)
  assert.equal(spoolOptions.reports.length, 1)
  assert.match(
    spoolOptions.reports[0] ?? '',
    /the spool is only in memory, a crash of the agent loses it: .*read-only/i,
  )
  await spool.commit('kmsg', batch(0, 10))
  const next = await spool.next('main', 0)
  assert.ok(next)
  await spool.settle('main', [accepted(next.sequence, 10)])
  assert.equal(assertConserved(await spool.snapshot()), 2)
})

test('a spool that is found on a disk which turned read-only is read into memory', async (t) => {
  const killed = `const { DatabaseSync } = require('node:sqlite')
    const db = new DatabaseSync(process.argv[1])
    db.exec('UPDATE meta SET value = value')
    process.kill(process.pid, 'SIGKILL')`
  for (const end of ['in order', 'killed']) {
    const path = await ext4(t)
    const file = join(path, 'spool/spool.sqlite')
    const before = await openSpool(options(join(path, 'spool')), [sink('main')])
    for (let i = 0; i < 3; i++) await before.commit('kmsg', batch(i * 10, i * 10 + 10))
    const first = await before.next('main', 0)
    assert.ok(first)
    await before.settle('main', [accepted(first.sequence, first.count)])
    await before[Symbol.asyncDispose]()
    // What a killed process leaves: a log that was not emptied into the file.
    if (end === 'killed') spawnSync(process.execPath, ['-e', killed, file])
    assert.equal(existsSync(`${file}-wal`), end === 'killed')
    abort(path)

    const spoolOptions = options(join(path, 'spool'))
    await using spool = await openSpool(spoolOptions, [sink('main')])
    assert.equal((await spool.snapshot()).onDisk, false)
    assert.match(
      spoolOptions.reports.join(),
      /^the spool is only in memory, .*; of the one that is on the disk, 20 records taken over, 0 counted as missed$/,
    )
    assert.notEqual(spool.ledger, before.ledger)
    assert.equal((await spool.positions('kmsg')).get('counter'), '30')
    await spool.commit('kmsg', batch(30, 40))
    assert.deepEqual(
      await drain(spool, 'main'),
      Array.from({ length: 30 }, (_, i) => `counter:${i + 10}`),
    )
    assertConserved(await spool.snapshot())
  }
})

test('spool whose folder was deleted before its disk turned read-only goes on in memory as well', async (t) => {
  const path = await ext4(t)
  const spool = await open(t, options(join(path, 'spool')), [sink('main')])
  await spool.commit('kmsg', batch(0, 10))
  rmSync(join(path, 'spool'), { recursive: true })
  abort(path)
  await spool.commit('kmsg', batch(10, 20))
  assert.equal((await spool.snapshot()).onDisk, false)
  assert.equal((await drain(spool, 'main')).length, 20)
})

/** What a spool takes on the disk. */
function usedBy(file: string): number {
  return [file, `${file}-wal`].reduce(
    (sum, one) => sum + (statSync(one, { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}

/** A clock that a test moves on past every look at the disk. */
function movedClock() {
  let moved = 0
  return { ...systemClock, monotonic: () => performance.now() + moved, pass: () => (moved += 10_000) }
}

test('a root that others fill makes the spool shrink first: its file gives the room back, and the reserve stays free', async (t) => {
  const size = 64 << 20
  const path = await disk(t, (at) => ['-t', 'tmpfs', '-o', 'size=64m', 'remora-test', at])
  const clock = movedClock()
  const spoolOptions = options(join(path, 'spool'), { reserveRatio: 0.1, clock })
  const spool = await open(t, spoolOptions, [sink('main')])
  const used = () => usedBy(join(path, 'spool/spool.sqlite'))
  const free = () => {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  }
  await spool.commit('kmsg', batch(0, 10, noise(20_000)))
  const collections = 64
  const one = () =>
    samples(400, 0).map((sample) => ({ ...sample, name: randomBytes(400).toString('latin1') }))
  for (let time = 1; time <= collections; time++) await spool.commitSamples(time * 1000, one())
  const before = used()
  assert.ok(before > 8 << 20, `${before} bytes are worth giving back`)
  const filler = join(path, 'filler')
  writeFileSync(filler, Buffer.alloc(free() - (1 << 20)))
  clock.pass()
  await spool.commit('kmsg', batch(10, 20))
  assert.ok(used() < before * 0.7, `the file went from ${before} to ${used()} bytes`)
  assert.ok(free() > size * 0.1 - (1 << 20), `${free()} bytes are free`)
  const pressed = await spool.snapshot()
  const { lost = {}, held } = pressed.sinks.get('main')?.get('metrics') ?? {}
  assert.ok((lost.thinned ?? 0) > 0 && (lost.spool_full ?? 0) >= 0)
  assert.equal((held ?? 0) + Object.values(lost).reduce((a, b) => a + b, 0), collections * 400)
  assert.deepEqual(pressed.sinks.get('main')?.get('kmsg')?.lost, {}, 'no event is given up for it')
  assertConserved(pressed)
  // The root has room again, and nobody has to do anything.
  rmSync(filler)
  clock.pass()
  await spool.commitSamples(1_000_000, one())
  assert.ok((await spool.snapshot()).boundBytes > pressed.boundBytes * 2)
  const got = await drain(spool, 'main')
  assert.equal(got.filter((id) => id.startsWith('counter:')).length, 20)
  assert.equal(got.at(-1), '1000000:400')
})

test('a spool whose batches are gone gives its free pages back when others need the root', async (t) => {
  const path = await disk(t, (at) => ['-t', 'tmpfs', '-o', 'size=64m', 'remora-test', at])
  const clock = movedClock()
  const spool = await open(t, options(join(path, 'spool'), { reserveRatio: 0.1, clock }), [sink('main')])
  for (let from = 0; from < 200; from += 10) await spool.commit('kmsg', batch(from, from + 10, noise(40_000)))
  // One cursor past everything: more pages are free at once than a settle gives back.
  const all = []
  for (let sequence = 0; ; ) {
    const next = await spool.next('main', sequence)
    if (next === undefined) break
    sequence = next.sequence
    all.push(accepted(next.sequence, next.count))
  }
  await spool.settle('main', all)
  const used = () => usedBy(join(path, 'spool/spool.sqlite'))
  const before = used()
  assert.ok(before > 1 << 20, `${before} bytes`)
  const { bavail, bsize } = statfsSync(path)
  writeFileSync(join(path, 'filler'), Buffer.alloc(bavail * bsize - (1 << 20)))
  clock.pass()
  await spool.commit('kmsg', batch(200, 201))
  assert.ok(used() < before / 4, `the file went from ${before} to ${used()} bytes`)
})
