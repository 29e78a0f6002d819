import assert from 'node:assert/strict'
import { test } from 'node:test'
import { twSamples } from '../../../../collectors/raid/3ware/de-facto.ts'
import {
  parseTwBattery,
  parseTwDrives,
  parseTwEnclosure,
  parseTwFields,
  parseTwList,
  parseTwUnits,
} from '../../../../collectors/raid/3ware/tw.ts'
import { twParts } from '../../../../collectors/raid/3ware/tw-parts.ts'
import { raid } from '../../../../collectors/raid/raid.ts'
import { collectOnce, contextOf } from '../../context.ts'
import { fixture, fuzzParser } from '../fuzz.ts'
import { impatient, machineWith } from '../replay.ts'

const folder = 'tw_cli-9.5-9650se'

test('3ware shows units, drives, battery and the temperatures of its enclosures', async (t) => {
  const context = contextOf(await machineWith(t, { tw_cli: folder }))
  const { states, series } = await collectOnce(raid, context)
  assert.deepEqual(
    states.map(({ part, state }) => `${part.replace('raid:3ware:L340807B9240011:', '')} ${state}`),
    [
      'controller optimal',
      'array:u0 rebuilding',
      'array:u2 optimal',
      'drive:e0:0 online',
      'drive:e0:1 failed',
      'drive::p2 online',
      'drive::p3 predictive-failure',
      'drive::p4 hot-spare',
      'drive::p5 online',
      'drive::p6 unconfigured',
      'battery:battery learning',
    ],
  )
  const own = (name: string) =>
    [...series].flatMap(([key, value]) =>
      key.startsWith(`${name}{`) ? [`${key.slice(name.length).replace(',vendor="3ware"', '')} ${value}`] : [],
    )
  assert.deepEqual(own('raid_controller_temperature_celsius'), ['{controller="0",sensor="e0 temp0"} 31'])
  assert.deepEqual(own('raid_array_progress_ratio'), ['{array="u0",controller="0",operation="rebuild"} 0.41'])
  assert.deepEqual(own('raid_battery_temperature_celsius'), ['{controller="0",technology="battery"} 46'])
  assert.equal(own('raid_drive_temperature_celsius').length, 6)
  assert.deepEqual(
    own('raid_tool_state').filter((one) => one.includes('family="3ware"') && one.endsWith(' 1')),
    ['{family="3ware",state="ok",tool="tw_cli"} 1'],
  )
  assert.deepEqual(context.skipped, [], 'a drive that tells no more of itself is no failure')
})

test('3ware reads the second controller while the first hangs, also where a drive of the first does', async (t) => {
  const said = (name: string) => fixture(`${folder}/${name}`)
  const row = /^c0 .*\n/m.exec(said('show'))?.[0] ?? ''
  const list = said('show').replace(row, `${row}${row.replace('c0', 'c1')}`)
  const second = said('c0_show_all').replaceAll('/c0', '/c1').replaceAll('L340807B9240011', 'L2')
  for (const hanging of ['/c0 show all', '/c0/p2 show all']) {
    const machine = await machineWith(t, {
      tw_cli: {
        show: list,
        '/c0 show all': said('c0_show_all'),
        '/c1 show all': second,
        '/c1/p3 show all': '/c1/p3 Temperature = 33 deg C\n',
        [`${hanging}.hang`]: '',
      },
    })
    const context = contextOf({ ...machine, run: impatient(machine, hanging) })
    const { states, series } = await collectOnce(raid, context)
    const own = states.filter(({ part }) => part.startsWith('raid:3ware:L2:'))
    assert.ok(own.length > 8, `${own.length} parts of the second`)
    const key = 'controller="1",enclosure="",slot="p3",vendor="3ware"'
    assert.equal(series.get(`raid_drive_temperature_celsius{${key}}`), 33, hanging)
  }
})

