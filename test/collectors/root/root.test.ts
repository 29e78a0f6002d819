import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../../../collectors/root/root.ts'
import { commandRunner } from '../../../src/command.ts'
import { StatfsError } from '../../../src/errors.ts'
import { type CollectContext, type StateReading, seriesKey } from '../../../src/model.ts'
import type { FileSystemUsage } from '../../../src/statfs.ts'
import { hungMounts } from '../../hung-mounts.ts'
import { nodeExporter } from '../../node-exporter.ts'
import { newerNames } from '../../node-exporter-differences.ts'
import { collectOnce, contextOf, type Machine } from '../context.ts'

const fixtures = join(import.meta.dirname, '../../fixtures/root')
const fixture = (name: string, machine: Machine = {}) =>
  contextOf({ folder: join(fixtures, name), usage: {}, ...machine })

const usage = (gigabytes: number): FileSystemUsage => ({
  sizeBytes: gigabytes * 1e9,
  freeBytes: gigabytes * 5e8,
  availableBytes: gigabytes * 4e8,
  files: gigabytes * 1000,
  filesFree: gigabytes * 900,
})

/** The eight series of a file system that answers. */
function answered(labels: string, info: string, gigabytes: number, readonly = 0): [string, number][] {
  return [
    [`node_filesystem_device_error{${labels}}`, 0],
    [`node_filesystem_readonly{${labels}}`, readonly],
    [`node_filesystem_size_bytes{${labels}}`, gigabytes * 1e9],
    [`node_filesystem_free_bytes{${labels}}`, gigabytes * 5e8],
    [`node_filesystem_avail_bytes{${labels}}`, gigabytes * 4e8],
    [`node_filesystem_files{${labels}}`, gigabytes * 1000],
    [`node_filesystem_files_free{${labels}}`, gigabytes * 900],
    [`node_filesystem_mount_info{${info}}`, 1],
  ]
}

const stateOf = (states: readonly StateReading[]) =>
  states.map(({ part, state, healthy }) => `${part} ${state} ${healthy ? 'healthy' : 'unhealthy'}`).sort()

test('root on zram that ext4 gave up gives exactly these series and states', async () => {
  const context = fixture('linux-6.18-zram', {
    usage: { '/': usage(2), '/run': usage(1), '/srv/osd': usage(8) },
  })
  const { series, states } = await collectOnce(root, context)
  const device = (name: string, fstype: string, mountpoint: string) =>
    `device="${name}",fstype="${fstype}",mountpoint="${mountpoint}"`
  const expected: [string, number][] = [
    ['node_root_info{device="/dev/zram0",ephemeral="true",filesystem="ext4",kind="zram"}', 1],
    ['node_root_ephemeral', 1],
    ['node_ext4_errors_total{device="zram0"}', 3],
    ['node_ext4_warnings_total{device="zram0"}', 1],
    ['node_ext4_messages_total{device="zram0"}', 12],
    ['node_ext4_first_error_timestamp_seconds{device="zram0"}', 1764000001],
    ['node_ext4_last_error_timestamp_seconds{device="zram0"}', 1764000090],
    ...answered(device('tmpfs', 'tmpfs', '/run'), 'device="tmpfs",major="0",minor="23",mountpoint="/run"', 1),
    ...answered(
      device('/dev/root', 'ext4', '/'),
      'device="/dev/root",major="253",minor="0",mountpoint="/"',
      2,
      1,
    ),
    ...answered(
      device('/dev/mapper/vg-osd', 'xfs', '/srv/osd'),
      'device="/dev/mapper/vg-osd",major="254",minor="0",mountpoint="/srv/osd"',
      8,
    ),
  ]
  assert.equal(expected.length, 31)
  assert.deepEqual([...series].sort(), expected.sort())
  assert.deepEqual(stateOf(states), [
    '/:errors 3 unhealthy',
    '/:readonly ro unhealthy',
    '/srv/osd:readonly rw healthy',
  ])
  assert.equal(
    states.find(({ part }) => part === '/:errors')?.body,
    'ext4 of /dev/root on / has counted 3 errors',
  )
  assert.deepEqual(context.skipped, [])
})

