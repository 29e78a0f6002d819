import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { raid } from '../../../../collectors/raid/raid.ts'
import { commandRunner, type RunCommand } from '../../../../src/command.ts'
import { collectOnce, contextOf } from '../../context.ts'
import { hostWith } from './host.ts'

const path = ':/usr/bin:/bin'
const fixture = join(import.meta.dirname, '../../../fixtures/raid/megacli-8.07')
const answers = Object.fromEntries(
  readdirSync(fixture)
    .filter((name) => name.startsWith('-'))
    .map((name) => [name, readFileSync(join(fixture, name), 'utf8')]),
)

for (const tool of [
  'opt/MegaRAID/MegaCli/MegaCli64',
  'opt/MegaRAID/MegaCli/MegaCli',
  'opt/lsi/MegaCli/megacli',
])
  test(`MegaCli at ${tool} shows two adapters, each its own`, async (t) => {
    const host = await hostWith(t, answers, tool)
    const context = contextOf({ folder: host.folder, path })
    const { series, states, samples } = await collectOnce(raid, context)
    assert.deepEqual(context.skipped, [])
    const value = (name: string, labels: string) => series.get(`${name}{${labels}}`)
    const is = (key: string) => assert.equal(series.get(key), 1, key)
    is('raid_controller_state{controller="0",state="degraded",vendor="broadcom"}')
    is('raid_controller_state{controller="1",state="optimal",vendor="broadcom"}')
    assert.equal(
      value('raid_controller_temperature_celsius', 'controller="0",sensor="roc",vendor="broadcom"'),
      61,
    )
    assert.equal(
      value('raid_controller_memory_correctable_errors_total', 'controller="0",vendor="broadcom"'),
      3,
    )
    is('raid_array_state{array="0",controller="0",state="rebuilding",vendor="broadcom"}')
    is('raid_array_state{array="0",controller="1",state="optimal",vendor="broadcom"}')
    is('raid_array_state{array="1",controller="1",state="checking",vendor="broadcom"}')
    assert.equal(
      value('raid_array_progress_ratio', 'array="1",controller="1",operation="check",vendor="broadcom"'),
      0.36,
    )
    assert.equal(
      value(
        'raid_drive_progress_ratio',
        'controller="0",enclosure="8",operation="rebuild",slot="2",vendor="broadcom"',
      ),
      0.23,
    )
    const drives = new Map<string, number>()
    for (const { metric, labels, value } of samples)
      if (metric.name === 'raid_drive_state' && value === 1) {
        const key = `${labels.controller} ${labels.state}`
        drives.set(key, (drives.get(key) ?? 0) + 1)
      }
    assert.deepEqual(Object.fromEntries(drives), {
      '0 online': 4,
      '0 rebuilding': 1,
      '0 predictive-failure': 1,
      '1 online': 4,
      '1 hot-spare': 1,
      '1 foreign': 1,
      '1 failed': 1,
    })
    is('raid_battery_state{controller="0",state="learning",technology="battery",vendor="broadcom"}')
    is('raid_battery_state{controller="1",state="missing",technology="battery",vendor="broadcom"}')
    assert.equal(
      value('raid_battery_voltage_volts', 'controller="0",technology="battery",vendor="broadcom"'),
      3.921,
    )
    assert.equal(
      value('raid_battery_charge_ratio', 'controller="0",technology="battery",vendor="broadcom"'),
      0.41,
    )
    assert.equal(value('raid_unknown_words', 'vendor="broadcom"'), 0)
    is(
      'raid_drive_info{array="1",controller="1",enclosure="252",firmware="1K03",interface="sata",media="hdd",model="WDC WD4000FYYZ-01UL1B1",serial="WD-WX252S03",slot="3",status="Online, Spun Up",vendor="broadcom"}',
    )
    is(
      'megaraid_pd_info{DG="0",controller="1",disk_id="252",enclosure="252",firmware="0004",interface="SAS",media="HDD",model="ST4000NM0023",serial="Z1Z25200X",slot="0",state="Online, Spun Up"}',
    )
    is(
      'megaraid_controller_info{controller="1",fwversion="3.460.135-8031",model="LSI MegaRAID SAS 9271-8i",serial="SV42300202"}',
    )
    assert.equal(series.get('megaraid_pd_media_errors{controller="1",enclosure="252",slot="6"}'), 255)
    assert.equal(
      value('raid_drive_temperature_celsius', 'controller="1",enclosure="252",slot="6",vendor="broadcom"'),
      undefined,
    )
    assert.equal(states.length, 2 + 3 + 13 + 2)
  })