test('tw_cli_* are what tw_cli.py prints', async (t) => {
  const { series } = await collectOnce(raid, contextOf(await machineWith(t, { tw_cli: folder })))
  const printed = [...series].filter(([key]) => key.startsWith('tw_cli_')).map((pair) => pair.join(' '))
  assert.equal(
    printed.filter((one) => !/^tw_cli_drive_(info|temp|realloc)/.test(one)).join('\n'),
    `\
tw_cli_array_info{controller="0",raid="RAID-6",state="REBUILDING",unit="0"} 1
tw_cli_array_status{controller="0",pct="41%(A)",state="REBUILDING",unit="0"} 1
tw_cli_array_info{controller="0",raid="SPARE",state="OK",unit="1"} 1
tw_cli_array_status{controller="0",state="OK",unit="1"} 1
tw_cli_array_info{controller="0",raid="SINGLE",state="OK",unit="2"} 1
tw_cli_array_status{controller="0",state="OK",unit="2"} 1
tw_cli_drive_status{array="0",controller="0",drive="p0",state="OK"} 1
tw_cli_drive_status{array="0",controller="0",drive="p1",state="DEGRADED"} 0
tw_cli_drive_status{array="0",controller="0",drive="p2",state="OK"} 1
tw_cli_drive_status{array="0",controller="0",drive="p3",state="SMART-FAILURE"} 0
tw_cli_drive_status{array="1",controller="0",drive="p4",state="OK"} 1
tw_cli_drive_status{array="2",controller="0",drive="p5",state="OK"} 1
tw_cli_drive_status{array="-",controller="0",drive="p6",state="OK"} 1
tw_cli_controller_info{achip="1501290C",bios="BE9X 4.08.00.004",controller="0",firmware="FH9X 4.10.00.027",model="9690SA-8I",pcb="Rev 041",pchip="2.00",serial="L340807B9240011"} 1
tw_cli_bbu_info{bootloader="BBU 0.02.00.002",controller="0",firmware="BBU: 1.04.00.007",pcb="65",serial="L41806BC99001A",since="17-Mar-2011"} 1
tw_cli_bbu_online{controller="0"} 1
tw_cli_bbu_ready{controller="0"} 0
tw_cli_bbu_status{controller="0"} 0
tw_cli_bbu_voltage_status{controller="0"} 1
tw_cli_bbu_temperature_status{controller="0"} 0
tw_cli_bbu_temperature{controller="0"} 46`,
  )
  assert.deepEqual(
    printed.filter((one) => one.includes('drive="p1"') && /^tw_cli_drive_(info|temp|realloc)/.test(one)),
    [
      'tw_cli_drive_info{controller="0",drive="p1",firmware="03.00C06",linkspeed="3.0 Gbps",model="WDC WD1002FBYS-02A6B0",serial="WD-WMATV000001",unit="u0"} 1',
      'tw_cli_drive_reallocated_sectors{controller="0",drive="p1"} 12',
      'tw_cli_drive_temperature{controller="0",drive="p1"} 31',
    ],
  )
  const off = contextOf({ ...(await machineWith(t, { tw_cli: folder })), options: { de_facto: false } })
  const { samples } = await collectOnce(raid, off)
  assert.deepEqual(
    samples.filter(({ metric }) => metric.name.startsWith('tw_cli')),
    [],
  )
})

test('3ware says why it has nothing', async (t) => {
  const state = async (answers: Readonly<Record<string, string>>) => {
    const context = contextOf(await machineWith(t, { tw_cli: answers }))
    const { samples } = await collectOnce(raid, context)
    const on = samples.find(({ labels, value }) => labels.family === '3ware' && value === 1)
    return [on?.labels.state, ...context.skipped.map(({ message }) => message)]
  }
  const driver = 'No controller found.\nMake sure appropriate AMCC/3ware device driver(s) are loaded.\n'
  assert.deepEqual(await state({ show: driver, 'show.exit': '1\n' }), ['no-controller'])
  assert.deepEqual(await state({ show: 'Error: You must be root to run this program.\n' }), [
    'no-permission',
    'Cannot list controllers: Error: You must be root to run this program.',
  ])
  assert.deepEqual(await state({ show: '' }), [
    'failed',
    'Cannot parse tw_cli show "Error: unknown command "info"": no table "Ctl Model …"',
  ])
})

