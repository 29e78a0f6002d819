import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zram } from '../../../collectors/zram/zram.ts'
import type { StateReading } from '../../../src/model.ts'
import { collectOnce, contextOf } from '../context.ts'
import { changed, machine, type Origin, origins } from './machine.ts'

const kib = 1024
const mib = 1024 * kib

/** One run over a fixture machine that skips nothing. */
async function read(at: Parameters<typeof contextOf>[0]) {
  const context = contextOf(at)
  const reading = await collectOnce(zram, context)
  assert.deepEqual(context.skipped, [])
  return reading
}

/** The states of one run, by part. */
function byPart(states: readonly StateReading[]) {
  return new Map(states.map((state) => [state.part, state.state]))
}

/** The series of one metric, by the rest of their key. */
function family(series: ReadonlyMap<string, number>, name: string) {
  return Object.fromEntries(
    [...series]
      .filter(([key]) => key.startsWith(`${name}{`))
      .map(([key, value]) => [key.slice(name.length), value]),
  )
}

test('zram reads every value of a device with nine columns', async () => {
  const { series } = await read(machine('linux-6.18'))
  const own = Object.fromEntries([...series].filter(([key]) => key.includes('device="zram2"')))
  const memAvailable = 716800 * kib
  assert.deepEqual(own, {
    'node_zram_info{algorithm="lz4",device="zram2",kind="mount",mountpoint="/mnt/z2"}': 1,
    'node_zram_disksize_bytes{device="zram2"}': 512 * mib,
    'node_zram_orig_data_bytes{device="zram2"}': 94 * mib,
    'node_zram_compr_data_bytes{device="zram2"}': 62 * mib,
    'node_zram_mem_used_bytes{device="zram2"}': 63 * mib,
    'node_zram_mem_limit_bytes{device="zram2"}': 64 * mib,
    'node_zram_mem_used_max_bytes{device="zram2"}': 64 * mib + 4 * kib,
    'node_zram_same_pages{device="zram2"}': 12,
    'node_zram_compacted_pages_total{device="zram2"}': 0,
    'node_zram_huge_pages{device="zram2"}': 15810,
    'node_zram_huge_pages_stored_total{device="zram2"}': 16020,
    'node_zram_failed_reads_total{device="zram2"}': 0,
    'node_zram_failed_writes_total{device="zram2"}': 11,
    'node_zram_invalid_io_total{device="zram2"}': 0,
    'node_zram_notify_free_total{device="zram2"}': 4096,
    'node_zram_reads_total{device="zram2"}': 402,
    'node_zram_writes_total{device="zram2"}': 24110,
    'node_zram_compression_ratio{denominator="compr_data",device="zram2"}': 94 / 62,
    'node_zram_compression_ratio{denominator="mem_used",device="zram2"}': 94 / 63,
    'node_zram_fill_ratio{constraint="disksize",device="zram2"}': 94 / 512,
    'node_zram_fill_ratio{constraint="mem_limit",device="zram2"}': 63 / 64,
    'node_zram_fill_ratio{constraint="memory",device="zram2"}': (63 * mib) / (63 * mib + memAvailable),
    'node_zram_fill_ratio{constraint="filesystem",device="zram2"}': 0.6,
    'node_zram_fill_ratio{constraint="inodes",device="zram2"}': 0.04,
    'node_zram_growth_ratio{device="zram2"}': ((512 - 94) * mib * (63 / 94)) / memAvailable,
    'node_zram_trim_reclaimable_bytes{device="zram2"}': 0,
  })
})

test('zram gives each kernel what that kernel counts, and no more', async () => {
  const counts = {
    'linux-3.14': 20,
    'linux-3.18': 43,
    'linux-4.11': 45,
    'linux-5.4': 26,
    'linux-6.1': 54,
    'linux-6.18': 73,
  }
  for (const origin of origins) {
    const { series } = await read(machine(origin))
    assert.equal(series.size, counts[origin], origin)
  }
  assert.equal(origins.length, 6)
})

test('zram declares every metric it yields, with its labels', async () => {
  const yielded = new Set<string>()
  for (const origin of origins)
    for (const { metric, labels } of (await read(machine(origin))).samples) {
      assert.ok(zram.metrics.includes(metric), metric.name)
      assert.deepEqual(Object.keys(labels).sort(), [...metric.labels].sort(), metric.name)
      yielded.add(metric.name)
    }
  assert.deepEqual([...yielded].sort(), zram.metrics.map(({ name }) => name).sort())
  assert.equal(yielded.size, 24)
})

