/**
 * The outputs of FreeIPMI 1.x: ipmi-sensors, ipmi-sel, ipmi-dcmi, bmc-info, ipmi-chassis.
 * @see ipmi-sensors(8), ipmi-sel(8), ipmi-dcmi(8)
 */
import { ParseError } from '../../src/errors.ts'
import { type SelEntry, type Sensor, stateOf } from './report.ts'
import { numberIn, pairsOf, rowsBelow } from './table.ts'

/** @throws {ParseError} it is no list of sensors */
export function parseSensors(text: string): Sensor[] {
  return rowsBelow(text, 'ipmi-sensors', ['ID', 'Name', 'Type', 'State', 'Reading', 'Units']).flatMap(
    (row) => {
      const id = row.get('ID') ?? ''
      if (!/^\d{1,6}$/.test(id)) return []
      return [
        {
          id,
          name: row.get('Name') ?? '',
          type: row.get('Type') ?? '',
          state: stateOf(row.get('State') ?? ''),
          value: numberIn(row.get('Reading')),
          units: row.get('Units') ?? '',
          event: row.get('Event') ?? '',
        },
      ]
    },
  )
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Oct-06-2022` and `19:47:13`; undefined for `PostInit`, `PreInit` and `N/A`. */
export function timeOf(date: string, time: string): string | undefined {
  const [, month = '', day = '', year = ''] = /^([A-Z][a-z]{2})-(\d{2})-(\d{4})$/.exec(date) ?? []
  const number = months.indexOf(month) + 1
  if (number === 0 || !/^\d{2}:\d{2}:\d{2}$/.test(time)) return undefined
  return `${year}-${String(number).padStart(2, '0')}-${day}T${time}`
}

/** In the order of the log. @throws {ParseError} it is no log, or an entry has no number */
export function parseSel(text: string): SelEntry[] {
  if (text.trim() === '') return [] // Not even headings stand over an empty log.
  return rowsBelow(text, 'ipmi-sel', ['ID', 'Date', 'Time', 'Name', 'Type', 'Event']).map((row) => {
    const id = row.get('ID') ?? ''
    if (!/^\d{1,6}$/.test(id))
      throw new ParseError(
        `Cannot parse ipmi-sel "${[...row.values()].join(' | ')}": "${id}" is no record id`,
      )
    return {
      id: Number(id),
      time: timeOf(row.get('Date') ?? '', row.get('Time') ?? ''),
      name: row.get('Name') ?? '',
      type: row.get('Type') ?? '',
      state: stateOf(row.get('State') ?? ''),
      event: row.get('Event') ?? '',
    }
  })
}

export interface SelInfo {
  readonly entries?: number | undefined
  readonly freeBytes?: number | undefined
}

/** Of `ipmi-sel --info` and `ipmitool sel info`. */
export function parseSelInfo(text: string): SelInfo {
  const pairs = pairsOf(text)
  return {
    entries: numberIn(pairs.get('Number of log entries') ?? pairs.get('Entries')),
    freeBytes: numberIn(pairs.get('Free space remaining') ?? pairs.get('Free Space')),
  }
}

/** Watts now, of `ipmi-dcmi --get-system-power-statistics`; undefined where the BMC does not measure. */
export function parseDcmi(text: string): number | undefined {
  const pairs = pairsOf(text)
  const watts = numberIn(pairs.get('Current Power') ?? pairs.get('Instantaneous power reading'))
  return pairs.get('Power Measurement') === 'Not Available' && !watts ? undefined : watts
}

export interface BmcInfo {
  readonly firmware: string
  readonly manufacturer: string
  readonly systemFirmware: string
}

/** Of `bmc-info` and `ipmitool mc info`; undefined for what tells no firmware. */
export function parseBmcInfo(text: string): BmcInfo | undefined {
  const pairs = pairsOf(text)
  const firmware = pairs.get('Firmware Revision')
  if (firmware === undefined) return undefined
  return {
    firmware,
    manufacturer: pairs.get('Manufacturer ID') ?? '',
    systemFirmware: pairs.get('System Firmware Version') ?? 'N/A',
  }
}

export interface Chassis {
  readonly powerOn?: boolean | undefined
  readonly driveFault?: boolean | undefined
  readonly coolingFault?: boolean | undefined
}

/** Of `ipmi-chassis --get-chassis-status` and `ipmitool chassis status`. */
export function parseChassis(text: string): Chassis {
  const pairs = pairsOf(text)
  return {
    powerOn: flag(pairs.get('System Power')),
    driveFault: flag(pairs.get('Drive Fault')),
    coolingFault: flag(pairs.get('Cooling/fan fault') ?? pairs.get('Cooling/Fan Fault')),
  }
}

function flag(word: string | undefined): boolean | undefined {
  if (word === undefined) return undefined
  if (/^(?:on|true|detected)$/i.test(word)) return true
  return /^(?:off|false|no|not detected)$/i.test(word) ? false : undefined
}
