import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseSmartArrays } from '../../../../collectors/raid/hpe/config.ts'
import { raid } from '../../../../collectors/raid/raid.ts'
import type { Drive, RaidArray } from '../../../../collectors/raid/report.ts'
import { collectOnce, contextOf } from '../../context.ts'
import { fixture } from '../fuzz.ts'
import { type Answers, impatient, type Machine, machineWith } from '../replay.ts'
import { nothing, tallyOf } from '../tally.ts'

const gen10 = 'ssacli-5.10-p408i-p440ar'

async function read({ path, folder }: Machine, states: ReadonlyMap<string, string> = new Map()) {
  const context = contextOf({ path, folder, states })
  const { samples, series, states: read } = await collectOnce(raid, context)
  const tool = samples.find(
    ({ metric, labels, value }) =>
      metric.name === 'raid_tool_state' && labels.family === 'ssacli' && value === 1,
  )
  return {
    series,
    states: new Map(read.map(({ part, state }) => [decodeURIComponent(part), state])),
    known: new Map(read.map(({ part, state }) => [part, state])),
    tool: [tool?.labels.tool, tool?.labels.state],
    skipped: context.skipped.map(({ message }) => message),
  }
}

async function readOnce(t: TestContext, tools: Readonly<Record<string, Answers>>) {
  return read(await machineWith(t, tools))
}

test('ssacli gives states, roles of drives, progress, temperatures and what keeps the cache', () => {
  const parts = parseSmartArrays(fixture(`${gen10}/ctrl_all_show_config_detail`)).flatMap((one) => one.parts)
  assert.deepEqual(tallyOf(parts), {
    ...nothing,
    controllers: ['3 optimal', '0 degraded'],
    batteries: ['charging', 'failed'],
    arrays: {
      optimal: ['3:1 raid1'],
      degraded: ['0:1 raid10'],
      'partially-degraded': ['3:3 raid6', '0:2 raid1'],
      rebuilding: ['3:2 raid5'],
      unknown: ['0:3 raid1'],
    },
    drives: {
      online: 3,
      'hot-spare': 1,
      rebuilding: 1,
      failed: 1,
      'predictive-failure': 1,
      unconfigured: 1,
      jbod: 1,
    },
    celsius: [47, 39, 47, 41, 28, 31, 32, 36, 38, 33, 30, 29, 61, 40],
    unknown: 1,
  })
  const arrays = parts.filter((part): part is RaidArray => part.kind === 'array')
  assert.deepEqual(
    arrays.map(({ array, name, device, sizeBytes, driveCount, tasks }) => [
      array,
      name,
      device,
      sizeBytes,
      driveCount,
      tasks,
    ]),
    [
      ['1', 'system', 'sda', Math.round(447.1 * 2 ** 30), 2, []],
      ['2', undefined, 'sdb', Math.round(2.18 * 2 ** 40), 3, [{ operation: 'rebuild', ratio: 0.37 }]],
      ['3', undefined, 'sdc', 100 * 2 ** 30, 3, [{ operation: 'initialise', ratio: 0.12 }]],
      ['1', undefined, 'sdd', Math.round(558.88 * 2 ** 30), 1, []],
      ['2', undefined, 'sde', 10 * 2 ** 30, 1, []],
      ['3', undefined, 'sdf', 10 * 2 ** 30, 1, []],
    ],
  )
  const drives = parts.filter((part): part is Drive => part.kind === 'drive')
  assert.deepEqual(
    drives.map(({ enclosure, slot, array, model, serial, firmware, media, smartAlert, sizeBytes }) =>
      [enclosure, slot, array, model, serial, firmware, media, smartAlert, sizeBytes].join(' '),
    ),
    [
      '1I:2 1 1 VK000480GXAWK SSDA1 HPG5 ssd false 480000000000',
      '1I:2 2 1 VK000480GXAWK SSDA2 HPG5 ssd true 480000000000',
      '1I:2 3 2,3 HP EG1200FDNJT HDDB3 HPD4 hdd  1200000000000',
      '1I:2 4 2,3 HP EG1200FDNJT HDDB4 HPD6 hdd  1200000000000',
      '1I:2 5 2,3 HP EG1200FDNJT HDDB5 HPD6 hdd true 1200000000000',
      '1I:2 6 2,3 HP EG1200FDNJT HDDB6 HPD6 hdd  1200000000000',
      '1I:2 7  HP EG1200FDNJT HDDB7 HPD6 hdd  1200000000000',
      '1I:2 8  HP EG1200FDNJT HDDB8 HPD6 hdd  1200000000000',
      '1I:1 1 1,2,3 HP EG0600JETKA HDDC1 HPD5 hdd  600000000000',
    ],
  )
  // The cage has a serial number and a firmware too.
  const [controller] = parts
  assert.ok(controller?.kind === 'controller')
  assert.deepEqual(
    [
      controller.model,
      controller.controllerSerial,
      controller.firmware,
      controller.driver,
      controller.celsius,
    ],
    [
      'HPE Smart Array P408i-p SR Gen10',
      'PEYHB0ARHAA11',
      '5.32',
      'smartpqi Linux 2.1.14-035',
      { roc: 47, cache: 39, asic: 47, 'sensor 2': 41 },
    ],
  )
})