test('MegaCli that does not know -NoLog is asked without it', async (t) => {
  const host = await hostWith(t, answers, 'opt/MegaRAID/MegaCli/MegaCli64')
  await host.set('mode', 'refuse-nolog')
  const context = contextOf({ folder: host.folder, path })
  const { series } = await collectOnce(raid, context)
  assert.deepEqual(context.skipped, [])
  assert.equal(series.get('raid_tool_state{family="megaraid",state="ok",tool="MegaCli64"}'), 1)
  assert.deepEqual((await host.lines('calls')).slice(0, 3), [
    '-AdpAllInfo_-aALL -NoLog',
    '-AdpAllInfo_-aALL',
    '-LDPDInfo_-aALL',
  ])
})

test('MegaCli without a controller says so', async (t) => {
  const nothing =
    '\nUser specified controller is not present.\nFailed to get CpController object.\n\nExit Code: 0x01\n'
  const host = await hostWith(t, { '-AdpAllInfo_-aALL': nothing }, 'opt/MegaRAID/MegaCli/MegaCli64')
  const context = contextOf({ folder: host.folder, path })
  const { series } = await collectOnce(raid, context)
  assert.equal(series.get('raid_tool_state{family="megaraid",state="no-controller",tool="MegaCli64"}'), 1)
  assert.deepEqual(context.skipped, [])
})

test('MegaCli that hangs on one adapter of two is asked for each by itself, and the other is read', async (t) => {
  const first = Object.fromEntries(
    Object.entries(answers).map(([question, text]) => [question.replace('-aALL', '-a0'), adapterZero(text)]),
  )
  const count = '\n\nController Count: 2.\n\nExit Code: 0x02\n'
  const host = await hostWith(
    t,
    { ...answers, ...first, '-adpCount': count },
    'opt/MegaRAID/MegaCli/MegaCli64',
  )
  await host.set('slow', '-AdpAllInfo_-aALL -AdpAllInfo_-a1')
  const run = commandRunner(path)
  const quick: RunCommand = (command) =>
    run(/-aALL|-a1/.test(command.args.join(' ')) ? { ...command, deadlineSeconds: 1 } : command)
  const states = new Map([['raid:broadcom:SV42300202:controller', 'optimal']])
  const context = contextOf({ folder: host.folder, path, states, run: quick })
  const { samples, states: read } = await collectOnce(raid, context)
  const drives = samples.filter(({ metric }) => metric.name === 'raid_drive_info')
  assert.deepEqual([...new Set(drives.map(({ labels }) => labels.controller))], ['0'])
  assert.equal(drives.length, 6)
  assert.deepEqual(
    read.filter(({ part }) => part.startsWith('raid:broadcom:SV42300202')),
    [],
    'what cannot be read is not gone',
  )
  assert.deepEqual(
    context.skipped.map(({ message }) => message.replace(/Cannot run .*: /, '')),
    [
      'Cannot ask all controllers at once by MegaCli64 -AdpAllInfo -aALL: killed after 1 s',
      'Cannot read controller 1 by MegaCli64 -AdpAllInfo -a1: killed after 1 s',
    ],
  )
})

/** What the tool says of all, cut before it comes to the second adapter. */
function adapterZero(text: string): string {
  const second = text.search(/^ *(?:Adapter #?1\b|.* for (?:Adapter|Controller):? ?1\b)/m)
  return second < 0 ? text : text.slice(0, second)
}
