import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { md, mdSamples } from '../../../collectors/md/md.ts'
import { isContainer, parseMdstat } from '../../../collectors/md/mdstat.ts'
import { arrayWord, drivesOf } from '../../../collectors/md/report.ts'
import { parseBadBlocks, parseCount, readMdSysfs } from '../../../collectors/md/sysfs.ts'
import { ParseError } from '../../../src/errors.ts'
import { stateRecords } from '../../../src/states.ts'
import { tree } from '../../../src/tree.ts'
import { binaryText } from '../../binary-text.ts'
import { type CaptureRow, checkCaptures, labCapture } from '../../captures.ts'
import { collectOnce, contextOf } from '../context.ts'

const fixture = join(import.meta.dirname, '../../fixtures/md/linux-6.1')

test('md tells what node_exporter does not: progress, mismatches, members, and the neutral family', async () => {
  const context = contextOf({ folder: fixture })
  const { series, states } = await collectOnce(md, context)
  assert.deepEqual(context.skipped, [])
  const values: Readonly<Record<string, number>> = {
    'node_md_raid_disks{device="md2"}': 5,
    'node_md_degraded{device="md2"}': 1,
    'node_md_sync_progress_ratio{device="md2",operation="recovery"}': 384512 / 1396736,
    'node_md_sync_remaining_seconds{device="md2",operation="recovery"}': 144,
    'node_md_sync_speed_bytes_per_second{device="md2",operation="recovery"}': 6912 * 1024,
    'node_md_mismatch_sectors{device="md4"}': 128,
    'node_md_member_state{device="md0",member="sdb1",state="write_mostly"}': 1,
    'node_md_member_errors_total{device="md0",member="sdb1"}': 3,
    'node_md_member_bad_sectors{device="md0",member="sdb1"}': 24,
    'raid_array_size_bytes{array="md0",controller="md",vendor="md"}': 523264 * 1024,
    'raid_array_progress_ratio{array="md4",controller="md",operation="check",vendor="md"}': 641792 / 1046528,
    'raid_unknown_words{vendor="md"}': 0,
  }
  for (const [key, value] of Object.entries(values)) assert.equal(series.get(key), value, key)
  assert.equal(series.has('node_md_sync_progress_ratio{device="md5",operation="resync"}'), false, 'it waits')
  const said = Object.fromEntries(states.map(({ part, state }) => [part.replace('raid:md:md:', ''), state]))
  assert.deepEqual(
    ['md0', 'md1', 'md2', 'md3', 'md4', 'md5', 'md7'].map((name) => said[`array:${name}`]),
    ['optimal', 'degraded', 'rebuilding', 'optimal', 'checking', 'optimal', 'offline'],
  )
  assert.deepEqual(
    ['sdb1', 'sde1', 'sdf1', 'sdk', 'sdr'].map((name) => said[`drive::${name}`]),
    ['online', 'failed', 'hot-spare', 'rebuilding', 'hot-spare'],
  )
})

test('md takes the container of a firmware RAID for no array, and knows a broken and a reshaping one', async () => {
  const { series, states } = await collectOnce(md, contextOf({ folder: fixture }))
  const said = Object.fromEntries(states.map(({ part, state }) => [part.replace('raid:md:md:', ''), state]))
  assert.equal(said['array:md6'], undefined)
  assert.equal(series.get('node_md_info{device="md6",level="container",metadata="external:imsm"}'), 1)
  assert.equal(series.get('node_md_info{device="md10",level="raid1",metadata="external:/md6/0"}'), 1)
  assert.deepEqual(
    ['array:md8', 'array:md9', 'array:md10', 'drive::sdac'].map((part) => said[part]),
    ['partially-degraded', 'failed', 'rebuilding', 'failed'],
  )
  // It came back under its old number, which says nothing of its data.
  assert.equal(said['drive::sdae'], 'rebuilding')
  assert.equal(series.get('node_md_member_bad_sectors{device="md10",member="sdae"}'), 0)
})

test('md tells what a disk is to its array, also where its container is listed before', () => {
  const text = (first: string, second: string) => `${first}\n${second}\n`
  const array = 'md1 : active raid1 sda[1] sdb[0]\n      1024 blocks super external:/md0/0 [2/2] [UU]\n'
  const container = 'md0 : inactive sdb[1](S) sda[0](S)\n      5288 blocks super external:imsm\n'
  for (const order of [text(array, container), text(container, array)]) {
    const found = parseMdstat(order)
    assert.deepEqual(
      found.filter(isContainer).map(({ name }) => name),
      ['md0'],
    )
  }
})