test('zram gives the same metrics for the same values through either interface', async () => {
  const columns = await read(machine('linux-4.11'))
  const files = await read(machine('linux-3.18'))
  const only = [...columns.series.keys()].filter((key) => !files.series.has(key)).sort()
  // No file ever said how many pages compaction freed.
  assert.deepEqual(only, [
    'node_zram_compacted_pages_total{device="zram0"}',
    'node_zram_compacted_pages_total{device="zram1"}',
  ])
  for (const key of only) columns.series.delete(key)
  assert.equal(files.series.size, 43)
  assert.deepEqual(Object.fromEntries(files.series), Object.fromEntries(columns.series))
  assert.deepEqual(files.states, columns.states)
})

test('zram before 3.18 has no limit, and before 3.15 only lzo', async () => {
  const { series } = await read(machine('linux-3.14'))
  assert.deepEqual(family(series, 'node_zram_info'), {
    '{algorithm="lzo",device="zram0",kind="root",mountpoint="/"}': 1,
  })
  assert.deepEqual(Object.keys(family(series, 'node_zram_fill_ratio')), [
    '{constraint="disksize",device="zram0"}',
    '{constraint="memory",device="zram0"}',
    '{constraint="filesystem",device="zram0"}',
    '{constraint="inodes",device="zram0"}',
  ])
  // These stay at zero in `stat` there.
  assert.deepEqual(family(series, 'node_zram_reads_total'), { '{device="zram0"}': 90210 })
  assert.deepEqual(family(series, 'node_zram_writes_total'), { '{device="zram0"}': 41873 })
})

test('zram says what each device is for', async () => {
  const infos: Record<Origin, string[]> = {
    'linux-3.14': ['zram0 lzo root /'],
    'linux-3.18': ['zram0 lz4 swap ', 'zram1 lzo mount /var/log store', 'zram2 lzo unused '],
    'linux-4.11': ['zram0 lz4 swap ', 'zram1 lzo mount /var/log store', 'zram2 lzo unused '],
    'linux-5.4': ['zram0 zstd root /'],
    'linux-6.1': ['zram0 lzo-rle root /run/initramfs/live', 'zram1 zstd root /run/overlay fs'],
    'linux-6.18': ['zram0 lz4 root /', 'zram1 lzo-rle mount /data', 'zram2 lz4 mount /mnt/z2'],
  }
  for (const origin of origins) {
    const { samples } = await read(machine(origin))
    const found = samples
      .filter(({ metric }) => metric.name === 'node_zram_info')
      .map(({ labels }) => `${labels.device} ${labels.algorithm} ${labels.kind} ${labels.mountpoint}`)
    assert.deepEqual(found, infos[origin])
  }
})

test('zram that is not set up has its info and its size alone', async () => {
  const { series, states } = await read(machine('linux-4.11'))
  const own = [...series].filter(([key]) => key.includes('device="zram2"'))
  assert.deepEqual(own, [
    ['node_zram_info{algorithm="lzo",device="zram2",kind="unused",mountpoint=""}', 1],
    ['node_zram_disksize_bytes{device="zram2"}', 0],
  ])
  const parts = byPart(states)
  assert.equal(parts.get('zram2:fill'), 'below')
  assert.equal(parts.get('zram2:failed_writes'), '0')
})

test('zram that holds nothing yet has no compression ratio and no growth', async () => {
  await using empty = await changed('linux-6.18', {
    'sys/block/zram2/mm_stat': '0 0 0 0 0 0 0 0 0\n',
  })
  const { series } = await read(empty)
  assert.equal(series.has('node_zram_compression_ratio{denominator="compr_data",device="zram2"}'), false)
  assert.equal(series.has('node_zram_compression_ratio{denominator="mem_used",device="zram2"}'), false)
  assert.equal(series.has('node_zram_growth_ratio{device="zram2"}'), false)
  assert.equal(series.has('node_zram_mem_limit_bytes{device="zram2"}'), false)
  assert.equal(series.get('node_zram_fill_ratio{constraint="disksize",device="zram2"}'), 0)
})