test('hpacucli short lines give drives by port and id, spares by what they stand for, and arrays that lost a drive', () => {
  const parts = parseSmartArrays(fixture('hpacucli-8.50-6i-p400/ctrl_all_show_config')).flatMap(
    (one) => one.parts,
  )
  assert.deepEqual(tallyOf(parts), {
    ...nothing,
    arrays: {
      'partially-degraded': ['2:1 raid6'],
      rebuilding: ['0:1 raid1'],
      initialising: ['2:2 raid5'],
    },
    drives: { online: 3, 'hot-spare': 1, rebuilding: 1, failed: 1, unconfigured: 1 },
  })
  const [first] = parts.filter((part) => part.kind === 'drive')
  assert.deepEqual([first?.enclosure, first?.slot, first?.status.word], ['2', '0', 'OK'])
})

test('raid reads every Smart Array through the first tool that finds one', async (t) => {
  const { states, series, tool, skipped } = await readOnce(t, {
    ssacli: gen10,
    hpacucli: 'hpacucli-8.50-6i-p400',
  })
  assert.deepEqual([tool, skipped, states.size], [['ssacli', 'ok'], [], 2 + 2 + 6 + 9])
  assert.equal(states.get('raid:hpe:PEYHB0ARHAA11:drive:1I:2:3'), 'failed')
  const rebuild = 'array="2",controller="3",operation="rebuild",vendor="hpe"'
  assert.equal(series.get(`raid_array_progress_ratio{${rebuild}}`), 0.37)
  assert.equal(series.get('raid_unknown_words{vendor="hpe"}'), 1)

  const other = await readOnce(t, {
    ssacli: {
      'ctrl all show status': '\nError: No controllers detected.\n',
      'ctrl all show status.exit': '1\n',
    },
    hpssacli: gen10,
  })
  assert.deepEqual([other.tool, other.skipped, other.states.size], [['hpssacli', 'ok'], [], 19])
})

test('raid reads a hpacucli that knows no details, with the controllers from its list', async (t) => {
  const { states, tool, skipped } = await readOnce(t, { hpacucli: 'hpacucli-8.50-6i-p400' })
  assert.deepEqual([tool, skipped], [['hpacucli', 'ok'], []])
  assert.deepEqual(
    [...states].filter(([part]) => /controller$|battery/.test(part)),
    [
      ['raid:hpe:P57820:controller', 'optimal'],
      ['raid:hpe:P61620:controller', 'optimal'],
      ['raid:hpe:P61620:battery:battery', 'optimal'],
    ],
  )
})

test('raid tells of a Smart Array drive that was pulled, not of what a torn text leaves out', async (t) => {
  const text = fixture(`${gen10}/ctrl_all_show_config_detail`)
  const status = { 'ctrl all show status': fixture(`${gen10}/ctrl_all_show_status`) }
  const machine = await machineWith(t, { ssacli: { ...status, 'ctrl all show config detail': text } })
  const { known } = await read(machine)
  const changes = async (detail: string) => {
    await machine.answer('ssacli', { 'ctrl all show config detail': detail })
    const { known: now, skipped } = await read(machine, known)
    const changed = [...now].filter(([part, state]) => known.get(part) !== state)
    return { changed: changed.map(([part, state]) => `${decodeURIComponent(part)} ${state}`), skipped }
  }
  const without = text
    .replace(/^ {3}HBA Drives\n.*?(?=^ {3}SEP)/ms, '')
    .replace(/^.*physicaldrive 1I:2:8 .*\n/gm, '')
  assert.deepEqual(await changes(without), {
    changed: ['raid:hpe:PEYHB0ARHAA11:drive:1I:2:8 missing'],
    skipped: [],
  })
  const lost = { changed: [], skipped: ['Cannot read controller "0": its configuration is left out'] }
  assert.deepEqual(await changes(text.slice(0, text.indexOf('1I:2:7', text.indexOf('Unassigned')))), lost)
  assert.deepEqual(await changes(text.slice(0, text.indexOf('   Serial Number: PDNLH0BRH22B2'))), lost)
})