test('md reads the arrays beside one that is being made, or that it cannot understand', async (t) => {
  const folder = await copyOf(t)
  const made = 'md127 : inactive super 1.2\n       \n'
  const odd = 'md126 : active raid1 sdx[0]\n      many blocks\n'
  const whole = 'md0 : active raid1 sda[0] sdb[1]\n      1024 blocks super 1.2 [2/2] [UU]\n'
  await writeFile(join(folder, 'proc/mdstat'), made + odd + whole)
  const known = new Map([['raid:md:md:array:md126', 'optimal']])
  const context = contextOf({ folder, states: known })
  const { series, states } = await collectOnce(md, context)
  assert.deepEqual(
    context.skipped.map(({ message }) => message),
    ['Cannot parse mdstat of "md126": no line with its blocks'],
  )
  assert.equal(series.get('node_md_blocks{device="md127"}'), 0)
  assert.equal(series.get('node_md_blocks{device="md0"}'), 1024)
  // What was not understood is not gone.
  assert.deepEqual(
    states.map(({ part, state }) => `${part} ${state}`).filter((line) => line.includes(':array:')),
    ['raid:md:md:array:md127 offline', 'raid:md:md:array:md0 optimal'],
  )
})

test('md makes a drive that is no longer listed missing', async (t) => {
  const folder = await copyOf(t)
  const context = contextOf({ folder, states: new Map([['raid:md:md:drive::sdz', 'online']]) })
  const { series, states } = await collectOnce(md, context)
  const gone = states.find(({ part }) => part === 'raid:md:md:drive::sdz')
  assert.deepEqual([gone?.state, gone?.healthy, gone?.severity], ['missing', false, 17])
  assert.equal(
    series.get('raid_drive_state{controller="md",enclosure="",slot="sdz",state="missing",vendor="md"}'),
    1,
  )
})

test('md says which drive a member is, of a partition its disk, and nothing of a disk that is gone', async (t) => {
  const folder = await copyOf(t)
  const disk = async (path: string, files: Readonly<Record<string, string | Buffer>>) => {
    const at = join(folder, 'sys/devices', path)
    await mkdir(join(at, 'device'), { recursive: true })
    for (const [name, text] of Object.entries(files)) await writeFile(join(at, 'device', name), text)
    return at
  }
  const known = async (name: string, at: string) => {
    await mkdir(join(folder, 'sys/class/block'), { recursive: true })
    await symlink(relative(join(folder, 'sys/class/block'), at), join(folder, 'sys/class/block', name))
  }
  const page = Buffer.concat([Buffer.from([0, 0x80, 0, 20]), Buffer.from('            ZEX0MD01')])
  const sda = await disk('pci0/host0/block/sda', { model: 'EX8000NM0001    \n', vpd_pg80: page })
  await mkdir(join(sda, 'sda1'))
  await writeFile(join(sda, 'sda1/partition'), '1\n')
  await known('sda1', join(sda, 'sda1'))
  await known('sdk', await disk('pci0/nvme/nvme0/nvme0n1', { model: 'EX NVMe\n', serial: 'NVMMD02     \n' }))
  const { samples, states } = await collectOnce(md, contextOf({ folder }))
  const labels = (slot: string) =>
    samples.find(({ metric, labels: of }) => metric.name === 'raid_drive_info' && of.slot === slot)?.labels
  assert.deepEqual(
    ['sda1', 'sdk', 'sdb1'].map((slot) => [labels(slot)?.model, labels(slot)?.serial]),
    [
      ['EX8000NM0001', 'ZEX0MD01'],
      ['EX NVMe', 'NVMMD02'],
      ['', ''],
    ],
  )
  const told = states.find(({ part }) => part === 'raid:md:md:drive::sda1')
  assert.equal(told?.attributes.serial, 'ZEX0MD01')
})