test('root on an overlay is shown, with its upper layer, beside network mounts and what lies below them', async () => {
  const asked = new Map<string, boolean>()
  const there: Record<string, FileSystemUsage> = {
    '/': usage(2),
    '/run': usage(1),
    '/run/overlay': usage(2),
    '/mnt/home dirs': usage(90),
    '/mnt/home dirs/scratch': usage(5),
  }
  const context: CollectContext = {
    ...fixture('linux-6.1-netboot'),
    statfs: async (path, canHang) => {
      if (path !== '/run/overlay') assert.equal(asked.has(path), false, `${path} is asked twice`)
      asked.set(path, canHang)
      const found = there[path]
      if (found === undefined)
        throw new StatfsError(path, 'transport endpoint is not connected', { hung: false })
      return found
    },
  }
  const { series, states } = await collectOnce(root, context)
  assert.deepEqual([...asked].sort(), [
    ['/', false],
    ['/mnt/home dirs', true],
    ['/mnt/home dirs/scratch', true],
    ['/mnt/remote', true],
    ['/run', false],
    ['/run/overlay', false],
  ])
  const of = (prefix: string) => [...series].filter(([key]) => key.startsWith(prefix)).sort()
  assert.deepEqual(of('node_root'), [
    ['node_root_ephemeral', 1],
    ['node_root_info{device="overlay",ephemeral="true",filesystem="overlay",kind="overlay"}', 1],
  ])
  assert.deepEqual(of('node_overlay'), [
    ['node_overlay_upper_avail_bytes{fstype="tmpfs",mountpoint="/"}', 8e8],
    ['node_overlay_upper_files_free{fstype="tmpfs",mountpoint="/"}', 1800],
    ['node_overlay_upper_files{fstype="tmpfs",mountpoint="/"}', 2000],
    ['node_overlay_upper_free_bytes{fstype="tmpfs",mountpoint="/"}', 1e9],
    ['node_overlay_upper_size_bytes{fstype="tmpfs",mountpoint="/"}', 2e9],
  ])
  // The overlay of a container, the squashfs below the root and autofs are not shown.
  assert.deepEqual(of('node_filesystem_size_bytes'), [
    ['node_filesystem_size_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/mnt/home dirs/scratch"}', 5e9],
    ['node_filesystem_size_bytes{device="overlay",fstype="overlay",mountpoint="/"}', 2e9],
    [
      'node_filesystem_size_bytes{device="store:/export/home\\\\040dirs",fstype="nfs4",mountpoint="/mnt/home dirs"}',
      9e10,
    ],
    ['node_filesystem_size_bytes{device="tmpfs",fstype="tmpfs",mountpoint="/run"}', 1e9],
    ['node_filesystem_size_bytes{device="upper",fstype="tmpfs",mountpoint="/run/overlay"}', 2e9],
  ])
  const failed =
    'device="op@gate:/srv",device_error="transport endpoint is not connected",fstype="fuse.sshfs",mountpoint="/mnt/remote"'
  assert.equal(series.get(`node_filesystem_device_error{${failed}}`), 1)
  assert.equal(series.get(`node_filesystem_readonly{${failed}}`), 0)
  assert.equal(series.size, 2 + 5 + 5 * 8 + 2)
  assert.deepEqual(stateOf(states), [
    '/:readonly rw healthy',
    '/mnt/home dirs/scratch:hung answering healthy',
    '/mnt/home dirs/scratch:readonly rw healthy',
    '/mnt/home dirs:hung answering healthy',
    '/mnt/remote:hung answering healthy',
  ])
})

