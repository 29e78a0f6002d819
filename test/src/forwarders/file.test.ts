import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { fileForwarder, fileMetrics } from '../../../src/forwarders/file.ts'
import type { Answer, Origin } from '../../../src/forwarders/forwarder.ts'
import { fileSink } from '../../../src/sink-schemas.ts'
import type { SpooledBatch } from '../../../src/spool/batch.ts'
import { manualClock } from '../../manual-clock.ts'
import { mountExt4, mountTmpfs } from '../../own-mount.ts'
import { eventBatch, origin, sample, sampleBatch } from './batches.ts'

let root: string
let folders = 0
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'remora-file-'))
})
after(() => rm(root, { recursive: true }))

const accepted = { is: 'accepted' }

interface Settings {
  readonly path?: string
  readonly clock?: Clock
  readonly origin?: Origin
  readonly [key: string]: unknown
}

/** A sink in a folder of its own. */
function sink({
  path = join(root, String(++folders)),
  clock = systemClock,
  origin: who = origin,
  ...rest
}: Settings = {}) {
  const made = fileForwarder(fileSink.parse({ type: 'file', path, ...rest }), who, clock)
  return {
    path,
    send: (batch: SpooledBatch, signal = new AbortController().signal): Promise<Answer> =>
      made.send(batch, signal, false),
    close: () => made.close(),
    /** Bytes held; segments, records and bytes deleted. */
    state: () => made.samples?.().map(({ value }) => value),
    [Symbol.asyncDispose]: () => made.close(),
  }
}

const names = async (path: string) => (await readdir(path)).sort()
const isPartial = (name: string) => name.endsWith('.partial')
const words = (answer: Answer) => ('words' in answer ? answer.words : '')

interface Line {
  readonly node: string
  readonly number: number
  readonly source: string
}

/** What `zstd -dc` reads of all files in the order of their names (Node's own zstd where that tool is missing). */
async function read(path: string, which = (_name: string) => true): Promise<Line[]> {
  const files = (await names(path)).filter(which).map((name) => join(path, name))
  if (files.length === 0) return []
  const tool = spawnSync('zstd', ['-dcq', '--', ...files], { encoding: 'utf8', maxBuffer: 1 << 28 })
  const text = tool.error
    ? zstdDecompressSync(Buffer.concat(await Promise.all(files.map((file) => readFile(file))))).toString()
    : tool.stdout
  assert.equal(tool.stderr ?? '', '')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}
const numbers = (lines: readonly Line[]) => lines.map(({ number }) => number)
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

test('file makes its folder and writes events and samples that zstd reads while the file is open', async () => {
  await using files = sink({ path: join(root, 'deep', 'er', 'folder') })
  assert.deepEqual(await files.send(eventBatch(1, 100)), accepted)
  assert.deepEqual(await files.send(sampleBatch(Date.now(), [sample('a', 1), sample('b', 2)])), accepted)
  assert.deepEqual((await names(files.path)).map(isPartial), [true])
  const lines = await read(files.path)
  assert.deepEqual(numbers(lines.slice(0, 100)), upTo(100))
  assert.deepEqual(
    lines.slice(100).map(({ source }) => source),
    ['metrics', 'metrics'],
  )
})

test('file closes at its size under a name with the record count, and the rest when it is closed', async () => {
  const files = sink({ segment_bytes: 20_000 })
  for (let batch = 0; batch < 10; batch += 1) await files.send(eventBatch(batch * 10 + 1, 10, 600))
  await files.close()
  const found = await names(files.path)
  assert.deepEqual(
    found.map((name) => /-(\d{6}-\d+)\.ndjson\.zst$/.exec(name)?.[1]),
    ['000001-40', '000002-40', '000003-20'],
  )
  assert.deepEqual(numbers(await read(files.path)), upTo(100))
})

test('file closes at its age though nothing more is sent', async () => {
  const clock = manualClock()
  await using files = sink({ clock, segment_seconds: 600 })
  await files.send(eventBatch(1, 3))
  clock.pass(599_000)
  await sleep(20)
  assert.deepEqual((await names(files.path)).map(isPartial), [true])
  clock.pass(1000)
  while ((await names(files.path)).some(isPartial)) await sleep(5)
  assert.match((await names(files.path))[0] ?? '', /-000001-3\.ndjson\.zst$/)
  await files.send(eventBatch(4, 1))
  assert.deepEqual(numbers(await read(files.path)), [1, 2, 3, 4])
})

test('file leaves nothing behind when nothing was sent', async () => {
  const files = sink()
  await files.close()
  await assert.rejects(readdir(files.path), { code: 'ENOENT' })
  assert.equal((await files.send(eventBatch(1, 1))).is, 'retry')
})

