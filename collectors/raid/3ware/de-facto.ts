/**
 * The `tw_cli_*` family: names, labels and values of tw_cli.py of the node_exporter textfile scripts, run with `-I`.
 * The script prints no types: all are gauges here. A label whose field tw_cli does not print is absent.
 * @see https://github.com/prometheus-community/node-exporter-textfile-collector-scripts
 */
import { deFacto, gauge, type Labels, type Metric, type Sample } from '../../../src/model.ts'
import { numberAt, type Row } from '../text.ts'
import type { TwCard } from './tw-parts.ts'

const controllerKeys = {
  Model: 'model',
  'Firmware Version': 'firmware',
  'Bios Version': 'bios',
  'Serial Number': 'serial',
  'PCB Version': 'pcb',
  'PCHIP Version': 'pchip',
  'ACHIP Version': 'achip',
} as const
const driveKeys = {
  Model: 'model',
  'Firmware Version': 'firmware',
  Serial: 'serial',
  'Belongs to Unit': 'unit',
  'Link Speed': 'linkspeed',
} as const
const batteryKeys = {
  'Firmware Version': 'firmware',
  'Serial Number': 'serial',
  'Bootloader Version': 'bootloader',
  'PCB Revision': 'pcb',
  'Battery Installation Date': 'since',
} as const

const controller = ['controller']
const drive = [...controller, 'drive']
const source = 'tw_cli'
const arrayInfo = gauge('tw_cli_array_info', 'info', source, 'The unit, its RAID level and its state.', [
  ...controller,
  'unit',
  'state',
  'raid',
])
const arrayStatus = gauge(
  'tw_cli_array_status',
  'none',
  source,
  '1 when the unit is well or at work on itself (pct: how far), else 0.',
  [...controller, 'unit', 'state', 'pct'],
)
const driveStatus = gauge(
  'tw_cli_drive_status',
  'none',
  source,
  '1 when the drive is well, at work on itself or not there, else 0.',
  [...drive, 'array', 'state'],
)
const controllerInfo = gauge('tw_cli_controller_info', 'info', source, 'The controller.', [
  ...controller,
  ...Object.values(controllerKeys),
])
const driveInfo = gauge('tw_cli_drive_info', 'info', source, 'The drive.', [
  ...drive,
  ...Object.values(driveKeys),
])
const reallocated = gauge(
  'tw_cli_drive_reallocated_sectors',
  'none',
  source,
  'Sectors the drive took out of use.',
  drive,
)
const temperature = deFacto(
  'tw_cli_drive_temperature',
  'gauge',
  'celsius',
  source,
  'Temperature of the drive.',
  drive,
)
const batteryInfo = gauge('tw_cli_bbu_info', 'info', source, 'The battery backup unit.', [
  ...controller,
  ...Object.values(batteryKeys),
])
const online = gauge('tw_cli_bbu_online', 'none', source, '1 when the battery is on.', controller)
const ready = gauge('tw_cli_bbu_ready', 'none', source, '1 when the battery is ready to back up.', controller)
const status = gauge('tw_cli_bbu_status', 'none', source, '1 when the battery is well.', controller)
const voltageStatus = gauge(
  'tw_cli_bbu_voltage_status',
  'none',
  source,
  '1 when the voltage of the battery is well.',
  controller,
)
const temperatureStatus = gauge(
  'tw_cli_bbu_temperature_status',
  'none',
  source,
  '1 when the temperature of the battery is well.',
  controller,
)
const batteryTemperature = deFacto(
  'tw_cli_bbu_temperature',
  'gauge',
  'celsius',
  source,
  'Temperature of the battery.',
  controller,
)

export const twMetrics: readonly Metric[] = [
  arrayInfo,
  arrayStatus,
  driveStatus,
  controllerInfo,
  driveInfo,
  reallocated,
  temperature,
  batteryInfo,
  online,
  ready,
  status,
  voltageStatus,
  temperatureStatus,
  batteryTemperature,
]

export function* twSamples(card: TwCard): Generator<Sample> {
  const at = { controller: card.controller }
  for (const row of card.units) yield* unitSamples(at, row)
  for (const { Port = '', Unit = '', Status: state = '' } of card.drives) {
    const labels = { ...at, drive: Port, array: Unit.replace(/^u/, ''), state }
    yield { metric: driveStatus, value: Number(wellDrive.has(state)), labels }
  }
  yield info(controllerInfo, at, card.fields, controllerKeys)
  for (const [port, details] of card.details) {
    const labels = { ...at, drive: port }
    yield info(driveInfo, labels, details, driveKeys)
    yield* number(reallocated, details.get('Reallocated Sectors'), labels)
    yield* number(temperature, details.get('Temperature'), labels)
  }
  if (card.batteryDetails.size > 0) yield* batterySamples(at, card.batteryDetails)
}

const wellDrive = new Set(['OK', 'NOT-PRESENT', 'VERIFYING', 'REBUILDING', 'INITIALIZING'])
/** By state, the column that says how far it is. */
const progress: Readonly<Record<string, string>> = {
  REBUILDING: '%RCmpl',
  'VERIFY-PAUSED': '%V/I/M',
  VERIFYING: '%V/I/M',
  INITIALIZING: '%V/I/M',
}

function* unitSamples(at: Labels, row: Row): Generator<Sample> {
  const { Unit = '', UnitType: raid = '', Status: state = '' } = row
  const labels = { ...at, unit: Unit.slice(1), state }
  yield { metric: arrayInfo, value: 1, labels: { ...labels, raid } }
  const column = progress[state]
  const pct = column === undefined ? {} : { pct: row[column] ?? row['%Cmpl'] ?? '-' }
  const well = state === 'OK' || column !== undefined
  yield { metric: arrayStatus, value: Number(well), labels: { ...labels, ...pct } }
}

function* batterySamples(at: Labels, details: ReadonlyMap<string, string>): Generator<Sample> {
  yield info(batteryInfo, at, details, batteryKeys)
  const flags = [
    [online, 'Online State'],
    [ready, 'BBU Ready'],
    [status, 'BBU Status'],
    [voltageStatus, 'Battery Voltage status'],
    [temperatureStatus, 'Battery Temperature Status'],
  ] as const
  for (const [metric, key] of flags) {
    const word = details.get(key)
    if (word !== undefined) yield { metric, value: Number(['OK', 'Yes', 'On'].includes(word)), labels: at }
  }
  yield* number(batteryTemperature, details.get('Battery Temperature Value'), at)
}

function info(
  metric: Metric,
  at: Labels,
  fields: ReadonlyMap<string, string>,
  keys: Readonly<Record<string, string>>,
): Sample {
  const own = Object.entries(keys).flatMap(([key, label]) => {
    const value = fields.get(key)
    return value === undefined || value === '' ? [] : [[label, value] as const]
  })
  return { metric, value: 1, labels: { ...at, ...Object.fromEntries(own) } }
}

function* number(metric: Metric, word: string | undefined, labels: Labels): Generator<Sample> {
  const value = numberAt(word)
  if (value !== undefined) yield { metric, value, labels }
}
