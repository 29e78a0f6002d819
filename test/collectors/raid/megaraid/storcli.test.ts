import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readFamily } from '../../../../collectors/raid/collect.ts'
import { megaraid } from '../../../../collectors/raid/megaraid/megaraid.ts'
import { raid } from '../../../../collectors/raid/raid.ts'
import { commandRunner, type RunCommand } from '../../../../src/command.ts'
import { groupAlive } from '../../../../src/process-group.ts'
import { collectOnce, contextOf } from '../../context.ts'
import { answersOf, madeController, serialAt } from './answers.ts'
import { hostWith, type StandIn, standIn } from './host.ts'

const path = ':/usr/bin:/bin'
const healthy = answersOf([madeController(0, 12)])

/** The machine's own runner, with less patience for what is asked of `place`. */
function impatient(seconds: number, place: string): RunCommand {
  const run = commandRunner(path)
  return (command) => run(command.args[0] === place ? { ...command, deadlineSeconds: seconds } : command)
}

function contextFor(host: StandIn, seconds?: number, place = '/cALL') {
  const run = seconds === undefined ? {} : { run: impatient(seconds, place) }
  return contextOf({ folder: host.folder, path, ...run })
}

test('storcli shows controller, array, drives and CacheVault, with the known series beside them', async (t) => {
  const host = await hostWith(t, healthy)
  const context = contextFor(host)
  const { series, states } = await collectOnce(raid, context)
  assert.deepEqual(context.skipped, [])
  const one = (key: string) => assert.equal(series.get(key), 1, key)
  one('raid_tool_state{family="megaraid",state="ok",tool="storcli64"}')
  one('raid_controller_state{controller="0",state="optimal",vendor="broadcom"}')
  one('raid_array_state{array="0",controller="0",state="optimal",vendor="broadcom"}')
  one('raid_battery_state{controller="0",state="optimal",technology="capacitor",vendor="broadcom"}')
  one('megaraid_healthy{controller="0"}')
  one('megaraid_vd_info{DG="0",VG="0",cache="RWBD",controller="0",name="vol0",state="Optl",type="RAID6"}')
  assert.equal(
    series.get('raid_controller_temperature_celsius{controller="0",sensor="roc",vendor="broadcom"}'),
    40,
  )
  assert.equal(series.get('megaraid_time_difference{controller="0"}'), 7)
  assert.equal(series.get('raid_unknown_words{vendor="broadcom"}'), 0)
  one(
    'megaraid_pd_info{DG="0",controller="0",disk_id="803",enclosure="8",firmware="E002",interface="SAS",media="HDD",model="ST8000NM0075",serial="ZA0E8S3",slot="3",state="Onln"}',
  )
  assert.equal(states.filter(({ healthy }) => !healthy).length, 0)
  assert.equal(states.length, 1 + 1 + 12 + 1)
  assert.deepEqual(await host.lines('calls'), [
    'cALL_show_all nolog',
    'cALL_eALL_sALL_show_all nolog',
    'cALL_vALL_show_all nolog',
    'cALL_cv_show_all nolog',
    'cALL_show_patrolread nolog',
  ])
})

test('storcli without the known series when they are switched off', async (t) => {
  const host = await hostWith(t, healthy)
  const context = contextOf({ folder: host.folder, path, options: { de_facto: false } })
  const { samples } = await collectOnce(raid, context)
  assert.equal(samples.filter(({ metric }) => metric.name.startsWith('megaraid_')).length, 0)
  assert.ok(samples.some(({ metric }) => metric.name === 'raid_drive_state'))
})

test('storcli tells of a rebuild: the drive, the array, how far and how long', async (t) => {
  const made = madeController(0, 8)
  const drives = made.drives.map((drive) => (drive.slot === 3 ? { ...drive, state: 'Rbld' } : drive))
  const host = await hostWith(
    t,
    answersOf([{ ...made, rebuilt: 42, drives, volumes: [{ number: 0, group: 0, state: 'Dgrd' }] }]),
  )
  const { series } = await collectOnce(raid, contextFor(host))
  const drive = 'controller="0",enclosure="8",operation="rebuild",slot="3",vendor="broadcom"'
  assert.equal(series.get(`raid_drive_progress_ratio{${drive}}`), 0.42)
  assert.equal(series.get(`raid_drive_remaining_seconds{${drive}}`), 5400)
  const is = (state: string) =>
    series.get(`raid_array_state{array="0",controller="0",state="${state}",vendor="broadcom"}`)
  assert.deepEqual([is('rebuilding'), is('degraded')], [1, 0])
  const of = (state: string) =>
    series.get(`raid_drive_state{controller="0",enclosure="8",slot="3",state="${state}",vendor="broadcom"}`)
  assert.deepEqual([of('rebuilding'), of('online')], [1, 0])
})

