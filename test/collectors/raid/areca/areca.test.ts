import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { arecaParts } from '../../../../collectors/raid/areca/areca-parts.ts'
import {
  parseArecaFields,
  parseDisks,
  parseRaidSets,
  parseVolumeSets,
} from '../../../../collectors/raid/areca/cli64.ts'
import { raid } from '../../../../collectors/raid/raid.ts'
import type { RaidPart } from '../../../../collectors/raid/report.ts'
import { checkCaptures } from '../../../captures.ts'
import { collectOnce, contextOf } from '../../context.ts'
import { fixture, fuzzParser } from '../fuzz.ts'
import { machineWith } from '../replay.ts'
import { nothing, type Tally, tallyOf } from '../tally.ts'

const folder = 'areca-cli64-1.9-1882'
const bare = { controller: '1', system: new Map(), hardware: new Map(), volumeSets: [], details: new Map() }
const read = (path: string) => readFileSync(path, 'utf8')
/** The disks of a capture, with the raid sets of the one beside it. */
const parts = (path: string, sets: string): RaidPart[] =>
  arecaParts({
    ...bare,
    raidSets: parseRaidSets(read(join(dirname(path), sets))),
    disks: parseDisks(read(path)),
  })
const holds = (all: readonly RaidPart[], expected: Partial<Tally>) =>
  assert.deepEqual(tallyOf(all), { ...nothing, controllers: ['1 optimal'], ...expected })

checkCaptures('hwraid/areca-cli64', {
  '1_disk_info.txt': (path) => {
    const all = parts(path, '1_rsf_info.txt')
    holds(all, { arrays: { optimal: ['1:rsf1'] }, drives: { online: 23, 'hot-spare': 1 } })
    const spare = all.find((part) => part.kind === 'drive' && part.status.state === 'hot-spare')
    assert.ok(spare?.kind === 'drive')
    assert.deepEqual(
      [spare.enclosure, spare.slot, spare.model, spare.sizeBytes, spare.array],
      ['2', '22', 'ST31500341AS', 1500.3e9, undefined],
    )
  },
  '1_rsf_info.txt': (path) =>
    assert.deepEqual(parseRaidSets(read(path)), [
      {
        number: '1',
        name: 'Raid Set # 000',
        drives: 23,
        sizeBytes: 34_500e9,
        state: { word: 'Normal', ratio: undefined },
      },
    ]),
  'pr72_disk_info.txt': (path) => {
    const all = parts(path, 'pr72_rsf_info.txt')
    holds(all, { arrays: { optimal: ['1:rsf1', '1:rsf2', '1:rsf3 jbod'] }, drives: { online: 12, jbod: 1 } })
    const places = all.flatMap((part) =>
      part.kind === 'drive' ? [`${part.enclosure}:${part.slot} ${part.array}`] : [],
    )
    assert.deepEqual([places[0], places[6], places[12]], ['2:1 rsf1', '2:7 rsf2', '2:13 undefined'])
  },
  'pr72_rsf_info.txt': (path) =>
    assert.deepEqual(
      parseRaidSets(read(path)).map(({ number, name, drives, sizeBytes }) => [
        number,
        name,
        drives,
        sizeBytes,
      ]),
      [
        ['1', 'Raid Set # 000', 6, 12_000e9],
        ['2', 'data2', 6, 18_000e9],
        ['3', 'PassThroughDisk', 1, 750.2e9],
      ],
    ),
})