test('zram tells no growth from less than 64 MiB, nor where the kernel has no MemAvailable', async () => {
  const { series } = await read(machine('linux-6.18'))
  assert.deepEqual(Object.keys(family(series, 'node_zram_growth_ratio')), [
    '{device="zram0"}',
    '{device="zram2"}',
  ])
  await using old = await changed('linux-3.14', {
    'proc/meminfo': 'MemTotal: 4046284 kB\nMemFree: 2913004 kB\n',
  })
  const { series: before } = await read(old)
  assert.equal(before.size, 18)
  assert.equal(before.has('node_zram_growth_ratio{device="zram0"}'), false)
  assert.equal(before.has('node_zram_fill_ratio{constraint="memory",device="zram0"}'), false)
})

test('zram counts the backing device in units of 4 KiB', async () => {
  const { series } = await read(machine('linux-5.4'))
  assert.equal(series.get('node_zram_backing_used_bytes{device="zram0"}'), 8 * mib)
  assert.equal(series.get('node_zram_backing_read_bytes_total{device="zram0"}'), 310 * 4 * kib)
  assert.equal(series.get('node_zram_backing_written_bytes_total{device="zram0"}'), 16 * mib)
})

test('zram reclaimable by trim is what is stored less what all its file systems use', async () => {
  const { series } = await read(machine('linux-5.4'))
  // Two file systems on its partitions, 300 MB each.
  assert.equal(series.get('node_zram_trim_reclaimable_bytes{device="zram0"}'), 1610612736 - 600_000_000)
  await using hidden = await changed('linux-5.4', {
    'proc/self/mountinfo': `24 1 259:0 / / rw,noatime - ext4 /dev/root rw
27 24 259:1 / /srv rw,noatime - xfs /dev/zram0p2 rw
29 27 0:24 / /srv rw - tmpfs tmpfs rw
`,
  })
  // Nobody can ask the covered one, so nobody knows.
  const { series: unknown } = await read(hidden)
  assert.equal(unknown.has('node_zram_trim_reclaimable_bytes{device="zram0"}'), false)
  assert.equal(unknown.has('node_zram_fill_ratio{constraint="filesystem",device="zram0"}'), true)
})

test('zram takes no fill from a file system that nobody may write', async () => {
  const { series } = await read(machine('linux-6.1'))
  assert.deepEqual(
    Object.keys(family(series, 'node_zram_fill_ratio')).filter((key) => key.includes('filesystem')),
    ['{constraint="filesystem",device="zram1"}'],
  )
})

test('zram yields nothing on a machine without zram', async () => {
  await using without = await changed('linux-3.14', { 'sys/block/zram0': undefined })
  const { series, states } = await read(without)
  assert.equal(series.size, 0)
  assert.equal(states.length, 0)
})

test('zram says what is missing: the module, or a device', async () => {
  const probe = async (at: Parameters<typeof contextOf>[0]) => {
    const presence = await zram.probe?.(contextOf(at))
    return presence?.here === false ? presence.why : presence?.here
  }
  assert.equal(await probe(machine('linux-6.18')), true)
  await using without = await changed('linux-3.14', { 'sys/block/zram0': undefined })
  assert.match(String(await probe(without)), /^this kernel has no zram loaded; .*modprobe zram/)
  await using loaded = await changed('linux-3.14', {
    'sys/block/zram0': undefined,
    'sys/class/zram-control/hot_remove': '',
  })
  assert.match(String(await probe(loaded)), /^zram is loaded but has no device/)
  assert.equal(await probe({ ...without, states: new Map([['zram0:present', 'present']]) }), true)
  assert.equal(typeof (await probe({ ...without, states: new Map([['zram0:present', 'gone']]) })), 'string')
})

test('zram never reads hot_add, which would make a device', async () => {
  const context = contextOf(machine('linux-6.18'))
  const asked: string[] = []
  const sys = new Proxy(context.sys, {
    get: (target, name, receiver) => {
      const value: unknown = Reflect.get(target, name, receiver)
      return typeof value !== 'function'
        ? value
        : (path: string) => {
            asked.push(path)
            return Reflect.apply(value, target, [path])
          }
    },
  })
  await collectOnce(zram, { ...context, sys })
  await zram.probe?.({ ...context, sys })
  assert.ok(asked.length > 30, `${asked.length} paths`)
  assert.deepEqual(
    asked.filter((path) => path.includes('hot_')),
    [],
  )
})