test('storcli tells of a drive whose SMART has given up, and of a word it does not know', async (t) => {
  const made = madeController(0, 4)
  const drives = made.drives.map((drive) =>
    drive.slot === 1
      ? { ...drive, alert: true, mediaErrors: 7 }
      : drive.slot === 2
        ? { ...drive, state: 'Wrdo' }
        : drive,
  )
  const host = await hostWith(t, answersOf([{ ...made, drives }]))
  const { series, states } = await collectOnce(raid, contextFor(host))
  const drive = (slot: number) => `controller="0",enclosure="8",slot="${slot}"`
  assert.equal(series.get(`raid_drive_state{${drive(1)},state="predictive-failure",vendor="broadcom"}`), 1)
  assert.equal(series.get(`raid_drive_media_errors_total{${drive(1)},vendor="broadcom"}`), 7)
  assert.equal(series.get(`megaraid_pd_smart_alerted{${drive(1)}}`), 1)
  assert.equal(series.get(`raid_drive_state{${drive(2)},state="unknown",vendor="broadcom"}`), 1)
  assert.equal(series.get('raid_unknown_words{vendor="broadcom"}'), 1)
  assert.deepEqual(
    states.filter(({ healthy }) => !healthy).map(({ body }) => body),
    [
      'Drive 8:1 (ST8000NM0075 ZA0E8S1) on broadcom controller 0 is predictive-failure (Onln, S.M.A.R.T alert)',
    ],
  )
})

for (const mode of ['banner', 'exit', 'log', 'refuse-nolog', 'lock'])
  test(`storcli is read as ever in mode ${mode}`, async (t) => {
    const host = await hostWith(t, healthy)
    await host.set('mode', mode)
    const context = contextFor(host)
    // Two at once: its global lock is never met by our own.
    const readings = await Promise.all([readFamily(megaraid, context), readFamily(megaraid, context)])
    assert.deepEqual(context.skipped, [])
    assert.deepEqual(await host.lines('collisions'), [])
    for (const { ended, items } of readings) {
      assert.equal(ended[0]?.state, 'ok')
      assert.equal(items.filter((item) => 'kind' in item && item.kind === 'drive').length, 12)
    }
    const folders = new Set(await host.lines('where'))
    assert.equal(folders.size, 2, 'a private folder for each reading')
    for (const folder of folders)
      assert.ok(!existsSync(folder), `${folder} is gone, with what was left in it`)
    if (mode === 'refuse-nolog')
      assert.deepEqual((await host.lines('calls')).slice(0, 3), [
        'cALL_show_all nolog',
        'cALL_show_all',
        'cALL_eALL_sALL_show_all',
      ])
  })

test('storcli that hangs is killed at the deadline with its group, and its kin are not tried after it', async (t) => {
  const host = await hostWith(t, healthy)
  await host.set('mode', 'hang')
  await copyFile(standIn, join(host.root, 'opt/MegaRAID/storcli/storcli'))
  // A machine may be too slow for the tool to come as far as to hang.
  let groups: readonly string[] = []
  for (let seconds = 0.5; groups.length === 0; seconds *= 2) {
    const context = contextFor(host, seconds)
    const { ended, items } = await readFamily(megaraid, context)
    assert.deepEqual([ended[0]?.state, items.length], ['failed', 0])
    assert.deepEqual(
      context.skipped.map(({ message }) => message.replace(/.*: /, '')),
      [`killed after ${seconds} s`],
    )
    groups = await host.lines('group')
  }
  for (const group of groups) assert.ok(!(await groupAlive(Number(group.split(' ')[0]))), 'its group is dead')
  for (const folder of await host.lines('where')) assert.ok(!existsSync(folder))
})

test('storcli that hangs at one question is still read for the others, and not asked further', async (t) => {
  const host = await hostWith(t, healthy)
  await host.set('slow', 'cALL_eALL_sALL_show_all')
  const context = contextFor(host, 1, '/cALL/eALL/sALL')
  const { ended, items } = await readFamily(megaraid, context)
  assert.equal(ended[0]?.state, 'ok')
  assert.equal(context.skipped.length, 1)
  assert.equal(items.filter((item) => 'kind' in item && item.kind === 'drive').length, 12)
  assert.deepEqual(await host.lines('calls'), [
    'cALL_show_all nolog',
    'cALL_eALL_sALL_show_all nolog',
    'show_ctrlcount nolog',
  ])
})