test('root on disk shows bind mounts, decoded paths and what is on top, and says what turned read-only', async () => {
  const paths = ['/', '/data', '/iso\\share\tx', '/export/spool', '/hidden']
  const context = fixture('linux-4.18-disk', {
    usage: Object.fromEntries(paths.map((path) => [path, usage(1)])),
    states: new Map([
      ['/gone:readonly', 'ro'],
      ['/gone:errors', '7'],
      ['/well:readonly', 'rw'],
      ['/left:hung', 'unmounted'],
    ]),
  })
  const { samples, series, states } = await collectOnce(root, context)
  const sizes = samples.filter(({ metric }) => metric.name === 'node_filesystem_size_bytes')
  assert.deepEqual(sizes.map(({ labels }) => labels.mountpoint).sort(), paths.toSorted())
  assert.equal(sizes.find(({ labels }) => labels.mountpoint === '/hidden')?.labels.device, 'above')
  assert.equal(series.size, 2 + 1 + 5 * 8)
  assert.equal(series.get('node_ext4_errors_total{device="sda2"}'), 0)
  assert.deepEqual(stateOf(states), [
    '/:errors 0 healthy',
    '/:readonly rw healthy',
    // Mounted rw, and read-only now: it turned so by itself.
    '/data:readonly ro unhealthy',
    '/gone:errors unmounted healthy',
    '/gone:readonly unmounted healthy',
    // Mounted ro, as somebody wanted it.
    '/iso\\share\tx:readonly ro healthy',
  ])
  const before = await collectOnce(
    root,
    fixture('linux-4.18-disk', { states: new Map([['/iso\\share\tx:readonly', 'rw']]) }),
  )
  assert.ok(stateOf(before.states).includes('/iso\\share\tx:readonly ro unhealthy'))
})

test('root is one of a closed set of kinds, and ephemeral where a reset takes it', async () => {
  const found: Record<string, string> = {}
  for (const name of (await readdir(fixtures)).filter((entry) => entry.startsWith('linux-'))) {
    const { samples } = await collectOnce(root, fixture(name))
    const [info, ...others] = samples.filter(({ metric }) => metric.name === 'node_root_info')
    assert.equal(others.length, 0)
    const { kind, filesystem, device, ephemeral } = info?.labels ?? {}
    found[name] = `${kind} ${filesystem} ${device} ${ephemeral}`
    const gauge = samples.find(({ metric }) => metric.name === 'node_root_ephemeral')
    assert.equal(gauge?.value, ephemeral === 'true' ? 1 : 0)
  }
  assert.deepEqual(found, {
    'linux-3.10-initrd': 'disk ext2 /dev/ram0 true',
    'linux-4.18-disk': 'disk ext4 /dev/sda2 false',
    'linux-5.10-tmpfs': 'tmpfs rootfs rootfs true',
    'linux-5.14-dracut': 'overlay overlay LiveOS_rootfs true',
    'linux-5.15-nfs': 'network nfs 10.0.0.1:/srv/images/compute false',
    'linux-5.15-overlayroot-disk': 'overlay overlay overlayroot false',
    'linux-5.15-squashfs': 'squashfs squashfs /dev/loop0 true',
    'linux-5.4-live': 'disk ext4 /dev/dm-0 true',
    'linux-6.1-netboot': 'overlay overlay overlay true',
    'linux-6.1-zram-dm': 'zram xfs /dev/dm-0 true',
    'linux-6.12-zram-btrfs': 'zram btrfs /dev/zram0 true',
    'linux-6.18-zram': 'zram ext4 /dev/zram0 true',
    'linux-6.6-loop-in-ram': 'disk ext4 /dev/loop0 true',
    'linux-6.6-md': 'disk ext4 /dev/md0 false',
    'linux-6.8-overlay-lowers': 'overlay overlay overlay true',
  })
})

test('root of an image or a read-only overlay is read-only and healthy', async () => {
  for (const name of ['linux-5.15-squashfs', 'linux-6.8-overlay-lowers']) {
    const { states } = await collectOnce(root, fixture(name))
    assert.deepEqual(stateOf(states), ['/:readonly ro healthy'], name)
  }
})

