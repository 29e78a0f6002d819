import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { nvme } from '../../../collectors/nvme/nvme.ts'
import { nvmecli } from '../../../collectors/nvme/tool.ts'
import { collectOnce, contextOf } from '../context.ts'
import { drives, fixtures, type Replay } from '../smartctl/drives.ts'

const cli = (version: string, name: string) => join(fixtures, 'nvme', `nvme-cli-${version}`, name)

const flat: Readonly<Record<string, Replay>> = {
  version: { text: 'nvme version 2.3 (git 2.3)\nlibnvme version 1.3 (git 1.3)\n' },
  list: { file: cli('2.3', 'list.json') },
  '.dev.nvme0n1': { file: cli('2.3', 'smart-log.json') },
  '.dev.nvme1n1': { file: cli('2.3', 'smart-log.json') },
}

/** A controller in /sys/class/nvme. */
async function controller(folder: string, name: string, files: Readonly<Record<string, string>> = {}) {
  const all = {
    model: 'EX NVMe 3840                            \n',
    serial: 'NVM0D04             \n',
    firmware_rev: 'E10     \n',
    state: 'live\n',
    cntlid: '1\n',
    [`${name}n1/size`]: '7501476528\n',
    [`${name}n1/nuse`]: '468842283\n',
    [`${name}n1/ana_state`]: 'optimized\n',
    [`${name}n1/queue/logical_block_size`]: '4096\n',
    ...files,
  }
  for (const [path, text] of Object.entries(all)) {
    const file = join(folder, 'sys/class/nvme', name, path)
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, text)
  }
}

test('nvme gives node_exporter’s series out of sysfs, with sizes in 512 bytes', async (t) => {
  const { folder } = await drives(t, {})
  await controller(folder, 'nvme0')
  const context = contextOf({ folder, path: '/nonexistent' })
  const { series, states } = await collectOnce(nvme, context)
  assert.deepEqual(
    [...series],
    [
      [
        'node_nvme_info{cntlid="1",device="nvme0",firmware_revision="E10",model="EX NVMe 3840",serial="NVM0D04",state="live"}',
        1,
      ],
      ['node_nvme_namespace_info{ana_state="optimized",device="nvme0",nsid="1"}', 1],
      ['node_nvme_namespace_capacity_bytes{device="nvme0",nsid="1"}', 3840755982336],
      ['node_nvme_namespace_size_bytes{device="nvme0",nsid="1"}', 3840755982336],
      ['node_nvme_namespace_used_bytes{device="nvme0",nsid="1"}', 468842283 * 4096],
      ['node_nvme_namespace_logical_block_size_bytes{device="nvme0",nsid="1"}', 4096],
    ],
  )
  assert.deepEqual(
    states.map(({ part, state, healthy }) => [part, state, healthy]),
    [['NVM0D04:controller:1', 'live', true]],
  )
  assert.deepEqual(context.skipped, [])
})