test('file repairs a file that a dead agent left, for a torn end of every length', async () => {
  const source = sink()
  await source.send(eventBatch(1, 3))
  await source.send(eventBatch(4, 2))
  const [open = ''] = await names(source.path)
  const whole = await readFile(join(source.path, open))
  await source.close()
  const path = join(root, 'torn')
  let checked = 0
  for (let length = 0; length <= whole.length; length += 7) {
    await mkdir(path)
    await writeFile(join(path, open), whole.subarray(0, length))
    const files = sink({ path })
    assert.deepEqual(await files.send(eventBatch(100, 1)), accepted)
    await files.close()
    assert.equal((await names(path)).some(isPartial), false)
    const lines = numbers(await read(path))
    assert.equal(lines.pop(), 100)
    assert.equal([0, 3, 5].includes(lines.length), true)
    assert.deepEqual(lines, upTo(lines.length))
    const [repaired = ''] = await names(path)
    if (lines.length > 0) assert.match(repaired, new RegExp(`-000001-${lines.length}\\.ndjson\\.zst$`))
    assert.equal((await names(path)).length, lines.length > 0 ? 2 : 1)
    await rm(path, { recursive: true })
    checked += 1
  }
  assert.equal(checked > 50, true)
})

test('file takes over what this node left in another boot at once, in this one when it is old, and nothing of others', async () => {
  const path = join(root, 'shared')
  const agents = [
    { ...origin, ledger: 'bbbb', bootId: 'another' },
    { ...origin, ledger: 'cccc', node: 'rack-8' },
    { ...origin, ledger: 'dddd' },
  ]
  await mkdir(path)
  for (const [index, who] of agents.entries()) {
    const theirs = sink({ path: `${path}-${index}`, origin: who })
    await theirs.send(eventBatch(index * 10 + 1, 2))
    const [file = ''] = await names(theirs.path)
    await rename(join(theirs.path, file), join(path, file))
    if (index > 0) await utimes(join(path, file), 0, new Date(Date.now() - 7201_000))
    await theirs.close()
  }
  await using files = sink({ path })
  assert.deepEqual(await files.send(eventBatch(100, 1)), accepted)
  const found = await names(path)
  const open = found.filter(isPartial)
  assert.equal(found.length, 4)
  assert.equal(open.length, 2)
  assert.equal(
    open.some((name) => name.includes('-rack-8-') && name.includes('-cccc-')),
    true,
  )
  assert.equal(found.filter((name) => /-rack-7-.*-cafe0123-\d+-2\.ndjson\.zst$/.test(name)).length, 2)
  assert.deepEqual(
    numbers(await read(path)).sort((a, b) => a - b),
    [1, 2, 11, 12, 21, 22, 100],
  )
})

test('file keeps two agents in one folder apart, and each loses nothing', async () => {
  const path = join(root, 'together')
  const one = sink({ path, segment_bytes: 4096 })
  const two = sink({ path, segment_bytes: 4096, origin: { ...origin, node: 'rack-8', ledger: 'feed' } })
  for (let batch = 0; batch < 10; batch += 1) {
    const answers = await Promise.all([
      one.send(eventBatch(batch * 5 + 1, 5, 300)),
      two.send(eventBatch(batch * 5 + 1, 5, 300)),
    ])
    assert.deepEqual(answers, [accepted, accepted])
  }
  await Promise.all([one.close(), two.close()])
  const lines = await read(path)
  assert.equal(lines.length, 100)
  for (const node of ['rack-7', 'rack-8']) {
    assert.deepEqual(numbers(lines.filter((line) => line.node === node)), upTo(50))
  }
})

test('file whose open file is taken away writes the batch to a new one before it accepts', async () => {
  await using files = sink()
  await files.send(eventBatch(1, 1))
  const [open = ''] = await names(files.path)
  await rename(join(files.path, open), join(root, 'taken'))
  assert.deepEqual(await files.send(eventBatch(2, 1)), accepted)
  assert.deepEqual(numbers(await read(files.path)), [2])
})

test('file makes a removed folder again', async () => {
  await using files = sink()
  await files.send(eventBatch(1, 1))
  await rm(files.path, { recursive: true })
  assert.deepEqual(await files.send(eventBatch(2, 1)), accepted)
  assert.deepEqual(numbers(await read(files.path)), [2])
})