test('root on an overlay whose upper folder is out of sight has no series of it', async () => {
  const context = fixture('linux-5.14-dracut', { usage: { '/': usage(1) } })
  const { series } = await collectOnce(root, context)
  assert.deepEqual(
    [...series.keys()].filter((key) => key.startsWith('node_overlay')),
    [],
  )
  assert.equal(series.size, 2 + 8)
  assert.deepEqual(context.skipped, [])
})

test('root shows and hides what its options say, and refuses what is no regular expression', async () => {
  const options = { mount_points_exclude: '^/mnt', fs_types_exclude: '^(tmpfs|autofs|overlay)$' }
  const { samples } = await collectOnce(root, fixture('linux-6.1-netboot', { options }))
  const shown = samples.filter(({ metric }) => metric.name === 'node_filesystem_device_error')
  assert.deepEqual(shown.map(({ labels }) => labels.mountpoint).sort(), [
    '/',
    '/dev',
    '/proc',
    '/run/lower',
    '/sys',
  ])
  assert.throws(() => root.options?.parse({ mount_points_exclude: '(' }), /a regular expression/)
})

test('root is read-only once ext4 met its aborted journal in this boot, though mountinfo says rw', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-root-'))
  try {
    await cp(join(fixtures, 'linux-6.18-zram'), folder, { recursive: true, verbatimSymlinks: true })
    const mountinfo = join(folder, 'proc/1/mountinfo')
    await writeFile(mountinfo, (await readFile(mountinfo, 'utf8')).replace(',emergency_ro', ''))
    const ask = async (last: { func: string; errcode: number; time: number }, btime: number) => {
      for (const [name, value] of Object.entries(last))
        await writeFile(join(folder, `sys/fs/ext4/zram0/last_error_${name}`), `${value}\n`)
      await writeFile(join(folder, 'proc/stat'), `cpu  1 2 3 4\nbtime ${btime}\nprocesses 9\n`)
      const context = contextOf({ folder, usage: { '/': usage(1) }, states: new Map([['/:readonly', 'rw']]) })
      const { series, states } = await collectOnce(root, context)
      assert.deepEqual(context.skipped, [])
      const state = states.find(({ part }) => part === '/:readonly')?.state
      return [series.get('node_filesystem_readonly{device="/dev/root",fstype="ext4",mountpoint="/"}'), state]
    }
    const [ro, rw] = [
      [1, 'ro'],
      [0, 'rw'],
    ]
    const met = { func: 'ext4_journal_check_start', errcode: 2, time: 1_764_000_090 }
    assert.deepEqual(await ask(met, 1_764_000_000), ro)
    assert.deepEqual(await ask({ ...met, func: 'ext4_setattr', errcode: 8 }, 1_764_000_000), ro)
    assert.deepEqual(await ask({ ...met, func: 'ext4_lookup', errcode: 5 }, 1_764_000_000), rw)
    assert.deepEqual(await ask(met, 1_764_000_200), rw, 'the superblock remembers an earlier boot')
    const mounted = async (ticks: number) => {
      const stat = `123 (jbd2/zram0-8) S 2 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 ${ticks} 0 0`
      await mkdir(join(folder, 'proc/123'), { recursive: true })
      await writeFile(join(folder, 'proc/123/stat'), `${stat}\n`)
      await writeFile(join(folder, 'sys/fs/ext4/zram0/journal_task'), '123\n')
      return ask(met, 1_764_000_000)
    }
    assert.deepEqual(await mounted(8999), ro)
    assert.deepEqual(await mounted(9100), rw, 'and an earlier mount')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('root skips an ext4 folder it cannot parse and reads on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-root-'))
  try {
    await cp(join(fixtures, 'linux-6.18-zram'), folder, { recursive: true, verbatimSymlinks: true })
    await writeFile(join(folder, 'sys/fs/ext4/zram0/errors_count'), 'many\n')
    const context = contextOf({ folder, usage: { '/': usage(1) }, states: new Map([['/:errors', '3']]) })
    const { series, states } = await collectOnce(root, context)
    assert.deepEqual(
      context.skipped.map(({ message }) => message),
      ['Cannot read ext4 of "zram0": Cannot parse errors_count "many": not a whole number'],
    )
    assert.equal(series.get('node_root_ephemeral'), 1)
    // Nobody knows the count now: that is not "unmounted".
    assert.equal(
      states.some(({ part }) => part === '/:errors'),
      false,
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('root of a container that sees the host below a folder shows the host', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-root-'))
  try {
    const host = join(folder, 'root')
    await mkdir(join(folder, 'proc/1'), { recursive: true })
    await mkdir(join(folder, 'sys'))
    await writeFile(
      join(folder, 'proc/1/mountinfo'),
      `500 499 0:60 / / rw,relatime - overlay overlay rw,lowerdir=/x,upperdir=/y,workdir=/z
510 500 0:30 / ${host} rw,relatime - overlay overlay rw,lowerdir=/lower,upperdir=/run/upper,workdir=/run/work
511 510 0:23 / ${host}/run rw,nosuid - tmpfs tmpfs rw
520 500 8:2 /etc/hosts /etc/hosts rw,relatime - ext4 /dev/sda2 rw
`,
    )
    const context = contextOf({ folder, usage: { '/': usage(2), '/run': usage(1) } })
    const { samples, series } = await collectOnce(root, context)
    const shown = samples.filter(({ metric }) => metric.name === 'node_filesystem_size_bytes')
    assert.deepEqual(
      shown.map(({ labels, value }) => `${labels.mountpoint} ${labels.fstype} ${value}`).sort(),
      ['/ overlay 2000000000', '/run tmpfs 1000000000'],
    )
    assert.equal(series.get('node_overlay_upper_size_bytes{fstype="tmpfs",mountpoint="/"}'), 1e9)
    assert.deepEqual(context.skipped, [])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('root yields nothing on a machine without mounts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-root-'))
  try {
    const { samples, states } = await collectOnce(root, contextOf({ folder }))
    assert.deepEqual([samples, states], [[], []])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test("root on node_exporter's own mountinfo shows the mounts that a path leads to", async (t) => {
  const captures = process.env.REMORA_CAPTURES ?? join(import.meta.dirname, '../../../../shared/captures')
  const capture = join(captures, 'rootfs/proc/node_exporter_1_mountinfo')
  const text = await readFile(capture, 'utf8').catch(() => undefined)
  t.diagnostic(`captures checked: ${text === undefined ? 0 : 1}`)
  if (text === undefined) return
  const folder = await mkdtemp(join(tmpdir(), 'remora-root-'))
  try {
    await mkdir(join(folder, 'proc/1'), { recursive: true })
    await mkdir(join(folder, 'root'))
    await writeFile(join(folder, 'proc/1/mountinfo'), text)
    const { samples } = await collectOnce(root, contextOf({ folder, usage: {} }))
    const shown = samples.filter(({ metric }) => metric.name === 'node_filesystem_device_error')
    assert.deepEqual(
      shown.map(({ labels }) => labels.mountpoint),
      // Its parent ids were edited by hand: /boot and two volumes stand on mounts that cannot hold them.
      ['/run', '/', '/run/lock', '/run/user/1000', '/run/user/1000/gvfs'],
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('root with five hung mounts finishes in time and shows the others untouched', async () => {
  await using mounts = await hungMounts(5)
  const context = contextOf()
  const quiet = async (run: number) => {
    const started = performance.now()
    const reading = await collectOnce(root, context)
    const seconds = (performance.now() - started) / 1000
    assert.ok(seconds < 5, `run ${run} took ${seconds} s of its 10`)
    return reading
  }
  for (const run of [1, 2, 3]) {
    const { samples, states } = await quiet(run)
    const own = samples.filter(({ labels }) => mounts.paths.includes(labels.mountpoint ?? ''))
    const errors = own.filter(({ metric, value }) => metric.name.endsWith('device_error') && value === 1)
    assert.deepEqual(errors.map(({ labels }) => labels.mountpoint).sort(), mounts.paths)
    for (const { labels } of errors) assert.equal(labels.device_error, 'mountpoint timeout')
    const sized = samples.filter(({ metric }) => metric.name === 'node_filesystem_size_bytes')
    assert.ok(sized.some(({ labels, value }) => labels.mountpoint === '/' && value > 0))
    assert.equal(
      sized.some(({ labels }) => mounts.paths.includes(labels.mountpoint ?? '')),
      false,
    )
    const hung = states.filter(({ state }) => state === 'hung')
    assert.deepEqual(
      hung.map(({ part }) => part).sort(),
      mounts.paths.map((path) => `${path}:hung`),
    )
    assert.ok(hung.every(({ healthy, severity }) => !healthy && severity === 17))
  }
  await mounts.release()
  const after = await quiet(4)
  assert.equal(
    after.samples.some(({ labels }) => mounts.paths.includes(labels.mountpoint ?? '')),
    false,
  )
  assert.deepEqual(context.skipped, [])
})

test('root agrees with the real node_exporter in every series that it has', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-root-'))
  const run = commandRunner()
  const mount = async (...args: string[]) => {
    const { exitCode, stderr } = await run({ program: 'mount', args })
    assert.equal(exitCode, 0, stderr)
  }
  const points = ['plain', 'read only', 'bound', 'deep/below'].map((name) => join(folder, name))
  const [plain = '', readOnly = '', bound = '', deep = ''] = points
  for (const point of points) await mkdir(point, { recursive: true })
  await mount('-t', 'tmpfs', '-o', 'size=8m', 'first source', plain)
  await mount('-t', 'tmpfs', '-o', 'size=1m,ro', 'second', readOnly)
  await mount('--bind', plain, bound)
  await mount('-t', 'ramfs', 'third', deep)
  // Debian changed the defaults of 1.5: these are those of 1.11, and of ours. It cannot stand hung mounts.
  const defaults = root.options?.parse({})
  assert.ok(isExcludes(defaults))
  const excludes = [
    `--collector.filesystem.mount-points-exclude=${defaults.mount_points_exclude}|/remora-hung-`,
    `--collector.filesystem.fs-types-exclude=${defaults.fs_types_exclude}`,
  ]
  try {
    const { series } = await nodeExporter(['filesystem'], { args: excludes })
    const theirs = new Map([...series].filter(([key]) => key.startsWith('node_filesystem_')))
    const { samples } = await collectOnce(root, contextOf())
    const ours = new Map(samples.map(({ metric, labels, value }) => [keyOf(metric.name, labels), value]))
    let compared = 0
    for (const [key, value] of theirs) {
      // Other tests mount and unmount while this one runs.
      if (!key.includes('mountpoint="/"') && !key.includes(folder)) continue
      const own = ours.get(key)
      assert.ok(own !== undefined, `node_exporter has ${key}, we have not`)
      const live = /_(free|avail)_bytes|_files_free/.test(key)
      const close = live ? Math.abs(own - value) <= Math.max(64 << 20, value * 0.02) : own === value
      assert.ok(close, `${key}: ${own}, node_exporter says ${value}`)
      compared++
    }
    assert.equal(compared, 5 * 7)
    const more = [...ours.keys()].filter((key) => key.includes(folder) && !theirs.has(key))
    const names = [...new Set(more.map((key) => key.slice(0, key.indexOf('{'))))]
    assert.deepEqual(names, await newerNames('node_filesystem_'))
    assert.equal(more.length, 4)
    t.diagnostic(`root agrees with node_exporter in ${compared} series; only ours: ${names.join()}`)
  } finally {
    for (const point of points) await run({ program: 'umount', args: ['-l', point] })
    await rm(folder, { recursive: true })
  }
})

function isExcludes(value: unknown): value is { mount_points_exclude: string; fs_types_exclude: string } {
  return typeof value === 'object' && value !== null && 'mount_points_exclude' in value
}

/** 1.5 lacks the label `device_error`, which is empty for a file system without an error. */
function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  return seriesKey(name, Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')))
}
