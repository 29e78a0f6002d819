import assert from 'node:assert/strict'
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { files } from '../../../collectors/files/files.ts'
import type { LogRecord } from '../../../src/model.ts'
import { contextOf } from '../context.ts'

interface Life {
  readonly skipped: readonly Error[]
  readonly bodies: string[]
  readonly records: LogRecord[]
  readonly positions: Map<string, string>
  until(count: number): Promise<void>
  end(): Promise<void>
}

/** Reads until ended, as the engine does; what was yielded counts as committed. */
function life(options: unknown, positions: ReadonlyMap<string, string> = new Map(), folder?: string): Life {
  const stopping = new AbortController()
  const after = new Map(positions)
  const records: LogRecord[] = []
  const bodies: string[] = []
  const context = {
    ...contextOf({ options, ...(folder !== undefined && { folder }) }),
    signal: stopping.signal,
    positions,
  }
  const done = (async () => {
    for await (const batch of files.read?.({ ...context, positionsOf: async () => new Map() }) ?? []) {
      records.push(...batch.records)
      bodies.push(...batch.records.map(({ fields }) => Buffer.from(fields[0]?.[1] ?? []).toString()))
      for (const { stream, position } of batch.positions) after.set(stream, position)
    }
  })().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error
  })
  return {
    skipped: context.skipped,
    bodies,
    records,
    positions: after,
    async until(count) {
      for (const until = Date.now() + 20_000; bodies.length < count; await sleep(10))
        assert.ok(Date.now() < until, `${bodies.length} of ${count}: ${bodies.slice(-3)} ${context.skipped}`)
    },
    async end() {
      stopping.abort()
      await done
    },
  }
}

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-files-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const only = (pattern: string, more: object = {}) => ({
  presets: [],
  logs: [{ include: [pattern] }],
  ...more,
})

test('files: lines as they come, each with the offset in its id, and after a restart only what is new', async (t) => {
  const folder = await folderOf(t)
  const path = join(folder, 'app.log')
  writeFileSync(path, 'one\ntwo\nthr')
  const first = life(only(path))
  await first.until(2)
  appendFileSync(path, 'ee\n')
  await first.until(3)
  await first.end()
  appendFileSync(path, 'four\n')
  const second = life(only(path), first.positions)
  await second.until(1)
  await second.end()
  assert.deepEqual([...first.bodies, ...second.bodies], ['one', 'two', 'three', 'four'])
  const [stream] = [...first.positions.keys()]
  assert.deepEqual(
    [...first.records, ...second.records].map(({ id }) => id),
    [0, 4, 8, 14].map((offset) => `${stream}:${offset}`),
  )
})

test('files: renamed while away, and rotated twice: nothing is lost, also of what was never seen', async (t) => {
  const folder = await folderOf(t)
  const path = join(folder, 'app.log')
  writeFileSync(path, 'a1\n')
  const first = life(only(path))
  await first.until(1)
  await first.end()
  appendFileSync(path, 'a2\n')
  renameSync(path, `${path}.2`)
  writeFileSync(`${path}.1`, 'b1\nb2\n')
  writeFileSync(path, 'c1\n')
  writeFileSync(join(folder, 'app-audit.log'), 'another log\n')
  const second = life(only(path), first.positions)
  await second.until(4)
  await second.end()
  assert.deepEqual(second.bodies.toSorted(), ['a2', 'b1', 'b2', 'c1'])
})

test('files: generations that all begin with the same line, rotated and compressed while away, are all read', async (t) => {
  const folder = await folderOf(t)
  const path = join(folder, 'app.log')
  const first = '# version 1\n'
  writeFileSync(path, `${first}a1\n`)
  const before = life(only(path))
  await before.until(2)
  await before.end()
  appendFileSync(path, 'a2\n')
  renameSync(path, `${path}.3`)
  writeFileSync(`${path}.2.gz`, gzipSync(`${first}b1\nb2\n`))
  writeFileSync(`${path}.1`, `${first}c1\n`)
  writeFileSync(path, `${first}d1\n`)
  const after = life(only(path), before.positions)
  await after.until(8)
  await sleep(1500)
  await after.end()
  const marks = Array.from({ length: 3 }, () => '# version 1')
  assert.deepEqual(after.bodies.toSorted(), [...marks, 'a2', 'b1', 'b2', 'c1', 'd1'])
  assert.equal(new Set([...before.records, ...after.records].map(({ id }) => id)).size, 10)
})

test('files: a copy that is being made of a log at a restart is no log of its own', async (t) => {
  const folder = await folderOf(t)
  const path = join(folder, 'app.log')
  writeFileSync(path, 'a1\na2\na3\n')
  const before = life(only(path))
  await before.until(3)
  await before.end()
  writeFileSync(`${path}.1`, 'a1\na2\n')
  const after = life(only(path), before.positions)
  appendFileSync(path, 'a4\n')
  await after.until(1)
  await sleep(1500)
  await after.end()
  assert.deepEqual(after.bodies, ['a4'])
})

