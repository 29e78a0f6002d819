/** Physical drives of one controller out of `/cALL show all` and `/cALL/eALL/sALL show all`. */

import { withForecast } from '../../derive.ts'
import { judgeDrive } from '../../judge.ts'
import type { Drive, Task } from '../../report.ts'
import type { Card, DiskFacts } from '../card.ts'
import {
  celsiusOf,
  countOf,
  gigabitsOf,
  type Json,
  recordOf,
  rowsOf,
  sectorBytesOf,
  sizeOf,
  textOf,
  yesOf,
} from '../values.ts'

export interface DiskPlace {
  readonly controller: string
  readonly controllerSerial?: string | undefined
  /** Whether TB is 10^12 (values.ts). */
  readonly decimal: boolean
  /** The arrays of a drive group, by its number. */
  readonly arrays: ReadonlyMap<string, string>
  /** What goes on with drives, by `enclosure:slot`. */
  readonly tasks: ReadonlyMap<string, readonly Task[]>
}

/**
 * Every drive that any of the answers lists, once, by enclosure and slot, in the order of the first mention.
 * @param answers the data of this controller alone
 * @param skip gets what is wrong with one drive
 */
export function disksOf(
  answers: readonly Json[],
  place: DiskPlace,
  skip: (error: Error) => void,
): Card['disks'] {
  const rows = new Map<string, Json>()
  const details = new Map<string, Json>()
  for (const data of answers) {
    for (const row of [...rowsOf(data['PD LIST']), ...rowsOf(data['Drive Information'])]) keep(rows, row)
    for (const [key, value] of [
      ...Object.entries(data),
      ...Object.entries(recordOf(data['Physical Device Information'])),
    ]) {
      const at = /^Drive \/c(\d+)(?:\/e(\d+))?\/s(\d+)( - Detailed Information)?$/.exec(key)
      if (!at || at[1] !== place.controller) continue
      const name = `${at[2] ?? ''}:${at[3]}`
      if (at[4] !== undefined) details.set(name, recordOf(value))
      else for (const row of rowsOf(value)) keep(rows, row)
    }
  }
  const disks: Card['disks'][number][] = []
  for (const [name, row] of rows) {
    const [enclosure = '', slot = ''] = name.split(':')
    const state = textOf(row.State)
    if (state === undefined)
      skip(new Error(`Cannot read drive ${name} of controller ${place.controller}: it has no state`))
    else disks.push(diskOf({ row, state, details: details.get(name) ?? {}, enclosure, slot }, place))
  }
  return disks
}

function keep(rows: Map<string, Json>, row: Json): void {
  const [enclosure = '', slot = ''] = String(row['EID:Slt'] ?? '').split(':')
  if (/^\d+$/.test(slot.trim()) && /^ *\d* *$/.test(enclosure))
    rows.set(`${enclosure.trim()}:${slot.trim()}`, row)
}

interface Found {
  readonly row: Json
  readonly state: string
  readonly details: Json
  readonly enclosure: string
  readonly slot: string
}

function diskOf({ row, state, details, enclosure, slot }: Found, place: DiskPlace): Card['disks'][number] {
  const { controller, controllerSerial, decimal } = place
  const section = (name: string) =>
    recordOf(Object.entries(details).find(([key]) => key.endsWith(` ${name}`))?.[1])
  const counters = section('State')
  const attributes = section('Device attributes')
  const settings = section('Policies/Settings')
  const group = textOf(row.DG)
  const smartAlert = yesOf(counters['S.M.A.R.T alert flagged by drive'])
  const predictiveFailures = countOf(counters['Predictive Failure Count'])
  const sector = sectorBytesOf(attributes['Logical Sector Size'] ?? attributes['Sector Size'] ?? row.SeSz)
  const foreign = group === 'F' && !/ F$/.test(state)
  const word = foreign ? `${state} F` : state
  const part: Drive = {
    kind: 'drive',
    vendor: 'broadcom',
    controller,
    controllerSerial,
    enclosure,
    slot,
    status: withForecast(judgeDrive('broadcom', word), { smartAlert, predictiveFailures }),
    array: group === undefined ? undefined : place.arrays.get(group),
    model: textOf(row.Model),
    serial: textOf(attributes.SN),
    firmware: textOf(attributes['Firmware Revision']),
    interface: textOf(row.Intf)?.toLowerCase(),
    media: textOf(row.Med)?.toLowerCase(),
    sizeBytes: sizeOf(attributes['Raw size'], sector, decimal) ?? sizeOf(row.Size, undefined, decimal),
    celsius: celsiusOf(counters['Drive Temperature']),
    mediaErrors: countOf(counters['Media Error Count']),
    otherErrors: countOf(counters['Other Error Count']),
    predictiveFailures,
    smartAlert,
    tasks: place.tasks.get(`${enclosure}:${slot}`) ?? [],
  }
  const facts: DiskFacts = {
    deviceId: textOf(row.DID),
    group: group ?? '-',
    interface: textOf(row.Intf),
    media: textOf(row.Med),
    state,
    shieldCounter: countOf(counters['Shield Counter']),
    linkGigabits: gigabitsOf(attributes['Link Speed']),
    deviceGigabits: gigabitsOf(attributes['Device Speed']),
    commissionedSpare: yesOf(settings['Commissioned Spare']),
    emergencySpare: yesOf(settings['Emergency Spare']),
  }
  return { part, facts }
}
