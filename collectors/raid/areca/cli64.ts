/**
 * Areca's cli64: tables between lines of `=`, and `key : value` lines; each answer ends with `GuiErrMsg<0x00>: Success.`
 * Capacities are in decimal units.
 * @see Areca CLI User Manual, version 1.86 and later
 */
import { ParseError, ToolError } from '../../../src/errors.ts'
import { bytesOf, fieldOf, given, linesOf, ratioOf } from '../text.ts'

export interface ArecaState {
  /** Without the percentage. */
  readonly word: string
  readonly ratio?: number | undefined
}

export interface RaidSet {
  /** As the tool addresses it: `1`. */
  readonly number: string
  readonly name: string
  readonly drives: number
  readonly sizeBytes?: number | undefined
  readonly state: ArecaState
}

export interface VolumeSet {
  readonly number: string
  readonly name: string
  readonly level: string
  readonly sizeBytes?: number | undefined
  readonly state: ArecaState
}

/** A drive; a slot without one is left out. */
export interface ArecaDisk {
  /** As the tool addresses it: `9`. */
  readonly number: string
  /** Empty on controllers that count channels alone. */
  readonly enclosure: string
  readonly slot: string
  readonly model: string
  readonly sizeBytes?: number | undefined
  /** The name of its raid set, or what else it is for. */
  readonly usage: string
}

/**
 * The answer without what is printed around it.
 * @throws {ToolError} no controller, a password or root is needed; {ParseError} it says that it failed, or is cut short
 */
function answerOf(text: string): string[] {
  const lines = linesOf(text)
  const none = lines.find((line) => /arcmsr & sg|No (Areca )?controller/i.test(line))
  if (none !== undefined) throw new ToolError(`Cannot read a controller: ${none.trim()}`, 'no-controller')
  const denied = lines.find((line) => /password required|permission|privilege|\broot\b/i.test(line))
  if (denied !== undefined) throw new ToolError(`Cannot read a controller: ${denied.trim()}`, 'no-permission')
  const end = lines.findIndex((line) => /^GuiErrMsg<0x0+>/i.test(line))
  if (end < 0)
    throw new ParseError(`Cannot parse cli64 "${text.trim()}": no "GuiErrMsg<0x00>: Success." at its end`)
  return lines.slice(0, end)
}

/** The largest controllers drive 256 disks. */
const mostRows = 1000

/** The rows between the two lines of `=` under a header. */
function rowsOf(text: string, header: RegExp): string[] {
  const lines = answerOf(text)
  const at = lines.findIndex((line) => header.test(line))
  const [first = -1, last = -1] = lines.flatMap((line, index) =>
    index > at && /^={10}/.test(line) ? [index] : [],
  )
  if (at < 0) {
    if (lines.some((line) => /\bSerial#.*\bFirmRev\b/.test(line)))
      throw new ToolError('Cannot read disk info: the columns of an older version', 'unsupported-version')
    throw new ParseError(`Cannot parse cli64 "${text.trim()}": no header ${header}`)
  }
  if (last < 0) throw new ParseError(`Cannot parse cli64 "${lines[at]}": not between two lines of "="`)
  const rows = lines.slice(first + 1, last).filter((line) => line.trim() !== '')
  if (rows.length > mostRows) throw new ParseError(`Cannot parse cli64 "${lines[at]}": ${rows.length} rows`)
  return rows
}

function cut(what: string, row: string): ParseError {
  return new ParseError(`Cannot parse cli64 ${what} "${row}": not a number, a name, a size and a state`)
}

/** `rsf info` */
export function parseRaidSets(text: string): RaidSet[] {
  return rowsOf(text, /^\s*(#|Num)\s+Name\s+Disks/).map((row) => {
    const found =
      /^\s*(\d{1,4})\s+(\S.*?)\s+(\d{1,4})\s+(\d+\.\d[KMGTP]B)\s+\d+\.\d[KMGTP]B\s+\S+\s+(\S.*)$/.exec(row)
    const [, number, name, drives, size, state] = found ?? []
    if (number === undefined || name === undefined || state === undefined) throw cut('rsf info', row)
    return { number, name, drives: Number(drives), sizeBytes: bytesOf(size, 1000), state: stateOf(state) }
  })
}

/** `vsf info` */
export function parseVolumeSets(text: string): VolumeSet[] {
  return rowsOf(text, /^\s*#\s+Name\s+Raid/).map((row) => {
    const found = /^\s*(\d{1,4})\s+(\S.*?)\s+(\S+)\s+(\d+\.\d[KMGTP]B)\s+\d+\/\d+\/\d+\s+(\S.*)$/.exec(row)
    const [, number, names, level, size, state] = found ?? []
    if (number === undefined || names === undefined || level === undefined || state === undefined)
      throw cut('vsf info', row)
    // The raid set stands behind the name, in a column of its own.
    const name = names.split(/\s{2,}/)[0] ?? names
    return { number, name, level: levelOf(level), sizeBytes: bytesOf(size, 1000), state: stateOf(state) }
  })
}

/** `disk info`. @throws {ToolError} as all, and for the columns of the oldest versions */
export function parseDisks(text: string): ArecaDisk[] {
  return rowsOf(text, /^\s*#\s+(Enc#\s+Slot#|Ch#)\s+ModelName/).flatMap((row) => {
    const found =
      /^\s*(\d{1,4})\s+(\d{1,4})\s+(?:(Slot|EXTP)[#\s]*(\d{1,4})\s+)?(\S.*?)\s+(\d+\.\d[KMGTP]B)\s+(\S.*)$/i.exec(
        row,
      )
    const [, number, first = '', kind = '', digits, model, size, usage] = found ?? []
    if (number === undefined || model === undefined || usage === undefined) throw cut('disk info', row)
    if (given(model) === undefined && given(usage) === undefined) return []
    // External ports are counted apart from slots.
    const slot = `${/extp/i.test(kind) ? 'extp' : ''}${plain(digits ?? first)}`
    const place = { enclosure: digits === undefined ? '' : plain(first), slot }
    return [{ number, ...place, model, sizeBytes: bytesOf(size, 1000), usage: usage.trim() }]
  })
}

/** `sys info`, `hw info`, `disk info drv=N`: the fields, by their keys; of a key that comes twice the first. */
export function parseArecaFields(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of answerOf(text)) {
    const field = fieldOf(line)
    if (field && !fields.has(field[0])) fields.set(...field)
  }
  return fields
}

/** `Rebuilding(12.3%)`: the word and how far it is. */
export function stateOf(text: string): ArecaState {
  const percent = /\d{1,3}(?:\.\d{1,3})?%/.exec(text)
  const word = (percent ? text.slice(0, percent.index) : text).replace(/[\s([]+$/, '')
  return { word: word === '' ? text : word, ratio: ratioOf(percent?.[0]) }
}

/** `Raid1+0` as `raid10`. */
function levelOf(word: string): string {
  return word.toLowerCase().replace('+', '')
}

/** `02` as `2`. */
function plain(digits: string): string {
  return String(Number(digits))
}