test('storcli that hangs on one controller of three is asked for each by itself, and the others are read', async (t) => {
  const made = [madeController(0, 2), madeController(1, 4), madeController(2, 3)]
  const answers = answersOf(made)
  const alone: Record<string, string> = {
    show_ctrlcount: JSON.stringify({
      Controllers: [{ 'Command Status': { Status: 'Success' }, 'Response Data': { 'Controller Count': 3 } }],
    }),
  }
  for (const one of made)
    for (const [question, text] of Object.entries(answersOf([one])))
      alone[question.replace('cALL', `c${one.number}`)] = text
  const host = await hostWith(t, { ...answers, ...alone })
  await host.set('slow', 'cALL_show_all c1_show_all')
  const run = commandRunner(path)
  const hanging = ['/cALL', '/c1']
  const quick: RunCommand = (command) =>
    run(hanging.includes(command.args[0] ?? '') ? { ...command, deadlineSeconds: 1 } : command)
  const states = new Map([
    ['raid:broadcom:SK93610001:controller', 'optimal'],
    ['raid:broadcom:SK93610001:drive:8:0', 'online'],
  ])
  const context = contextOf({ folder: host.folder, path, states, run: quick })
  const { samples, states: read } = await collectOnce(raid, context)
  const drives = samples.filter(({ metric }) => metric.name === 'raid_drive_info')
  assert.deepEqual(
    Object.entries(Object.groupBy(drives, ({ labels }) => labels.controller ?? '')).map(
      ([controller, all]) => [controller, all?.length],
    ),
    [
      ['0', 2],
      ['2', 3],
    ],
  )
  assert.deepEqual(
    read.filter(({ part }) => part.startsWith('raid:broadcom:SK93610001:')),
    [],
    'what cannot be read is not gone',
  )
  assert.deepEqual(
    context.skipped.map(({ message }) => message.replace(/Cannot run .*: /, '')),
    [
      'Cannot ask all controllers at once by storcli64 /cALL show all: killed after 1 s',
      'Cannot read controller 1 by storcli64 /c1 show all: killed after 1 s',
    ],
  )
  const asked = (await host.lines('calls')).filter((line) => line.startsWith('c1_'))
  assert.equal(asked.length, 1, 'it is not asked again in this reading')
})

test('storcli that dies half-way gives nothing but its reason', async (t) => {
  const host = await hostWith(t, healthy)
  await host.set('mode', 'die')
  const context = contextFor(host)
  const { ended, items } = await readFamily(megaraid, context)
  assert.deepEqual([ended[0]?.state, items.length], ['failed', 0])
  assert.match(context.skipped[0]?.message ?? '', /ended by SIGSEGV/)
})

test('storcli that floods is killed long before it is done', async (t) => {
  const host = await hostWith(t, healthy)
  await host.set('mode', 'flood')
  const context = contextFor(host)
  const { ended } = await readFamily(megaraid, context)
  assert.equal(ended[0]?.state, 'failed')
  assert.match(context.skipped[0]?.message ?? '', /more than 33554432 bytes of output/)
  assert.deepEqual(await host.lines('flooded'), [])
})

test('storcli without a controller, without permission and of another version says so, each in its own word', async (t) => {
  const says = (description: string) =>
    JSON.stringify({ Controllers: [{ 'Command Status': { Status: 'Failure', Description: description } }] })
  const rows = [
    ['No Controller found', 'no-controller', 0],
    ['Permission denied. Run as root user.', 'no-permission', 1],
    ['Un-supported command', 'unsupported-version', 1],
    ['Something else', 'failed', 1],
  ] as const
  for (const [description, expected, skipped] of rows) {
    const host = await hostWith(t, { cALL_show_all: says(description) })
    const context = contextFor(host)
    const { series } = await collectOnce(raid, context)
    assert.equal(
      series.get(`raid_tool_state{family="megaraid",state="${expected}",tool="storcli64"}`),
      1,
      description,
    )
    assert.equal(context.skipped.length, skipped, description)
  }
})

test('storcli with one bad controller of three reads the others, by their own numbers', async (t) => {
  const made = [madeController(0, 2), madeController(2, 3)]
  const answers = answersOf(made)
  const all = JSON.parse(answers.cALL_show_all ?? '')
  all.Controllers.splice(1, 0, {
    'Command Status': { Controller: 1, Status: 'Failure', Description: 'Firmware fault' },
  })
  const host = await hostWith(t, { ...answers, cALL_show_all: JSON.stringify(all) })
  // Known from before: it is there, although it cannot be read.
  const states = new Map([['raid:broadcom:SK93610001:controller', 'optimal']])
  const context = contextOf({ folder: host.folder, path, states })
  const { samples, states: read } = await collectOnce(raid, context)
  assert.deepEqual(
    read.filter(({ part }) => part === 'raid:broadcom:SK93610001:controller'),
    [],
  )
  assert.deepEqual(
    context.skipped.map(({ message }) => message),
    ['Cannot read controller 1 by storcli64 /cALL show all J: Firmware fault'],
  )
  const drives = samples.filter(({ metric }) => metric.name === 'raid_drive_info')
  assert.equal(drives.length, 5)
  for (const { labels } of drives)
    assert.equal(
      labels.serial,
      serialAt(Number(labels.controller), Number(labels.enclosure), Number(labels.slot)),
    )
})