test('nvme gives the textfile script’s series out of nvme-cli, numbers as texts too', async (t) => {
  const { folder, path, calls } = await drives(t, flat)
  await controller(folder, 'nvme0')
  const context = contextOf({ folder, path })
  const { series } = await collectOnce(nvmecli, context)
  assert.deepEqual(context.skipped, [])
  const of = (name: string) => series.get(`nvme_${name}{device="nvme0n1"}`)
  const expected = {
    sector_size_bytes: 512,
    physical_size_bytes: 3840755982336,
    used_bytes: 1920377991168,
    available_spare_ratio: 1,
    available_spare_threshold_ratio: 0.1,
    percentage_used_ratio: 0.03,
    critical_warning: 0,
    temperature_celsius: 44,
    controller_busy_time_seconds_total: 77 * 60,
    data_units_read_total: 2000000,
    data_units_written_total: 5000000,
    host_read_commands_total: 111,
    host_write_commands_total: 222,
    media_errors_total: 0,
    num_err_log_entries_total: 12,
    power_cycles_total: 15,
    power_on_hours_total: 7000,
    unsafe_shutdowns_total: 4,
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(of(name), value, name)
  assert.equal(series.get('nvme_nvmecli{version="2.3"}'), 1)
  assert.equal(
    series.get('nvme_device_info{device="nvme0n1",firmware="E10",model="EX NVMe 3840",serial="NVM0D04"}'),
    1,
  )
  assert.equal(series.size, 1 + 2 * 19)
  assert.deepEqual(await calls(), [
    'nvme version',
    'nvme list --output-format=json',
    'nvme smart-log --output-format=json /dev/nvme0n1',
    'nvme smart-log --output-format=json /dev/nvme1n1',
  ])
})

test('nvme reads the nested list of later versions, and their spelled out warnings', async (t) => {
  const { folder, path } = await drives(t, {
    version: { text: 'nvme version 2.11 (git 2.11)\n' },
    list: { file: cli('2.11', 'list.json') },
    '.dev.nvme0n1': { file: cli('2.11', 'smart-log.json'), mode: 'banner' },
    '.dev.nvme0n2': { file: cli('2.11', 'smart-log.json') },
  })
  await controller(folder, 'nvme0')
  const context = contextOf({ folder, path })
  const { series } = await collectOnce(nvmecli, context)
  assert.deepEqual(context.skipped, [])
  assert.equal(series.get('nvme_critical_warning{device="nvme0n1"}'), 4)
  assert.equal(series.get('nvme_physical_size_bytes{device="nvme0n2"}'), 4096)
  assert.equal(series.size, 1 + 2 * 19)
})

test('nvme passes over a drive whose log cannot be read', async (t) => {
  const { folder, path, set } = await drives(t, {
    ...flat,
    '.dev.nvme0n1': { text: '', exit: 1 },
    '.dev.nvme1n1': { file: cli('2.3', 'smart-log.json'), exit: 1 },
  })
  await controller(folder, 'nvme0')
  const context = contextOf({ folder, path })
  const { series } = await collectOnce(nvmecli, context)
  assert.deepEqual(
    context.skipped.map(({ message }) => message.replace(/"\S+\/nvme /, '"nvme ')),
    ['Cannot run "nvme smart-log --output-format=json /dev/nvme0n1": exit code 1'],
  )
  assert.equal(series.get('nvme_temperature_celsius{device="nvme1n1"}'), 44)
  await set('.dev.nvme0n1', { text: '{"error":"no such device"}' })
  const other = contextOf({ folder, path })
  await collectOnce(nvmecli, other)
  assert.deepEqual(
    other.skipped.map(({ message }) => message),
    ['Cannot parse nvme smart-log of nvme0n1: none of the fields of a SMART log'],
  )
})

test('nvmecli whose tool fails fails in its words, and leaves what sysfs says alone', async (t) => {
  const { folder, path, set } = await drives(t, { ...flat, list: { text: '', exit: 1 } })
  await controller(folder, 'nvme0')
  const run = () => collectOnce(nvmecli, contextOf({ folder, path }))
  assert.equal((await collectOnce(nvme, contextOf({ folder, path }))).series.size, 6)
  await assert.rejects(run(), { name: 'CommandError', message: /list --output-format=json": exit code 1$/ })
  await set('list', { text: '{"Devices": 7}' })
  await assert.rejects(run(), { message: 'Cannot parse nvme list: JSON without a list "Devices"' })
  await set('list', { text: '{"Devices":[]}' })
  assert.equal((await run()).series.size, 1)
})

test('nvme tells a controller that dies, and one that goes', async (t) => {
  const { folder } = await drives(t, {})
  await controller(folder, 'nvme0')
  await controller(folder, 'nvme1', { serial: 'NVM0D05\n', state: 'dead\n' })
  const states = new Map([
    ['NVM0D04:controller:1', 'live'],
    ['NVM0D05:controller:1', 'live'],
  ])
  const run = async () => {
    const context = contextOf({ folder, path: '/nonexistent', states })
    const { states: read } = await collectOnce(nvme, context)
    return [
      ...read.map(({ part, state, severity }) => `${part} ${state} ${severity}`),
      context.skipped.length,
    ]
  }
  assert.deepEqual(await run(), ['NVM0D04:controller:1 live 9', 'NVM0D05:controller:1 dead 17', 0])
  await rm(join(folder, 'sys/class/nvme/nvme1'), { recursive: true })
  assert.deepEqual(await run(), ['NVM0D04:controller:1 live 9', 'NVM0D05:controller:1 gone 17', 0])
  // A namespace that cannot be read says nothing of the controller.
  await controller(folder, 'nvme2', { serial: 'NVM0D05\n', 'nvme2n1/size': '-1\n' })
  assert.deepEqual(await run(), ['NVM0D04:controller:1 live 9', 'NVM0D05:controller:1 live 9', 1])
  // One that cannot be read may be the one that is missed.
  await rm(join(folder, 'sys/class/nvme/nvme2/model'))
  await mkdir(join(folder, 'sys/class/nvme/nvme2/model'))
  assert.deepEqual(await run(), ['NVM0D04:controller:1 live 9', 1])
})

test('nvme tells of its drives’ health where smartctl is not there to', async (t) => {
  const worse = { file: cli('2.11', 'smart-log.json') }
  const { folder, path } = await drives(t, { ...flat, '.dev.nvme0n1': worse }, ['nvme'])
  await controller(folder, 'nvme0')
  // Of this machine's own folders only what the stand-in needs is on the path.
  const run = async (path: string) => {
    const { states } = await collectOnce(nvmecli, contextOf({ folder, path }))
    return states.filter(({ event }) => event !== 'nvme.controller')
  }
  const alone = await run(path)
  assert.deepEqual(
    alone.filter(({ healthy }) => !healthy).map(({ part, state, body }) => [part, state, body]),
    [
      [
        'NVM0D04:nvme_warning:reliability',
        'on',
        'nvme0n1 (EX NVMe 3840, NVM0D04) warns: its reliability is degraded by media errors',
      ],
    ],
  )
  assert.equal(alone.length, 2 * 8)
  const both = await drives(t, {}, ['smartctl'])
  assert.deepEqual(await run(`${both.path}:${path}`), [])
})

test('nvme is absent where there is no controller', async (t) => {
  const { folder, path } = await drives(t, flat)
  assert.deepEqual(await nvme.probe?.(contextOf({ folder, path })), {
    here: false,
    why: `there is no NVMe controller in ${folder}/sys/class/nvme`,
  })
  assert.equal((await collectOnce(nvme, contextOf({ folder, path }))).series.size, 0)
  await controller(folder, 'nvme0')
  assert.deepEqual(await nvme.probe?.(contextOf({ folder, path })), { here: true })
})

test('nvmecli says whether drives or the tool are missing', async (t) => {
  const { folder, path } = await drives(t, flat, ['nvme'])
  const said = async (path: string) => nvmecli.probe?.(contextOf({ folder, path }))
  assert.deepEqual(await said(path), {
    here: false,
    why: `there is no NVMe controller in ${folder}/sys/class/nvme`,
  })
  assert.equal((await collectOnce(nvmecli, contextOf({ folder, path }))).series.size, 0)
  await controller(folder, 'nvme0')
  assert.deepEqual(await said(path), { here: true })
  const without = contextOf({ folder, path: '/nonexistent' })
  assert.deepEqual(await nvmecli.probe?.(without), {
    here: false,
    why: 'nvme is not installed (package nvme-cli)',
  })
  await assert.rejects(collectOnce(nvmecli, without), {
    message: 'Cannot run nvme: it is no longer installed',
  })
})
