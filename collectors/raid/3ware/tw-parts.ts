/** The parts of one 3ware controller, out of what tw_cli tells of it. Sizes are in binary units. */
import { judgeArray, judgeBattery, judgeController, judgeDrive } from '../judge.ts'
import type { Battery, Controller, Drive, Operation, RaidArray, RaidPart, Task } from '../report.ts'
import { bytesOf, celsiusAt, given, numberAt, type Row, ratioOf } from '../text.ts'
import type { TwEnclosure } from './tw.ts'

export interface TwCard {
  /** `0`. */
  readonly controller: string
  readonly fields: ReadonlyMap<string, string>
  readonly units: readonly Row[]
  readonly drives: readonly Row[]
  readonly batteries: readonly Row[]
  readonly enclosures: readonly TwEnclosure[]
  /** By port (`p0`): `/c0/p0 show all`. */
  readonly details: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** `/c0/bbu show all`. */
  readonly batteryDetails: ReadonlyMap<string, string>
}

export function twParts(card: TwCard): RaidPart[] {
  const controllerSerial = given(card.fields.get('Serial Number'))
  const at = { vendor: '3ware', controller: card.controller, controllerSerial } as const
  const arrays = card.units.filter(({ UnitType }) => UnitType?.toUpperCase() !== 'SPARE')
  const types = new Map(card.units.map((unit) => [unit.Unit, unit.UnitType?.toUpperCase()]))
  const present = card.drives.filter((row) => row.Status !== 'NOT-PRESENT' || given(row.Unit) !== undefined)
  const drives = present.map((row) => driveOf(at, row, types.get(row.Unit), card.details.get(row.Port ?? '')))
  return [
    controllerOf(at, card),
    ...arrays.map((row) => arrayOf(at, row, drives)),
    ...drives,
    ...card.batteries.map((row) => batteryOf(at, row, card.batteryDetails)),
  ]
}

type At = Pick<RaidPart, 'vendor' | 'controller' | 'controllerSerial'>

function controllerOf(at: At, { fields, enclosures }: TwCard): Controller {
  const own = enclosures.flatMap(({ enclosure, celsius }) =>
    Object.entries(celsius).map(([sensor, degrees]) => [`${enclosure} ${sensor}`, degrees] as const),
  )
  return {
    ...at,
    kind: 'controller',
    status: judgeController('3ware', 'Present'),
    model: given(fields.get('Model')),
    firmware: given(fields.get('Firmware Version')),
    driver: given(fields.get('Driver Version')),
    celsius: Object.fromEntries(own),
  }
}

function arrayOf(at: At, row: Row, drives: readonly Drive[]): RaidArray {
  const array = row.Unit ?? ''
  const count = drives.filter((drive) => drive.array === array).length
  return {
    ...at,
    kind: 'array',
    array,
    status: judgeArray('3ware', row.Status ?? ''),
    level: given(row.UnitType)?.toLowerCase().replace('-', ''),
    sizeBytes: bytesOf(`${row['Size(GB)']} G`, 1024),
    driveCount: count > 0 ? count : undefined,
    cache: cacheOf(row.Cache),
    tasks: tasksOf(row),
  }
}

/** `RiW` and `ON` write back; a lone `Ri` or `Rb` (intelligent and basic) caches reads only. */
function cacheOf(word: string | undefined): string | undefined {
  if (given(word) === undefined) return undefined
  return word === 'ON' || word?.endsWith('W') ? 'write-back' : 'write-through'
}

const operations: Readonly<Record<string, Operation>> = {
  VERIFYING: 'check',
  INITIALIZING: 'initialise',
  MIGRATING: 'reshape',
  REBUILDING: 'rebuild',
  RECOVERY: 'rebuild',
}

/** A unit rebuilds in one column and verifies, initialises or migrates in the other; older versions have one for all. */
function tasksOf(row: Row): Task[] {
  const operation = operations[row.Status ?? '']
  if (operation === undefined) return []
  const cell = row['%Cmpl'] ?? row[operation === 'rebuild' ? '%RCmpl' : '%V/I/M']
  return [{ operation, ratio: ratioOf(cell) }]
}

function driveOf(
  at: At,
  row: Row,
  unitType: string | undefined,
  details?: ReadonlyMap<string, string>,
): Drive {
  const detail = (key: string) => given(details?.get(key))
  const place = /(e\d{1,3})\/slo?t(\d{1,4})$/.exec(row['Encl-Slot'] ?? '')
  return {
    ...at,
    kind: 'drive',
    enclosure: place?.[1] ?? '',
    slot: place?.[2] ?? row.Port ?? '',
    status: judgeDrive('3ware', wordOf(row, unitType)),
    array: given(row.Unit),
    model: given(row.Model) ?? detail('Model'),
    serial: given(row.Serial) ?? detail('Serial'),
    firmware: detail('Firmware Version'),
    interface: given(row.Type)?.toLowerCase(),
    sizeBytes: bytesOf(row.Size, 1024),
    celsius: celsiusAt(detail('Temperature')),
  }
}

function wordOf(row: Row, unitType: string | undefined): string {
  const status = row.Status ?? ''
  if (status !== 'OK') return status
  if (given(row.Unit) === undefined) return 'OK, no unit'
  return unitType === 'SPARE' || unitType === 'JBOD' ? `OK, ${unitType}` : 'OK'
}

function batteryOf(at: At, row: Row, details: ReadonlyMap<string, string>): Battery {
  const status = row.Status ?? ''
  return {
    ...at,
    kind: 'battery',
    technology: 'battery',
    status: judgeBattery('3ware', status === 'OK' && row.OnlineState === 'Off' ? 'OK, Off' : status),
    serial: given(details.get('Serial Number')),
    celsius: celsiusAt(details.get('Battery Temperature Value')),
    volts: numberAt(details.get('Battery Voltage Value')),
  }
}
