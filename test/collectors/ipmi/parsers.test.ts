import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  parseBmcInfo,
  parseChassis,
  parseDcmi,
  parseSel,
  parseSelInfo,
  parseSensors,
} from '../../../collectors/ipmi/freeipmi.ts'
import { parseElist, parseSdr } from '../../../collectors/ipmi/ipmitool.ts'
import { selSamples, sensorSamples } from '../../../collectors/ipmi/metrics.ts'
import { ParseError } from '../../../src/errors.ts'
import { seriesKey } from '../../../src/model.ts'
import { checkCaptures } from '../../captures.ts'

const read = (path: string) => readFileSync(path, 'utf8')

checkCaptures('ipmi/ipmi-sel', {
  'canonical_sample.txt': (path) => {
    const entries = parseSel(read(path))
    assert.deepEqual(
      entries.map(({ id, time, state }) => [id, time, state]),
      [
        [14, undefined, 'critical'],
        [493, '2022-10-06T19:47:13', 'nominal'],
        [494, '2023-07-09T13:56:23', 'critical'],
        [495, '2022-10-06T19:57:38', 'nominal'],
        [496, '2023-07-09T13:57:50', 'nominal'],
      ],
    )
    assert.equal(entries[0]?.event, 'Configuration Error - Incorrect cable connected')
    assert.equal(entries[2]?.name, 'System Chassis SysHealth_Stat')
  },
})
checkCaptures('ipmi/ipmi-dcmi', {
  'canonical_sample.txt': (path) => assert.equal(parseDcmi(read(path)), 105),
})
checkCaptures('ipmi/ipmitool', {
  'canonical_sdr_power-supply.txt': (path) =>
    assert.deepEqual(
      parseSdr(read(path)).map(({ id, name, state, event }) => [id, name, state, event]),
      [
        ['119', 'PS Redundancy', 'nominal', 'Fully Redundant'],
        ['133', 'Status', 'nominal', 'Presence detected'],
        ['134', 'Status', 'nominal', 'Presence detected'],
      ],
    ),
  'fru_dell-r630.txt': 'not read: ipmitool fru',
  'fru_hp-dl360-gen8.txt': 'not read: ipmitool fru',
  'lan_print_sample1.txt': 'not read: ipmitool lan print',
})

const sensorsText = `ID | Name          | Type              | State    | Reading    | Units | Event
4  | CPU Temp      | Temperature       | Nominal  | 48.00      | C     | 'OK'
12 | Fan1A         | Fan               | Critical | 120.00     | RPM   | 'At or Below (<=) Lower Critical Threshold'
13 | Fan Duty      | Fan               | Nominal  | 21.95      | %     | 'OK'
20 | 12V           | Voltage           | Warning  | 11.20      | V     | 'At or Below (<=) Lower Non-Critical Threshold'
30 | PSU1 Current  | Current           | Nominal  | 0.40       | A     | 'OK'
31 | Pwr Used      | Power Supply      | Nominal  | 210.00     | W     | 'OK'
40 | PS Redundancy | Power Supply      | Nominal  | N/A        | N/A   | 'Fully Redundant'
41 | SEL           | Event Logging | N/A  | N/A        | N/A   | N/A
`
const selText = `ID   | Date        | Time     | Name          | Type        | State    | Event
1    | PostInit    | PostInit | Sensor #5     | Event Logging Disabled | Nominal | Log Area Reset/Cleared
2    | Feb-01-2026 | 03:04:05 | CPU Temp      | Temperature | Warning  | Upper Non-critical - going high ; Sensor Reading = 80.00 C | Threshold = 75.00 C
`

test('ipmi-sensors becomes ipmi_exporter’s series; what has no value or state is no sample', () => {
  const series = [...sensorSamples(parseSensors(sensorsText))].map(({ metric, labels, value }) => [
    seriesKey(metric.name, labels),
    value,
  ])
  assert.deepEqual(series, [
    ['ipmi_temperature_celsius{id="4",name="CPU Temp"}', 48],
    ['ipmi_temperature_state{id="4",name="CPU Temp"}', 0],
    ['ipmi_fan_speed_rpm{id="12",name="Fan1A"}', 120],
    ['ipmi_fan_speed_state{id="12",name="Fan1A"}', 2],
    ['ipmi_fan_speed_ratio{id="13",name="Fan Duty"}', 0.2195],
    ['ipmi_fan_speed_state{id="13",name="Fan Duty"}', 0],
    ['ipmi_voltage_volts{id="20",name="12V"}', 11.2],
    ['ipmi_voltage_state{id="20",name="12V"}', 1],
    ['ipmi_current_amperes{id="30",name="PSU1 Current"}', 0.4],
    ['ipmi_current_state{id="30",name="PSU1 Current"}', 0],
    ['ipmi_power_watts{id="31",name="Pwr Used"}', 210],
    ['ipmi_power_state{id="31",name="Pwr Used"}', 0],
    ['ipmi_sensor_state{id="40",name="PS Redundancy",type="Power Supply"}', 0],
  ])
})