test('file deletes the oldest files to stay within its bound, and counts them exactly', async () => {
  const max_bytes = 1 << 20
  const files = sink({ max_bytes, segment_bytes: 100_000 })
  await mkdir(files.path)
  await writeFile(join(files.path, 'notes.txt'), 'not ours')
  let most = 0
  for (let batch = 0; batch < 80; batch += 1) {
    assert.deepEqual(await files.send(eventBatch(batch * 10 + 1, 10, 3000)), accepted)
    most = Math.max(most, await bytesOf(files.path))
  }
  const [bytes = 0, segments = 0, records = 0, deletedBytes = 0] = files.state() ?? []
  await files.close()
  assert.equal(most <= max_bytes, true)
  assert.equal(most > max_bytes / 2, true)
  const left = numbers(await read(files.path, (name) => name.endsWith('.zst')))
  assert.equal(records, 800 - left.length)
  assert.deepEqual(left, upTo(800).slice(records))
  assert.equal(segments > 5, true)
  assert.equal(deletedBytes > segments * 90_000, true)
  assert.equal(bytes, await bytesOf(files.path))
  assert.equal(await readFile(join(files.path, 'notes.txt'), 'utf8'), 'not ours')
  assert.deepEqual(
    fileMetrics.map(({ name }) => name),
    [
      'remora_file_bytes',
      'remora_file_deleted_segments_total',
      'remora_file_deleted_records_total',
      'remora_file_deleted_bytes_total',
    ],
  )
})

