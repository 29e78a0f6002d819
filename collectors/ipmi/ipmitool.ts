/**
 * The outputs of ipmitool 1.8: `sdr elist all` and `sel elist`, bars or commas (`-c`) between the columns.
 * @see ipmitool(1)
 */
import { ParseError } from '../../src/errors.ts'
import { type SelEntry, type Sensor, stateOf } from './report.ts'
import { cells, numberIn } from './table.ts'

const units: readonly (readonly [RegExp, units: string, type: string])[] = [
  [/^-?[\d.]+ degrees C$/i, 'C', 'Temperature'],
  [/^-?[\d.]+ RPM$/i, 'RPM', 'Fan'],
  [/^-?[\d.]+ percent$/i, '%', ''],
  [/^-?[\d.]+ Volts$/i, 'V', 'Voltage'],
  [/^-?[\d.]+ Amps$/i, 'A', 'Current'],
  [/^-?[\d.]+ Watts$/i, 'W', ''],
]

/** `Name | 77h | ok | 7.1 | reading or words` @throws {ParseError} no line has these columns */
export function parseSdr(text: string): Sensor[] {
  const sensors = linesOf(text).flatMap((line): Sensor[] => {
    const [name = '', id = '', status = '', entity, ...words] = columns(line)
    const number = /^([0-9A-F]{2})h$/i.exec(id)?.[1]
    if (number === undefined || entity === undefined) return []
    const event = words.join(', ')
    const [, unit = '', type = ''] = units.find(([shape]) => shape.test(event)) ?? []
    const value = unit === '' ? undefined : numberIn(event)
    return [
      {
        id: String(Number.parseInt(number, 16)),
        name,
        type,
        state: stateOf(status),
        value,
        units: unit,
        event,
      },
    ]
  })
  if (sensors.length === 0 && text.trim() !== '')
    throw new ParseError(
      `Cannot parse ipmitool sdr "${firstOf(text)}": expected name, number, status, entity and reading`,
    )
  return sensors
}

/** `4a | 07/09/2023 | 13:56:23 | sensor | event | Asserted`, the id in hexadecimal @throws {ParseError} a line is no entry */
export function parseElist(text: string): SelEntry[] {
  return linesOf(text).flatMap((line): SelEntry[] => {
    if (/^SEL has no entries/i.test(line)) return []
    const all = columns(line)
    const [id = '', date = ''] = all
    if (!/^[0-9a-f]{1,4}$/i.test(id) || all.length < 3)
      throw new ParseError(
        `Cannot parse ipmitool sel "${line.slice(0, 120)}": expected id, date, time, sensor and event`,
      )
    const [, month = '', day = '', year = ''] = /^(\d{2})\/(\d{2})\/(\d{2,4})$/.exec(date) ?? []
    const isTimed = /^\d{2}:\d{2}:\d{2}/.test(all[2] ?? '')
    // Before the clock is set: seconds since the BMC began, or nothing.
    const [sensor = '', ...event] = all.slice(isTimed || /^\d*$/.test(all[2] ?? '') ? 3 : 2)
    const time =
      month === '' || !isTimed
        ? undefined
        : `${year.padStart(4, '20')}-${month}-${day}T${all[2]?.slice(0, 8)}`
    return [
      {
        id: Number.parseInt(id, 16),
        time,
        name: sensor,
        type: sensor.split(' ')[0] ?? '',
        state: 'unknown',
        event: event.join(', '),
      },
    ]
  })
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function columns(line: string): string[] {
  return line.includes('|') ? cells(line) : line.split(',').map((cell) => cell.trim())
}

function firstOf(text: string): string {
  return (linesOf(text)[0] ?? '').slice(0, 120)
}
