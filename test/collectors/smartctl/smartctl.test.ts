import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { smartctlCollector } from '../../../collectors/smartctl/smartctl.ts'
import type { StateReading } from '../../../src/model.ts'
import { collectOnce, contextOf } from '../context.ts'
import { drives, fixture, four } from './drives.ts'

const words = ({ part, state }: StateReading) => `${part} ${state}`
const unhealthy = (states: readonly StateReading[]) => states.filter(({ healthy }) => !healthy).map(words)
const messages = ({ skipped }: { skipped: Error[] }) => skipped.map(({ message }) => message)

test('smartctl reads every drive of the scan, one after the other, by its type', async (t) => {
  const { path, calls } = await drives(t, four)
  const context = contextOf({ path })
  const { series, states } = await collectOnce(smartctlCollector(), context)
  assert.deepEqual(messages(context), [])
  assert.equal(series.get('smartctl_devices'), 4)
  assert.equal(
    series.get(
      'smartctl_version{build_info="(local build)",json_format_version="1.0",smartctl_version="7.3",svn_revision="5338"}',
    ),
    1,
  )
  const info = [...series.keys()].filter((key) => key.startsWith('smartctl_device{'))
  assert.deepEqual(
    info.map((key) => /device="(.+?)"/.exec(key)?.[1]),
    ['sda', 'sdb', 'bus_2_megaraid_4', 'nvme0'],
  )
  assert.deepEqual(unhealthy(states), ['SAS0C03:media_errors 1'])
  assert.equal(states.length, 4 + 3 + 5 + 12)
  const common = 'smartctl --json --xall --tolerance=verypermissive --nocheck=standby'
  assert.deepEqual(await calls(), [
    'smartctl --json --scan',
    `${common} --device=auto /dev/sda`,
    `${common} --device=sat /dev/sdb`,
    `${common} --device=megaraid,4 /dev/bus/2`,
    `${common} --device=nvme /dev/nvme0`,
  ])
})

test('smartctl reads devices that are configured beside the scan, or alone', async (t) => {
  const { path, calls } = await drives(t, {
    '--scan': { file: fixture('scan-empty.json') },
    '--scan-open': { file: fixture('scan-empty.json') },
    '.dev.sg0_cciss,0': { file: fixture('sas-megaraid.json') },
  })
  const devices = [{ device: '/dev/sg0', type: 'cciss,0' }]
  const both = await collectOnce(smartctlCollector(), contextOf({ path, options: { devices } }))
  assert.equal(both.samples.find(({ metric }) => metric.name === 'smartctl_devices')?.value, 1)
  assert.equal((await calls()).filter((call) => call.includes('--scan')).length, 2)
  const alone = await collectOnce(smartctlCollector(), contextOf({ path, options: { devices, scan: false } }))
  assert.equal(alone.samples.length, both.samples.length)
  assert.equal((await calls()).filter((call) => call.includes('--scan')).length, 2)
})

test('smartctl options refuse what could be another argument', () => {
  const { options } = smartctlCollector()
  const refused = (device: string, type: string) =>
    assert.equal(options?.safeParse({ devices: [{ device, type }] }).success, false, `${device} ${type}`)
  refused('sda', 'auto')
  refused('--all', 'auto')
  refused('/dev/sda /dev/sdb', 'auto')
  refused('/dev/sda', '-s on')
  refused('/dev/sda', '')
  assert.equal(options?.safeParse({ devices: [{ device: '/dev/sg1', type: 'areca,1/2' }] }).success, true)
})