test('areca shows raid sets, volume sets, drives and battery', async (t) => {
  const context = contextOf(await machineWith(t, { cli64: folder }))
  const { samples, states, series } = await collectOnce(raid, context)
  const named = samples.filter(({ metric }) => metric.name === 'raid_array_info')
  assert.equal(named.find(({ labels }) => labels.array === 'vsf1')?.labels.name, 'ARC-1882-VOL#000')
  assert.deepEqual(
    states.map(({ part, state }) => `${part.replace('raid:areca:Y231CAACAR801234:', '')} ${state}`),
    [
      'controller optimal',
      'array:rsf1 rebuilding',
      'array:rsf2 degraded',
      'array:rsf3 optimal',
      'array:vsf1 rebuilding',
      'array:vsf2 degraded',
      'array:vsf3 initialising',
      'array:vsf4 optimal',
      'drive:2:1 online',
      'drive:2:2 online',
      'drive:2:3 online',
      'drive:2:4 rebuilding',
      'drive:2:5 online',
      'drive:2:6 failed',
      'drive:2:7 hot-spare',
      'drive:2:8 jbod',
      'drive:2:extp1 unconfigured',
      'battery:battery optimal',
    ],
  )
  const value = (name: string, labels: string) => series.get(`${name}{${labels},vendor="areca"}`)
  assert.equal(value('raid_array_progress_ratio', 'array="vsf1",controller="1",operation="rebuild"'), 0.372)
  assert.equal(value('raid_array_progress_ratio', 'array="vsf3",controller="1",operation="initialise"'), 0.05)
  assert.equal(value('raid_drive_media_errors_total', 'controller="1",enclosure="2",slot="6"'), 27)
  assert.equal(value('raid_drive_other_errors_total', 'controller="1",enclosure="2",slot="6"'), 3)
  assert.equal(value('raid_drive_temperature_celsius', 'controller="1",enclosure="2",slot="6"'), 35)
  assert.equal(value('raid_controller_temperature_celsius', 'controller="1",sensor="roc"'), 62)
  assert.equal(value('raid_controller_temperature_celsius', 'controller="1",sensor="board"'), 44)
  assert.equal(value('raid_battery_charge_ratio', 'controller="1",technology="battery"'), 0.98)
  assert.equal(series.get('raid_unknown_words{vendor="areca"}'), 0)
  assert.deepEqual(context.skipped, [])
})

test('areca says why it has nothing', async (t) => {
  const state = async (text: string) => {
    const context = contextOf(await machineWith(t, { cli64: { 'sys info': text } }))
    const { samples } = await collectOnce(raid, context)
    const on = samples.find(({ labels, value }) => labels.family === 'areca' && value === 1)
    return [on?.labels.state, ...context.skipped.map(({ message }) => message)]
  }
  assert.deepEqual(await state('Error: Please check the (arcmsr & sg) drivers are installed properly.\n'), [
    'no-controller',
  ])
  assert.deepEqual(await state('GuiErrMsg<0x08>: Password Required.\n'), [
    'no-permission',
    'Cannot read a controller: GuiErrMsg<0x08>: Password Required.',
  ])
  assert.deepEqual(await state('GuiErrMsg<0x05>: Invalid Parameter.\n'), [
    'failed',
    'Cannot parse cli64 "GuiErrMsg<0x05>: Invalid Parameter.": no "GuiErrMsg<0x00>: Success." at its end',
  ])
  const old = `Ch   ModelName        Serial#          FirmRev     Capacity  State\n${'='.repeat(79)}\nGuiErrMsg<0x00>: Success.\n`
  assert.throws(() => parseDisks(old), { name: 'ToolError', refusal: 'unsupported-version' })
})

test('cli64 of controllers that count channels', () => {
  const line = '='.repeat(79)
  const text = `  # Ch# ModelName                       Capacity  Usage
${line}
  1  1  ST31000340NS                    1000.2GB  Raid Set # 00
 15 15  N.A.                               0.0GB  N.A.
 16 16  WDC WD7500AYYS-01RCA0            750.2GB  HotSpare[Global]
${line}
GuiErrMsg<0x00>: Success.
`
  assert.deepEqual(
    parseDisks(text).map(({ number, enclosure, slot, usage }) => [number, enclosure, slot, usage]),
    [
      ['1', '', '1', 'Raid Set # 00'],
      ['16', '', '16', 'HotSpare[Global]'],
    ],
  )
})

const texts = ['rsf_info', 'disk_info', 'vsf_info', 'hw_info', 'sys_info'].map((name) =>
  fixture(`${folder}/${name}`),
)
fuzzParser('cli64 tables', texts.slice(0, 3), (text) => {
  const [header = ''] = text.split('\n')
  if (header.includes('Disks')) return parseRaidSets(text)
  if (header.includes('Raid Name')) return parseVolumeSets(text)
  return arecaParts({ ...bare, raidSets: [], disks: parseDisks(text) })
})
fuzzParser('cli64 fields', texts.slice(3), (text) =>
  arecaParts({
    ...bare,
    system: parseArecaFields(text),
    hardware: parseArecaFields(text),
    raidSets: [],
    disks: [],
  }),
)