test('3ware of a version that only knows info, without enclosures, battery or details', async (t) => {
  const context = contextOf(
    await machineWith(t, {
      tw_cli: {
        info: `
Ctl   Model        Ports   Drives   Units   NotOpt   RRate   VRate   BBU
------------------------------------------------------------------------
c1    9500S-4LP    4       2        1       1        2       2       -
`,
        '/c1 show all': `/c1 Driver Version = 2.26.02.008
/c1 Model = 9500S-4LP
/c1 Firmware Version = FE9X 2.08.00.006
/c1 Serial Number = L14104A5240533

Unit  UnitType  Status         %Cmpl  Stripe  Size(GB)  Cache  AVerify  IgnECC
------------------------------------------------------------------------------
u0    RAID-1    REBUILDING     12%    -       232.82    ON     OFF      OFF

Port   Status           Unit   Size        Blocks        Serial
---------------------------------------------------------------
p0     OK               u0     232.88 GB   488397168     L20ABCDE
p1     DEGRADED         u0     232.88 GB   488397168     L20ABCDF
p2     NOT-PRESENT      -      -           -             -
p3     NOT-PRESENT      u0     -           -             -
`,
      },
    }),
  )
  const { states, series } = await collectOnce(raid, context)
  assert.deepEqual(
    states.map(({ part, state }) => `${part.replace('raid:3ware:L14104A5240533:', '')} ${state}`),
    [
      'controller optimal',
      'array:u0 rebuilding',
      'drive::p0 online',
      'drive::p1 failed',
      'drive::p3 missing',
      'battery:battery missing',
    ],
  )
  assert.equal(
    series.get('raid_array_progress_ratio{array="u0",controller="1",operation="rebuild",vendor="3ware"}'),
    0.12,
  )
  assert.equal(states.find(({ part }) => part.endsWith('battery:battery'))?.healthy, true)
})

test('3ware loses no part when a controller answers with an error', async (t) => {
  const machine = await machineWith(t, { tw_cli: folder })
  const name = 'raid:3ware:L340807B9240011:'
  const states = new Map([
    [`${name}controller`, 'optimal'],
    [`${name}drive:e0:0`, 'online'],
    [`${name}drive::p9`, 'online'],
  ])
  const gone = await collectOnce(raid, contextOf({ ...machine, states }))
  assert.deepEqual(
    gone.states.flatMap(({ part, state, body }) => (body.includes('no longer') ? [`${part} ${state}`] : [])),
    [`${name}drive::p9 missing`],
  )
  const broken = await machineWith(t, {
    tw_cli: {
      show: fixture(`${folder}/show`),
      '/c0 show all': fixture(`${folder}/c0_show_all`).replace(/\nVPort.*?\n\n/s, ''),
    },
  })
  const context = contextOf({ ...broken, states })
  const later = await collectOnce(raid, context)
  assert.deepEqual(later.states, [], 'nothing is known of it now, not even that it is gone')
  assert.match(String(context.skipped[1]?.cause), /no table of drives/)
})

const texts = (...names: readonly string[]) => names.map((name) => fixture(`${folder}/${name}`))
fuzzParser('tw_cli show', texts('show'), parseTwList)
fuzzParser('tw_cli /c0 show all', texts('c0_show_all', 'c0/p0_show_all', 'c0/bbu_show_all'), (text) => {
  const card = {
    controller: '0',
    fields: parseTwFields(text, '/c0'),
    units: parseTwUnits(text) ?? [],
    drives: parseTwDrives(text) ?? [],
    batteries: parseTwBattery(text) ?? [],
    enclosures: [],
    details: new Map([['p0', parseTwFields(text, '/c0/p0')]]),
    batteryDetails: parseTwFields(text, '/c0/bbu'),
  }
  return [twParts(card), [...twSamples(card)].map(({ value }) => value)]
})
fuzzParser('tw_cli /c0/e0 show all', texts('c0/e0_show_all'), parseTwEnclosure)