test('raid asks each Smart Array controller by itself where the question for all hangs', async (t) => {
  const text = fixture(`${gen10}/ctrl_all_show_config_detail`)
  const second = text.slice(text.search(/^Smart Array P440ar/m))
  const hanging = ['ctrl all show config detail', 'ctrl slot=3 show config detail']
  const machine = await machineWith(t, {
    ssacli: {
      'ctrl all show status': fixture(`${gen10}/ctrl_all_show_status`),
      'ctrl slot=0 show config detail': second,
      ...Object.fromEntries(hanging.map((words) => [`${words}.hang`, ''])),
    },
  })
  const states = new Map([['raid:hpe:PEYHB0ARHAA11:controller', 'optimal']])
  const context = contextOf({ ...machine, states, run: impatient(machine, ...hanging) })
  const { states: found } = await collectOnce(raid, context)
  assert.deepEqual(
    [...new Set(found.map(({ part }) => part.split(':')[2]))],
    ['PDNLH0BRH22B2'],
    'the other is read, and the one that hangs is not gone',
  )
  assert.deepEqual(
    context.skipped.map(({ message }) => message.replace(/.*: /, '')),
    ['killed after 1 s', 'killed after 1 s', 'its configuration is left out'],
  )
})

test('raid says why a Smart Array tool has nothing', async (t) => {
  const say = (text: string) => readOnce(t, { ssacli: { 'ctrl all show status': text } })
  const none = await say('\nError: No controllers detected. Possible causes: the driver is not loaded.\n')
  assert.deepEqual([none.tool, none.skipped], [['ssacli', 'no-controller'], []])
  const denied = await say('\nError: You need to have administrator rights to continue.\n')
  assert.deepEqual(denied.tool, ['ssacli', 'no-permission'])
  const locked = await say('\nError: Another instance of ssacli is running! Stop it first.\n')
  assert.deepEqual(locked.tool, ['ssacli', 'failed'])
  assert.match(locked.skipped.join(), /Another instance of ssacli/)
})

test('raid asks cciss_vol_status through the devices of the controllers, where no other tool is', async (t) => {
  const machine = await machineWith(t, { cciss_vol_status: 'cciss-vol-status-1.12-p400i' })
  const none = await read(machine)
  assert.deepEqual([none.tool, none.skipped], [['cciss_vol_status', 'no-controller'], []])
  const make = async (path: string, text = '') => {
    const file = join(machine.folder, path)
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, text)
  }
  await make('root/dev/cciss/c0d0')
  await make('root/dev/cciss/c0d0p1')
  for (const [name, type, vendor] of [
    ['sg0', '0', 'ATA'],
    ['sg3', '12', 'DELL'],
    ['sg4', '12', 'HP'],
  ] as const) {
    await make(`sys/class/scsi_generic/${name}/device/type`, `${type}\n`)
    await make(`sys/class/scsi_generic/${name}/device/vendor`, `${vendor.padEnd(8)}\n`)
  }
  const { states, tool, skipped } = await read(machine)
  assert.deepEqual([tool, skipped], [['cciss_vol_status', 'ok'], []])
  assert.deepEqual(
    [...states].map((pair) => pair.join(' ')),
    [
      'raid:hpe:c0:controller degraded',
      'raid:hpe:c0:array:0 degraded',
      'raid:hpe:c0:array:1 optimal',
      'raid:hpe:c0:drive:1I:1:1 online',
      'raid:hpe:c0:drive:1I:1:2 unknown',
      'raid:hpe:c0:drive:2I:1:5 failed',
      'raid:hpe:sg4:controller degraded',
      'raid:hpe:sg4:array:0 optimal',
    ],
  )
})