test('files: a place that cannot be parsed, and a folder that cannot be listed, are named; the rest is read', async (t) => {
  const folder = await folderOf(t)
  writeFileSync(join(folder, 'app.log'), 'a1\n')
  symlinkSync('loop', join(folder, 'loop'))
  const reading = life(
    { presets: [], logs: [{ include: [join(folder, 'loop/*.log'), join(folder, '*.log')] }] },
    new Map([['0123456789abcdef', '{"offset":']]),
  )
  await reading.until(1)
  await sleep(1200)
  await reading.end()
  assert.deepEqual(reading.bodies, ['a1'])
  assert.equal(reading.skipped.length, 2, reading.skipped.join('\n'))
  assert.match(
    reading.skipped[0]?.message ?? '',
    /^Cannot go on where log 0123456789abcdef was left: it is read anew: Cannot parse file position "{"offset":"/,
  )
  assert.match(
    reading.skipped[1]?.message ?? '',
    /^Cannot look for logs: Cannot list ".*\/loop" for logs ".*loop\/\*\.log": /,
  )
})

test('files: a log that is copied and truncated goes on, and its copy is not read again', async (t) => {
  const folder = await folderOf(t)
  const path = join(folder, 'app.log')
  writeFileSync(path, 'a1\na2\n')
  const reading = life(only(`${path}*`))
  await reading.until(2)
  copyFileSync(path, `${path}.1`)
  await sleep(1500)
  truncateSync(path)
  appendFileSync(path, 'b1\n')
  await reading.until(3)
  await sleep(1500)
  await reading.end()
  assert.deepEqual(reading.bodies, ['a1', 'a2', 'b1'])
})

test('files: two logs that begin with the same line are two streams', async (t) => {
  const folder = await folderOf(t)
  writeFileSync(join(folder, 'x.log'), '# log\nx\n')
  writeFileSync(join(folder, 'y.log'), '# log\nyy\n')
  const reading = life(only(join(folder, '*.log')))
  await reading.until(4)
  await reading.end()
  assert.deepEqual(reading.bodies.toSorted(), ['# log', '# log', 'x', 'yy'])
  assert.equal(new Set(reading.records.map(({ id }) => id)).size, 4)
})

/** Whether this process has a file open. */
function isHeld(path: string): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path)
    } catch {
      return false // It was closed since the listing.
    }
  })
}

test('files: a log that can be opened and not read is told of, once, and not held', async () => {
  // Nothing is mapped at 0, so the kernel answers EIO, as a disk with a bad sector does.
  const path = `/proc/${process.pid}/mem`
  const reading = life(only(path))
  for (const until = Date.now() + 20_000; reading.skipped.length === 0; await sleep(10))
    assert.ok(Date.now() < until, 'it is told')
  await sleep(1500) // Looked at again.
  assert.equal(isHeld(path), false)
  await reading.end()
  assert.deepEqual(reading.skipped.map(String), [`Error: Cannot read "${path}": EIO: i/o error, read`])
})

test('files: a deleted log is read to its end and then let go', async (t) => {
  const folder = await folderOf(t)
  const path = join(folder, 'app.log')
  writeFileSync(path, 'a1\n')
  const reading = life(only(path))
  await reading.until(1)
  appendFileSync(path, 'a2\nlast')
  rmSync(path)
  await reading.until(3)
  for (const until = Date.now() + 20_000; isHeld(path); await sleep(20))
    assert.ok(Date.now() < until, 'it is closed')
  await reading.end()
  assert.deepEqual(reading.bodies, ['a1', 'a2', 'last'])
})

test('files: at the first start what is there may be left, later files are read whole', async (t) => {
  const folder = await folderOf(t)
  writeFileSync(join(folder, 'old.log'), 'old\n')
  const reading = life(only(join(folder, '*.log'), { initial: 'end' }))
  for (const until = Date.now() + 20_000; reading.positions.size === 0; await sleep(10))
    assert.ok(Date.now() < until)
  appendFileSync(join(folder, 'old.log'), 'more\n')
  writeFileSync(join(folder, 'new.log'), 'new\n')
  await reading.until(2)
  await reading.end()
  assert.deepEqual(reading.bodies.toSorted(), ['more', 'new'])
})

test('files: the presets find their logs and join their lines; without one it says so', async (t) => {
  const folder = await folderOf(t)
  const absent = await files.probe?.(contextOf({ folder }))
  assert.match(absent && !absent.here ? absent.why : '', /^no log of ceph, glusterfs, beegfs is here/)
  mkdirSync(join(folder, 'root/var/log/ceph'), { recursive: true })
  const entry = '2026-01-02T03:04:05.123+0000 7f -1 *** Caught signal (Aborted) **\n in thread 7f\n'
  writeFileSync(join(folder, 'root/var/log/ceph/ceph-osd.3.log'), entry)
  assert.deepEqual(await files.probe?.(contextOf({ folder })), { here: true })
  const reading = life({}, new Map(), folder)
  await reading.until(1)
  await reading.end()
  assert.deepEqual(reading.bodies, [entry.trimEnd()])
})