async function bytesOf(path: string): Promise<number> {
  const files = (await names(path)).filter((name) => name.includes('.ndjson.zst'))
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(path, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

test('file keeps to 5 % of a small file system, and refuses a batch that can never fit', async () => {
  await using mount = await mountTmpfs('2m')
  await using files = sink({ path: join(mount.path, 'out') })
  const bound = 0.05 * (2 << 20)
  for (let batch = 0; batch < 30; batch += 1) {
    assert.deepEqual(await files.send(eventBatch(batch + 1, 1, 10_000)), accepted)
  }
  const [bytes = 0, segments = 0, records = 0] = files.state() ?? []
  assert.equal(bytes <= bound && bytes > bound / 2, true)
  assert.equal(segments > 0, true)
  assert.deepEqual(numbers(await read(files.path)), upTo(30).slice(records))
  const refused = await files.send(eventBatch(31, 1, 300_000))
  assert.equal(refused.is, 'refused')
  assert.match(words(refused), /^\d+ bytes are more than ".*" may hold$/)
  assert.deepEqual(await files.send(eventBatch(31, 1, 1000)), accepted)
})

test('file on a full disk asks for another try, and leaves no torn frame when there is room again', async () => {
  await using mount = await mountTmpfs('1m')
  await using files = sink({ path: join(mount.path, 'out'), segment_bytes: 1 << 20 })
  assert.deepEqual(await files.send(eventBatch(1, 1, 100)), accepted)
  const ballast = join(mount.path, 'ballast')
  const { bavail, bsize } = await statfs(mount.path)
  await writeFile(ballast, Buffer.alloc((bavail - 2) * bsize))
  for (let count = 0; count < 3; count += 1) {
    const answer = await files.send(eventBatch(2, 1, 30_000))
    assert.equal(answer.is, 'retry')
    assert.match(words(answer), /^Cannot write to ".*": ENOSPC: no space left on device, write$/)
  }
  assert.deepEqual(await files.send(eventBatch(2, 1, 100)), accepted)
  await truncate(ballast, 0)
  assert.deepEqual(await files.send(eventBatch(3, 1, 30_000)), accepted)
  assert.deepEqual(numbers(await read(files.path)), [1, 2, 3])
})

test('file on a read-only file system says so, and goes on when it is mended', async () => {
  await using mount = await mountExt4()
  await using files = sink({ path: join(mount.path, 'out') })
  mount.remount('ro')
  const first = await files.send(eventBatch(1, 1))
  assert.equal(first.is, 'retry')
  assert.match(words(first), /EROFS: read-only file system/)
  mount.remount('rw')
  assert.deepEqual(await files.send(eventBatch(1, 1)), accepted)
  await files.close()

  const later = sink({ path: join(mount.path, 'out') })
  mount.remount('ro')
  assert.match(words(await later.send(eventBatch(2, 1))), /EROFS: read-only file system/)
  mount.remount('rw')
  assert.deepEqual(await later.send(eventBatch(2, 1)), accepted)
  await later.close()
  assert.deepEqual(numbers(await read(files.path)), [1, 2])
})

test('file on a file system that gave up under its open file says so and keeps what it accepted', async () => {
  await using mount = await mountExt4()
  const files = sink({ path: join(mount.path, 'out') })
  assert.deepEqual(await files.send(eventBatch(1, 1)), accepted)
  mount.remount('abort')
  const answer = await files.send(eventBatch(2, 1))
  assert.equal(answer.is, 'retry')
  assert.match(words(answer), /EROFS|EIO|ESHUTDOWN/)
  await files.close()
  assert.deepEqual(numbers(await read(files.path)), [1])
})

test('file in a place it cannot use is down until someone mends it', async () => {
  const path = join(root, 'in-the-way')
  await writeFile(path, 'a file')
  await using files = sink({ path: join(path, 'out') })
  const answer = await files.send(eventBatch(1, 1))
  assert.equal(answer.is, 'down')
  assert.match(words(answer), /ENOTDIR/)
  await rm(path)
  assert.deepEqual(await files.send(eventBatch(1, 1)), accepted)
})

test('file on a file system that hangs answers in time, starts no second write, and repeats nothing afterwards', async () => {
  await using mount = await mountExt4()
  const files = sink({ path: join(mount.path, 'out'), retry: { timeout_seconds: 0.3 } })
  assert.deepEqual(await files.send(eventBatch(1, 1)), accepted)
  mount.freeze()
  const started = performance.now()
  for (let count = 0; count < 6; count += 1) {
    const answer = await files.send(eventBatch(2, 1))
    assert.deepEqual(answer, { is: 'retry', words: `"${files.path}" has not answered for 0.3 s` })
  }
  assert.equal(performance.now() - started < 10_000, true)
  // All of libuv's four threads would be stuck now if each try had begun a write of its own.
  assert.equal((await readFile('/proc/self/stat', 'utf8')).length > 0, true)
  mount.thaw()
  for (let answer = await files.send(eventBatch(2, 1)); answer.is !== 'accepted'; ) {
    answer = await files.send(eventBatch(2, 1))
  }
  await files.close()
  assert.deepEqual(numbers(await read(files.path)), [1, 2])
})

test('file that is closed while its file system hangs gives up in time, and the file is closed when it can be', async () => {
  await using mount = await mountExt4()
  const path = join(mount.path, 'out')
  const files = sink({ path, retry: { timeout_seconds: 0.3 } })
  assert.deepEqual(await files.send(eventBatch(1, 1)), accepted)
  mount.freeze()
  assert.equal((await files.send(eventBatch(2, 1))).is, 'retry')
  const started = performance.now()
  await files.close()
  assert.equal(performance.now() - started < 5000, true)
  mount.thaw()
  while ((await names(path)).some(isPartial)) await sleep(10)
  const next = sink({ path })
  assert.deepEqual(await next.send(eventBatch(2, 1)), accepted)
  await next.close()
  assert.deepEqual(numbers(await read(path)), [1, 2])
})

test('file stops at once when its caller does', async () => {
  await using files = sink()
  const answer = await files.send(eventBatch(1, 1), AbortSignal.abort())
  assert.equal(answer.is, 'retry')
  assert.deepEqual(await files.send(eventBatch(1, 1)), accepted)
  assert.deepEqual(numbers(await read(files.path)), [1])
})

test('file does not let a leftover it cannot touch stand in its way', async () => {
  const path = join(root, 'untouchable')
  const name = '20260101T000000Z-rack-7-11112222-cafe0123-000007.ndjson.zst.partial'
  await mkdir(path)
  await writeFile(join(path, name), 'torn')
  assert.equal(spawnSync('chattr', ['+i', join(path, name)]).status, 0)
  try {
    await using files = sink({ path })
    assert.deepEqual(await files.send(eventBatch(1, 1)), accepted)
    assert.equal((await names(path)).includes(name), true)
    assert.equal(
      (await names(path)).some((other) => other.includes('-000008.')),
      true,
    )
  } finally {
    spawnSync('chattr', ['-i', join(path, name)])
  }
})

test('file deletes, renames and opens nothing that is not its own, whatever it is called', async () => {
  const path = join(root, 'crowded')
  const precious = join(root, 'precious')
  await mkdir(path)
  await writeFile(precious, 'not zstd')
  const theirs = '20260101T000000Z-rack-8-11112222-cafe0124-000001-5.ndjson.zst'
  const thePast = '20260101T250000Z-rack-7-11112222-cafe0123-000001-5.ndjson.zst'
  for (const name of [theirs, thePast]) await writeFile(join(path, name), Buffer.alloc(1_000_000))
  const ours = (counter: string) => join(path, `20260101T000000Z-rack-7-11112222-cafe0123-${counter}`)
  await symlink(precious, ours('000002.ndjson.zst.partial'))
  assert.equal(spawnSync('mkfifo', [ours('000003.ndjson.zst.partial')]).status, 0)
  await mkdir(ours('000004-9.ndjson.zst'))
  const before = await names(path)
  await using files = sink({ path, max_bytes: 1 << 20, segment_bytes: 100_000 })
  for (let batch = 0; batch < 80; batch += 1)
    assert.deepEqual(await files.send(eventBatch(batch * 10 + 1, 10, 3000)), accepted)
  const [, segments = 0] = files.state() ?? []
  assert.equal(segments > 0, true)
  const after = await names(path)
  assert.deepEqual(
    before.filter((name) => !after.includes(name)),
    [],
  )
  assert.equal(await readFile(precious, 'utf8'), 'not zstd')
})