test('ipmi-sel gives each entry with its time, if it has one, and what it says to the end of the line', () => {
  const entries = parseSel(selText)
  assert.equal(entries[0]?.time, undefined)
  assert.equal(entries[1]?.time, '2026-02-01T03:04:05')
  assert.match(entries[1]?.event ?? '', /80\.00 C \| Threshold = 75\.00 C$/)
  const series = [
    ...selSamples(
      entries,
      parseSelInfo('Number of log entries : 2\nFree space remaining : 15984 bytes\n'),
      true,
    ),
  ]
  assert.deepEqual(
    series.map(({ metric, labels, value }) => [seriesKey(metric.name, labels), value]),
    [
      ['ipmi_sel_logs_count', 2],
      ['ipmi_sel_free_space_bytes', 15984],
      ['ipmi_sel_events_count_by_state{state="Nominal"}', 1],
      ['ipmi_sel_events_count_by_state{state="Warning"}', 1],
      ['ipmi_sel_events_count_by_state{state="Critical"}', 0],
    ],
  )
  assert.deepEqual(parseSel(''), [])
})

const elist = `   1 |  Pre-Init  |0000024270| OS Critical Stop | Run-time critical stop | Asserted
  2a | 02/01/2026 | 03:04:05 | Temperature CPU Temp | Upper Non-critical going high | Asserted | Reading 80 > Threshold 75 degrees C
`

test('ipmitool’s lists are read as well: hexadecimal ids, entries before the clock was set', () => {
  assert.deepEqual(
    parseElist(elist).map(({ id, time, name, event }) => [id, time, name, event]),
    [
      [1, undefined, 'OS Critical Stop', 'Run-time critical stop, Asserted'],
      [
        0x2a,
        '2026-02-01T03:04:05',
        'Temperature CPU Temp',
        'Upper Non-critical going high, Asserted, Reading 80 > Threshold 75 degrees C',
      ],
    ],
  )
  assert.deepEqual(parseElist('SEL has no entries\n'), [])
  const [temperature, fan] = parseSdr(
    'CPU Temp | 01h | ok | 7.1 | 48 degrees C\nFan 1 | 30h | cr | 29.1 | 120 RPM\n',
  )
  assert.deepEqual([temperature?.value, temperature?.units, temperature?.state], [48, 'C', 'nominal'])
  assert.deepEqual([fan?.value, fan?.units, fan?.type, fan?.state], [120, 'RPM', 'Fan', 'critical'])
})

test('what is known of BMC and chassis, in the words of both tools; a fault is 0, as ipmi_exporter has it', () => {
  assert.deepEqual(
    parseBmcInfo('Device ID : 32\nFirmware Revision : 2.61\nManufacturer ID : Dell Inc. (674)\n'),
    {
      firmware: '2.61',
      manufacturer: 'Dell Inc. (674)',
      systemFirmware: 'N/A',
    },
  )
  assert.equal(parseBmcInfo('nothing'), undefined)
  for (const words of [
    'Drive Fault : true\nCooling/fan fault : false\n',
    'Drive Fault : true\nCooling/Fan Fault : false\n',
  ])
    assert.deepEqual(parseChassis(`System Power : on\n${words}`), {
      powerOn: true,
      driveFault: true,
      coolingFault: false,
    })
  assert.equal(parseDcmi('Instantaneous power reading: 220 Watts\n'), 220)
  assert.equal(parseDcmi('Current Power : 0 Watts\nPower Measurement : Not Available\n'), undefined)
})

test('other texts are told with what was expected', () => {
  assert.throws(
    () => parseSensors('ipmi-sensors: bad\n'),
    /^ParseError: Cannot parse ipmi-sensors "ipmi-sensors: bad": expected the columns ID, Name/,
  )
  assert.throws(() => parseSel(`${selText}x | y | z\n`), /"x" is no record id$/)
  assert.throws(
    () => parseElist('Unable to open\n'),
    /^ParseError: Cannot parse ipmitool sel "Unable to open": expected id, date/,
  )
  assert.throws(() => parseSdr('Unable to open\n'), /expected name, number, status, entity and reading$/)
})

test('whatever is changed, cut or lost, the parsers give values or their own error', () => {
  const inputs = [
    [sensorsText, parseSensors],
    [selText, parseSel],
    [elist, parseElist],
    ['CPU Temp | 01h | ok | 7.1 | 48 degrees C\n', parseSdr],
    ['Firmware Revision : 2.61\n', parseBmcInfo],
    ['Current Power : 105 Watts\n', parseDcmi],
    ['System Power : on\n', parseChassis],
    ['Number of log entries : 2\n', parseSelInfo],
  ] as const
  for (const [text, parse] of inputs) {
    const lines = text.split('\n')
    const garbled = fc.oneof(
      fc.nat(lines.length).map((count) => lines.slice(0, count).join('\n')),
      fc
        .tuple(fc.nat(text.length), fc.string({ maxLength: 8, unit: 'binary' }))
        .map(([at, noise]) => text.slice(0, at) + noise + text.slice(at + noise.length)),
      fc.string({ maxLength: 300, unit: 'binary' }),
    )
    fc.assert(
      fc.property(garbled, (input) => {
        try {
          const found = JSON.stringify(parse(input)) ?? ''
          assert.doesNotMatch(found, /"value":null/, 'NaN is no value')
        } catch (error) {
          assert.ok(error instanceof ParseError, String(error))
        }
      }),
      { numRuns: 300 },
    )
    for (const huge of [
      '|'.repeat(1 << 20),
      ':'.repeat(1 << 20),
      `${'a'.repeat(1 << 20)}|`,
      `${text}${'1 | '.repeat(1 << 18)}`,
    ])
      try {
        parse(huge)
      } catch (error) {
        assert.ok(error instanceof ParseError)
      }
  }
})
