/**
 * tw_cli: texts of the command line of 3ware controllers (AMCC, LSI). Tables under a header, and `/c0 key = value` lines.
 * Versions differ in their columns: they are found by their names.
 * @see tw_cli(8); CLI Guide for 9550SX to 9750, version 9.5 and 10
 */
import { ParseError, ToolError } from '../../../src/errors.ts'
import { celsiusAt, given, linesOf, type Row, tableOf } from '../text.ts'

export interface TwList {
  readonly controllers: readonly {
    /** `c0`. */
    readonly name: string
    /** The word for its battery; `-` where it has none. */
    readonly battery?: string | undefined
  }[]
  /** As the tool addresses them: `/c0/e0`, `/e0` on older controllers. */
  readonly enclosures: readonly string[]
}

/** @throws {ToolError} no controller, or root is needed; {ParseError} no list */
export function parseTwList(text: string): TwList {
  if (/No controller found/i.test(text))
    throw new ToolError('Cannot list controllers: tw_cli finds none, or no driver', 'no-controller')
  const denied = linesOf(text).find((line) => /permission|privilege|\broot\b/i.test(line))
  if (denied !== undefined) throw new ToolError(`Cannot list controllers: ${denied.trim()}`, 'no-permission')
  const rows = tableOf(text, /^Ctl$/, /^c\d{1,3}$/, { least: 2, thing: 'a controller of tw_cli show' })
  if (rows === undefined)
    throw new ParseError(`Cannot parse tw_cli show "${text.trim()}": no table "Ctl Model …"`)
  if (rows.length === 0) throw new ToolError('Cannot list controllers: none is listed', 'no-controller')
  const place = /^(\/c\d{1,3})?\/?e\d{1,3}$/
  const enclosures = tableOf(text, /^Encl(osure)?$/, place, {
    least: 1,
    thing: 'an enclosure of tw_cli show',
  })
  return {
    controllers: rows.flatMap(({ Ctl, BBU }) => (Ctl === undefined ? [] : [{ name: Ctl, battery: BBU }])),
    enclosures: (enclosures ?? []).flatMap((row) => {
      const name = row.Encl ?? row.Enclosure
      return name === undefined ? [] : [name.startsWith('/') ? name : `/${name}`]
    }),
  }
}

/**
 * The `key = value` lines of one object.
 * @param object `/c0`, `/c0/p3`, `/c0/bbu`
 */
export function parseTwFields(text: string, object: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of linesOf(text)) {
    const equals = line.indexOf('=')
    if (equals < 0 || !line.startsWith(`${object} `)) continue
    fields.set(line.slice(object.length, equals).trim(), line.slice(equals + 1).trim())
  }
  return fields
}

/** @returns undefined where the text has no such table. @throws {ParseError} a row is cut short */
export function parseTwUnits(text: string): Row[] | undefined {
  return tableOf(text, /^Unit$/, /^u\d{1,4}$/, { least: 5, thing: 'a unit of tw_cli' })
}

/** As `parseTwUnits`. Columns: VPort or Port, Status, Unit, Size, and by version Type, Phy, Encl-Slot, Model or Blocks, Serial. */
export function parseTwDrives(text: string): Row[] | undefined {
  const rows = tableOf(text, /^V?Port$/, /^p\d{1,4}$/, { least: 4, thing: 'a drive of tw_cli' })
  return rows?.map((row) => ({ ...row, Port: row.Port ?? row.VPort }))
}

/** As `parseTwUnits`. Columns: Name, OnlineState, BBUReady, Status, Volt, Temp, Hours, LastCapTest. */
export function parseTwBattery(text: string): Row[] | undefined {
  return tableOf(text, /^Name$/, /^bbu\d*$/, { least: 4, thing: 'a battery of tw_cli' })
}

export interface TwEnclosure {
  /** `e0`. */
  readonly enclosure: string
  /** `0`: of its controller; the first where it has several. */
  readonly controller: string
  /** The vendor's word; older versions have none. */
  readonly status?: string | undefined
  /** By sensor: `temp0`. */
  readonly celsius: Readonly<Record<string, number>>
  /** By slot, the port of its drive: `/c0/p8`. */
  readonly slots: Readonly<Record<string, string>>
}

/** `/c0/e0 show all`, and `/e0 show` of older versions. @throws {ParseError} it names no enclosure */
export function parseTwEnclosure(text: string): TwEnclosure {
  const bounds = (thing: string) => ({ least: 2, thing })
  const place = /^(\/c\d{1,3}\/)?e\d{1,3}$/
  const [row] = tableOf(text, /^Encl$/, place, bounds('an enclosure of tw_cli')) ?? []
  const path = /^(?:\/c(\d{1,3})\/)?(e\d{1,3})$/.exec(row?.Encl ?? '')
  const controller = path?.[1] ?? /^\/c(\d{1,3})/.exec(row?.Controllers ?? '')?.[1]
  if (path?.[2] === undefined || controller === undefined)
    throw new ParseError(
      `Cannot parse an enclosure of tw_cli "${text.trim()}": no line of "/c0/e0" or "e0 /c0"`,
    )
  const sensors = tableOf(text, /^TempSensor$/, /^temp\d+$/, bounds('a sensor of tw_cli')) ?? []
  const slots = tableOf(text, /^Slot$/, /^slo?t\d+$/, bounds('a slot of tw_cli')) ?? []
  return {
    enclosure: path[2],
    controller,
    status: row?.Status,
    celsius: Object.fromEntries(
      sensors.flatMap(({ TempSensor, Temperature }) => {
        const degrees = celsiusAt(Temperature)
        return TempSensor === undefined || degrees === undefined ? [] : [[TempSensor, degrees]]
      }),
    ),
    slots: Object.fromEntries(
      slots.flatMap((slot) => {
        const port = given(slot['(V)Port'] ?? slot.Port)
        return slot.Slot === undefined || port === undefined ? [] : [[slot.Slot, port]]
      }),
    ),
  }
}