test('smartctl leaves a drive asleep, says so, and keeps what it is', async (t) => {
  const { path, set } = await drives(t, four)
  const collector = smartctlCollector(0)
  const awake = await collectOnce(collector, contextOf({ path }))
  await set('.dev.sdb_sat', { file: fixture('standby.json'), exit: 2 })
  const known = new Map(awake.states.map(({ part, state }) => [part, state]))
  const context = contextOf({ path, states: known })
  const { series, states } = await collectOnce(collector, context)
  assert.deepEqual(messages(context), [])
  assert.equal(series.get('smartctl_device_state{device="sdb"}'), 1)
  const of = (all: Map<string, number>) =>
    [...all.keys()].filter((key) => key.includes('device="sdb"')).sort()
  const kept = of(series)
  assert.deepEqual(kept.map((key) => key.replace(/\{.*/, '')).sort(), [
    'smartctl_device',
    'smartctl_device_block_size',
    'smartctl_device_block_size',
    'smartctl_device_capacity_blocks',
    'smartctl_device_capacity_bytes',
    'smartctl_device_state',
  ])
  assert.deepEqual(
    kept.filter((key) => !of(awake.series).includes(key)),
    ['smartctl_device_state{device="sdb"}'],
  )
  assert.deepEqual(unhealthy(states), ['SAS0C03:media_errors 1'])
})

test('smartctl does not call a drive gone while one that it does not know is asleep', async (t) => {
  const { path, set } = await drives(t, {
    ...four,
    '.dev.sdb_sat': { file: fixture('standby.json'), exit: 2 },
  })
  const states = new Map([
    ['SSD0B02:present', 'present'],
    ['OLD:present', 'present'],
  ])
  const asleep = await collectOnce(smartctlCollector(), contextOf({ path, states }))
  assert.deepEqual(unhealthy(asleep.states), ['SAS0C03:media_errors 1'])
  await set('.dev.sdb_sat', { file: fixture('ata-ssd.json') })
  const awake = await collectOnce(smartctlCollector(), contextOf({ path, states }))
  assert.deepEqual(unhealthy(awake.states), ['SAS0C03:media_errors 1', 'OLD:present gone'])
})

test('smartctl passes over one drive that fails, whatever way, and reads the others', async (t) => {
  const { path, set, calls } = await drives(t, four)
  const collector = smartctlCollector(0)
  const ways = [
    [{ file: fixture('open-failed.json'), exit: 2 }, /failed: No such device$/],
    [{ text: '', exit: 1 }, /exit code 1 and no output$/],
    [{ file: fixture('ata-ssd.json'), mode: 'die' }, /ended by SIGKILL$/],
    [{ file: fixture('ata-ssd.json'), mode: 'flood' }, /more than 4194304 bytes of output$/],
    [{ file: fixture('ata-ssd.json'), mode: 'hang' }, /killed after 1 s$/],
    [{ text: 'Segmentation fault\n', exit: 139 }, /no whole JSON object$/],
  ] as const
  const first = await collectOnce(collector, contextOf({ path }))
  // Also after a restart, of which only the states are left.
  const known = new Map(first.states.map(({ part, state }) => [part, state]))
  for (const [replay, message] of ways) {
    await set('.dev.sdb_sat', replay)
    const options = { deadline_seconds: 'mode' in replay ? 1 : 30 }
    const context = contextOf({ path, options, states: known })
    const { series, states } = await collectOnce(smartctlCollector(), context)
    assert.equal(context.skipped.length, 1, messages(context).join('\n'))
    assert.match(messages(context)[0] ?? '', message)
    const info = [...series.keys()].filter((key) => key.startsWith('smartctl_device{'))
    assert.equal(info.length, 3)
    assert.deepEqual(unhealthy(states), ['SAS0C03:media_errors 1', 'SSD0B02:present unreadable'])
  }
  assert.equal((await calls()).filter((call) => call.includes('--scan')).length, ways.length + 1)
})

test('smartctl takes good data behind a banner, whatever the exit status, and leaves no log behind', async (t) => {
  const { path } = await drives(t, {
    ...four,
    '.dev.sda': { file: fixture('ata-hdd-failing.json'), exit: 88, mode: 'banner' },
    '.dev.sdb_sat': { file: fixture('ata-ssd.json'), exit: 4, mode: 'litter' },
  })
  const before = readdirSync('/').sort()
  const context = contextOf({ path })
  const { series, states } = await collectOnce(smartctlCollector(), context)
  assert.deepEqual(messages(context), [])
  assert.equal(series.get('smartctl_device_smart_status{device="sda"}'), 0)
  assert.equal(series.get('smartctl_device_exit_bit{bit="failing",device="sda"}'), 1)
  assert.equal(series.get('smartctl_device_exit_bit{bit="open",device="sda"}'), 0)
  assert.deepEqual(unhealthy(states), [
    'ZEX00A01:health failing',
    'ZEX00A01:attribute:5 failed',
    'ZEX00A01:temperature over-limit',
    'SAS0C03:media_errors 1',
  ])
  assert.deepEqual(readdirSync('/').sort(), before)
})

test('smartctl without permission says so', async (t) => {
  const { path } = await drives(t, {
    '--scan': { text: readFileSync(fixture('scan.json'), 'utf8').replaceAll('megaraid,4', 'nope') },
    '.dev.sda': { file: fixture('not-permitted.json'), exit: 2 },
  })
  const context = contextOf({ path })
  const { series } = await collectOnce(smartctlCollector(), context)
  const [first] = context.skipped
  assert.equal(first?.name, 'ToolError')
  assert.match(first?.message ?? '', /^Cannot read the drive "\/dev\/sda" \[auto\]: .*Permission denied$/)
  assert.equal(series.get('smartctl_device_smartctl_exit_status{device="sda"}'), 2)
  assert.equal(context.skipped.length, 4)
})

test('smartctl that cannot scan fails as a whole', async (t) => {
  const { path } = await drives(t, { '--scan': { text: 'Usage: smartctl\n', exit: 1 } })
  await assert.rejects(collectOnce(smartctlCollector(), contextOf({ path })), {
    message: /^Cannot parse the scan of smartctl "Usage: smartctl": no whole JSON object$/,
  })
})

test('smartctl that is missing, too old or mute is absent, in plain words', async (t) => {
  const { path, set } = await drives(t, {})
  const probe = (from: string) =>
    smartctlCollector().probe?.(contextOf({ path: from, folder: '/nonexistent' }))
  assert.deepEqual(await probe('/nonexistent'), {
    here: false,
    why: 'smartctl is not installed (package smartmontools, 7.0 or later)',
  })
  assert.deepEqual(await probe(path), { here: true })
  await set('--version', { text: 'smartctl 6.6 2017-11-05 r4594\n' })
  const old = await probe(path)
  assert.match(old?.here === false ? old.why : '', /smartctl is 6\.6, which prints no JSON: 7\.0 is needed$/)
  await set('--version', { text: '?' })
  const mute = await probe(path)
  assert.match(mute?.here === false ? mute.why : '', /does not tell its version$/)
})

test('smartctl tells each change of a drive once, and its end', async (t) => {
  const { path, set } = await drives(t, four)
  const collector = smartctlCollector(0)
  const known = new Map<string, string>()
  const round = async () => {
    const { states } = await collectOnce(collector, contextOf({ path, states: known }))
    const changes = states.filter(({ part, state, healthy }) =>
      known.has(part) ? known.get(part) !== state : !healthy,
    )
    for (const { part, state } of states) known.set(part, state)
    return changes.map(words)
  }
  assert.deepEqual(await round(), ['SAS0C03:media_errors 1'])
  assert.deepEqual(await round(), [])
  await set('.dev.nvme0_nvme', { file: fixture('nvme-failing.json'), exit: 8 })
  await set('.dev.sda', { file: fixture('ata-hdd-failing.json'), exit: 88 })
  assert.deepEqual(await round(), [
    'ZEX00A01:health failing',
    'ZEX00A01:attribute:5 failed',
    'ZEX00A01:temperature over-limit',
    'NVM0D04:health failing',
    'NVM0D04:nvme_warning:spare on',
    'NVM0D04:nvme_warning:reliability on',
    'NVM0D04:media_errors 17',
    'NVM0D04:spare below-threshold',
  ])
  // Within three degrees of its limit it is not cool yet.
  const warm = readFileSync(fixture('ata-hdd-failing.json'), 'utf8').replace('"current": 61', '"current": 59')
  await set('.dev.sda', { text: warm })
  assert.deepEqual(await round(), [])
  await set('.dev.sda', { file: fixture('ata-hdd.json') })
  assert.deepEqual(await round(), [
    'ZEX00A01:health passed',
    'ZEX00A01:attribute:5 ok',
    'ZEX00A01:temperature ok',
  ])
  await set('--scan', {
    text: readFileSync(fixture('scan.json'), 'utf8').replace(/\{\s*"name": "\/dev\/nvme0"[^}]*\}/, '{}'),
  })
  assert.deepEqual(await round(), ['NVM0D04:present gone'])
  assert.deepEqual(await round(), [])
  await set('--scan', { file: fixture('scan.json') })
  assert.deepEqual(await round(), ['NVM0D04:present present'])
})