test('md leaves out a file it cannot understand and reads the rest', async (t) => {
  const folder = await copyOf(t)
  await writeFile(join(folder, 'sys/block/md0/md/mismatch_cnt'), 'many\n')
  const context = contextOf({ folder })
  const { series } = await collectOnce(md, context)
  assert.equal(series.has('node_md_mismatch_sectors{device="md0"}'), false)
  assert.equal(series.get('node_md_degraded{device="md0"}'), 0)
  assert.deepEqual(
    context.skipped.map(({ message }) => message),
    ['Cannot parse md md0 mismatch_cnt "many": expected a number'],
  )
})

test('md is absent without the module, and yields nothing without an array', async (t) => {
  const folder = await copyOf(t)
  await writeFile(join(folder, 'proc/mdstat'), 'Personalities : \nunused devices: <none>\n')
  assert.equal((await collectOnce(md, contextOf({ folder }))).series.size, 0)
  await rm(join(folder, 'proc/mdstat'))
  assert.equal((await md.probe?.(contextOf({ folder })))?.here, false)
})

test('an array that lost more than its redundancy has failed, and one with some left is partially degraded', () => {
  const word = (level: string, counts: string, flags: string) =>
    parseMdstat(
      `md9 : active ${level} sda[0] sdb[1] sdc[2] sdd[3]\n      1024 blocks super 1.2 [${counts}] [${flags}]\n`,
    ).map((array) => arrayWord(array, undefined))
  assert.deepEqual(word('raid6', '4/3', 'UUU_'), ['partially degraded'])
  assert.deepEqual(word('raid6', '4/2', 'UU__'), ['degraded'])
  assert.deepEqual(word('raid6', '4/1', 'U___'), ['failed'])
  assert.deepEqual(word('raid5', '4/2', 'UU__'), ['failed'])
  assert.deepEqual(word('raid1', '4/2', 'UU__'), ['partially degraded'])
  assert.deepEqual(word('raid10', '4/2', 'U_U_'), ['degraded'])
})

test('md parsers throw nothing but ParseError, and give whole numbers, whatever the text', async () => {
  const text = await readFile(join(fixture, 'proc/mdstat'), 'utf8')
  const lines = text.split('\n')
  const check = (changed: string) => {
    try {
      for (const array of parseMdstat(changed)) {
        for (const { value } of mdSamples(array, undefined)) assert.ok(Number.isFinite(value) && value >= 0)
        drivesOf(array, undefined)
      }
    } catch (error) {
      assert.ok(error instanceof ParseError, String(error))
    }
  }
  for (const index of lines.keys()) check(lines.slice(0, index).join('\n'))
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(40), binaryText(20), (at, cut, piece) =>
      check(text.slice(0, at) + piece + text.slice(at + cut)),
    ),
    { numRuns: 150 },
  )
  for (const parse of [parseCount, parseBadBlocks])
    fc.assert(
      fc.property(binaryText(), (any) => {
        try {
          assert.ok(parse('md0', any) >= 0)
        } catch (error) {
          assert.ok(error instanceof ParseError, String(error))
        }
      }),
    )
})

/** What a capture of mdstat holds: name, word, disks up of disks, flags of members, and what goes on. */
function mdstat(...rows: readonly string[]): CaptureRow {
  return async (path) => {
    const arrays = parseMdstat(await readFile(path, 'utf8'))
    assert.deepEqual(
      arrays.map((array) => {
        const flags = array.members.map((member) => member.flags).join('')
        const sync = array.sync ? ` ${array.sync.operation} ${array.sync.done}/${array.sync.all}` : ''
        const counts = `${array.disksUp}/${array.disks} ${array.blocks}`
        return `${array.name} ${arrayWord(array, undefined)} ${counts}${flags && ` ${flags}`}${sync}`
      }),
      rows,
    )
  }
}

checkCaptures('mdraid/mdstat', {
  'centos6.2.txt': mdstat(
    'md4 active 2/2 238456700',
    'md3 active 2/2 471858044',
    'md0 active 2/2 102388',
    'md1 active 2/2 8386560',
    'md2 active 2/2 262142844',
  ),
  'failed.txt': mdstat('md0 degraded 2/3 8385664 F'),
  'issue34.txt': mdstat('md127 active 2/2 976759808', 'md0 inactive 0/0 5288 SS'),
  'issue43_recovery.txt': mdstat('md0 recovering 4/6 5860543744 recovery 288381540/1465135936'),
  'issue43_reshape.txt': mdstat('md0 degraded 4/6 5860543744 SS reshape 709745748/1465135936'),
  'linear.txt': mdstat('md1 active 2/2 71826496', 'md0 active 2/2 58291648'),
  'none.txt': mdstat(),
  'pr185_1.txt': mdstat('md1 active 5/5 3750244352 S', 'md2 active 5/5 3750244352 SS'),
  'pr28_0.txt': mdstat('md1 active 2/2 972574976', 'md0 recovering 1/2 208704 recovery 1024/208704'),
})

