import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { zram } from '../../../collectors/zram/zram.ts'
import type { StateReading } from '../../../src/model.ts'
import { parseMountinfo } from '../../../src/mounts.ts'
import { collectOnce, contextOf } from '../context.ts'
import { type RealZram, realZram } from './device.ts'

const run = promisify(execFile)
const mib = 1 << 20
const compressible = Buffer.alloc(mib, 'a line that comes again and again, as in a log\n')

/** Writes a file and its data to the device. @throws EIO once the device takes no more */
async function put(at: RealZram, name: string, content: () => Buffer, count: number): Promise<void> {
  await using file = await open(join(at.mountPoint, name), 'w')
  for (let written = 0; written < count; written++) await file.write(content())
  await file.sync()
}

/**
 * One run of the collector beside the kernel's own files, at a moment when they did not change.
 * @param states the last known states; they are brought up to date.
 */
async function readQuiet(at: RealZram, states = new Map<string, string>()) {
  for (let tries = 0; tries < 100; tries++) {
    // Once writes fail, so does this.
    await run('sync', ['-f', at.mountPoint]).catch(() => undefined)
    const before = [await at.file('mm_stat'), await at.file('io_stat')]
    const { samples, states: all } = await collectOnce(zram, contextOf({ states }))
    const after = [await at.file('mm_stat'), await at.file('io_stat')]
    if (before.join() !== after.join()) continue
    const own = samples.filter(({ labels }) => labels.device === at.device)
    const readings = all.filter(({ attributes }) => attributes.device === at.device)
    for (const { part, state } of readings) states.set(part, state)
    const [mmStat = [], ioStat = []] = before.map((line) => line.trim().split(/\s+/).map(Number))
    /** The value of a metric, by any one of its labels. */
    const value = (name: string, label = at.device) =>
      own.find(({ metric, labels }) => metric.name === name && Object.values(labels).includes(label))?.value
    return { value, mmStat, ioStat, samples: own, readings }
  }
  throw new Error(`${at.device} is never quiet`)
}

function stateOf(readings: readonly StateReading[], what: string): StateReading {
  const found = readings.find(({ part }) => part.endsWith(`:${what}`))
  assert.ok(found, what)
  return found
}

test('zram on a real device agrees with mm_stat, rises with what is written, and trims', async () => {
  assert.ok(existsSync('/sys/class/zram-control/hot_add'), 'this test needs root and a kernel with zram')
  await using at = await realZram('512M')
  const empty = await readQuiet(at)
  await put(at, 'text', () => compressible, 100)
  const text = await readQuiet(at)
  await put(at, 'noise', () => randomBytes(mib), 100)
  const noise = await readQuiet(at)

  const columns = [
    'node_zram_orig_data_bytes',
    'node_zram_compr_data_bytes',
    'node_zram_mem_used_bytes',
    'node_zram_mem_limit_bytes',
    'node_zram_mem_used_max_bytes',
    'node_zram_same_pages',
    'node_zram_compacted_pages_total',
    'node_zram_huge_pages',
    'node_zram_huge_pages_stored_total',
  ]
  let compared = 0
  for (const { value, mmStat } of [empty, text, noise]) {
    for (const [index, name] of columns.entries()) {
      // This device has no limit; an older kernel prints fewer columns.
      const wanted = name === 'node_zram_mem_limit_bytes' ? undefined : mmStat[index]
      assert.equal(value(name), wanted, name)
      compared++
    }
    const [orig = 0, compr = 0, used = 0] = mmStat
    assert.equal(value('node_zram_compression_ratio', 'compr_data'), orig / compr)
    assert.equal(value('node_zram_compression_ratio', 'mem_used'), orig / used)
    assert.equal(value('node_zram_fill_ratio', 'disksize'), orig / (512 * mib))
    assert.equal(value('node_zram_fill_ratio', 'mem_limit'), undefined)
    assert.equal(value('node_zram_disksize_bytes'), 512 * mib)
  }
  assert.equal(compared, 27)
  const info = noise.samples.find(({ metric }) => metric.name === 'node_zram_info')
  assert.deepEqual(info?.labels, {
    device: at.device,
    algorithm: 'lz4',
    kind: 'mount',
    mountpoint: at.mountPoint,
  })

  for (const constraint of ['disksize', 'memory', 'filesystem', 'inodes']) {
    const [first = -1, second = -1, third = -1] = [empty, text, noise].map(({ value }) =>
      value('node_zram_fill_ratio', constraint),
    )
    assert.ok(first >= 0 && first < second && second < third, `${constraint}: ${first}, ${second}, ${third}`)
  }
  // Text takes little memory, noise all of its size.
  const used = [empty, text, noise].map(({ value }) => value('node_zram_mem_used_bytes') ?? 0)
  assert.ok((used[1] ?? 0) - (used[0] ?? 0) < 10 * mib, String(used))
  assert.ok((used[2] ?? 0) - (used[1] ?? 0) > 99 * mib, String(used))

  // Deleted data keeps its memory until it is discarded.
  const before = noise.value('node_zram_trim_reclaimable_bytes') ?? -1
  await run('rm', [join(at.mountPoint, 'noise')])
  const removed = (await readQuiet(at)).value('node_zram_trim_reclaimable_bytes') ?? -1
  assert.ok(removed - before > 99 * mib, `${before} to ${removed}`)
  await run('fstrim', [at.mountPoint])
  const trimmed = (await readQuiet(at)).value('node_zram_trim_reclaimable_bytes') ?? -1
  assert.ok(removed - trimmed > 99 * mib, `${removed} to ${trimmed}`)
})

test('zram driven into its mem_limit is seen before by its fill, and after by failed writes and a read-only mount', async () => {
  await using at = await realZram('512M')
  const states = new Map<string, string>()
  await at.set('mem_limit', '64M')
  assert.equal(stateOf((await readQuiet(at, states)).readings, 'fill').state, 'below')

  const seen: string[] = []
  for (
    let file = 0;
    file < 40 && stateOf((await readQuiet(at, states)).readings, 'fill').state !== 'above-95';
    file++
  ) {
    await put(at, `noise-${file}`, () => randomBytes(mib), 2)
    const reading = await readQuiet(at, states)
    const fill = stateOf(reading.readings, 'fill')
    if (seen.at(-1) !== fill.state) seen.push(fill.state)
    if (fill.state !== 'below') {
      assert.equal(fill.attributes.constraint, 'mem_limit')
      assert.equal(reading.value('node_zram_fill_ratio', 'mem_limit'), (reading.mmStat[2] ?? 0) / (64 * mib))
    }
    assert.equal(reading.value('node_zram_failed_writes_total'), 0)
    assert.equal(stateOf(reading.readings, 'failed_writes').state, '0')
  }
  assert.deepEqual(seen, ['below', 'above-80', 'above-90', 'above-95'])
  // `df` would let nobody know.
  const warned = await readQuiet(at, states)
  assert.ok((warned.value('node_zram_fill_ratio', 'filesystem') ?? 1) < 0.3)

  await assert.rejects(
    put(at, 'too much', () => randomBytes(mib), 64),
    { code: 'EIO' },
  )
  const failed = await readQuiet(at, states)
  const count = failed.ioStat[1] ?? 0
  assert.ok(count > 0, `${count} failed writes`)
  assert.equal(failed.value('node_zram_failed_writes_total'), count)
  const state = stateOf(failed.readings, 'failed_writes')
  assert.deepEqual([state.state, state.healthy, state.severity], [String(count), false, 17])
  assert.equal(stateOf(failed.readings, 'fill').state, 'above-95')

  await at.refuseWrites()
  const mount = await untilReadOnly(at)
  assert.equal(mount.readOnly, true)
  assert.ok(
    [...mount.mountOptions, ...mount.superOptions].some((one) => one === 'ro' || one === 'emergency_ro'),
  )
  // And it is still seen, for what it is.
  const last = await readQuiet(at, states)
  assert.equal(last.value('node_zram_info', 'mount'), 1)
  assert.ok((last.value('node_zram_fill_ratio', 'filesystem') ?? 0) > 0)
})

/** ext4 turns read-only once it meets its aborted journal: writes make it look. */
async function untilReadOnly(at: RealZram) {
  for (let tries = 0; tries < 300; tries++) {
    await writeFile(join(at.mountPoint, 'probe'), String(tries)).catch(() => undefined)
    await run('sync', ['-f', at.mountPoint]).catch(() => undefined)
    const mounts = parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'))
    const mount = mounts.find(({ mountPoint }) => mountPoint === at.mountPoint)
    if (mount?.readOnly) return mount
    await sleep(100)
  }
  throw new Error(`${at.mountPoint} is never read-only`)
}