checkCaptures('mdraid/mdadm', {
  'detail_container2-member.txt': 'not read: mdadm',
  'detail_raid0-ok.txt': 'not read: mdadm',
  'detail_raid1-faulty-and-removed.txt': 'not read: mdadm',
  'detail_raid1-faulty.txt': 'not read: mdadm',
  'detail_raid1-ok.txt': 'not read: mdadm',
  'detail_raid1-spare-writemostly-rebuild.txt': 'not read: mdadm',
  'detail_raid5-ok.txt': 'not read: mdadm',
  'examine_raid0-offline.txt': 'not read: mdadm',
  'examine_raid1-checking.txt': 'not read: mdadm',
  'examine_raid1-resync.txt': 'not read: mdadm',
})

/** A capture is the folder `md` of one array. */
function sysfs(
  level: string,
  state: string,
  disks: number,
  degraded: number | undefined,
  members: string,
): CaptureRow {
  return async (path) => {
    const folder = await mkdtemp(join(tmpdir(), 'remora-md-'))
    try {
      await cp(path, join(folder, 'block/md9/md'), { recursive: true })
      const skipped: Error[] = []
      const found = await readMdSysfs(tree(folder), 'md9', (error) => skipped.push(error))
      assert.deepEqual(skipped, [])
      assert.ok(found)
      assert.deepEqual(
        [found.level, found.arrayState, found.raidDisks, found.degraded],
        [level, state, disks, degraded],
      )
      assert.equal(found.members.map(({ name, states }) => `${name}:${states.join('+')}`).join(' '), members)
    } finally {
      await rm(folder, { recursive: true })
    }
  }
}

checkCaptures('mdraid/sysfs', {
  'procfs-md0': sysfs('raid0', 'clean', 2, undefined, 'sdg:in_sync sdh:in_sync'),
  'procfs-md4': sysfs('raid4', 'clean', 3, 0, 'sdk:in_sync sdl:in_sync sdm:in_sync'),
  'procfs-md6': sysfs('raid6', 'active', 4, 1, 'sdq:in_sync sdr:in_sync sds:in_sync sdt:spare'),
  'procfs-md8': sysfs('raid5', 'active', 11, 0, 'sdy:in_sync sdz:in_sync'),
})

test('md tells what the virtual machine went through: resync, a failed disk, its rebuild, each change once', async (t) => {
  const notes = labCapture('md.txt')
  if (notes === undefined) return t.diagnostic('no captures here: 0 of md in lab checked')
  const snapshots = (await readFile(notes, 'utf8')).match(/^Personalities[\s\S]*?^unused devices.*\n/gm) ?? []
  assert.equal(snapshots.length, 5)
  const folder = await mkdtemp(join(tmpdir(), 'remora-md-'))
  t.after(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'proc'))
  const last = new Map<string, string>()
  const told: string[][] = []
  // Each twice: what has not changed is not told again.
  for (const snapshot of snapshots.flatMap((one) => [one, one])) {
    await writeFile(join(folder, 'proc/mdstat'), snapshot)
    const { states } = await collectOnce(md, contextOf({ folder, states: last }))
    const { records, positions } = stateRecords(states, last, 0)
    told.push(records.map(({ id }) => id.replace(/^raid:md:md:/, '').replace(/:0$/, '')))
    for (const { stream, position } of positions) last.set(stream.replace('state:', ''), position)
  }
  assert.deepEqual(told, [
    [],
    [],
    ['array:md0:initialising:optimal'],
    [],
    ['array:md0:optimal:degraded', 'drive::sde:online:failed'],
    [],
    ['array:md0:degraded:rebuilding', 'drive::sde:failed:rebuilding'],
    [],
    ['array:md0:rebuilding:optimal', 'drive::sde:rebuilding:online'],
    [],
  ])
  console.log('lab/md.txt: 5 states of an array checked')
})

async function copyOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-md-'))
  t.after(() => rm(folder, { recursive: true }))
  await cp(fixture, folder, { recursive: true })
  return folder
}
