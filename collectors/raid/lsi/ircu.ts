/**
 * sas2ircu and sas3ircu: the Integrated RAID of LSI's (Avago's, Broadcom's) SAS host bus adapters.
 * Reads the texts of LIST, DISPLAY and STATUS; sizes are in units of 2^20 bytes.
 * @see SAS-3 Integrated RAID Solution User Guide, appendix A; tool versions 18 and 20 (SAS2) and 16 (SAS3)
 */
import { ParseError, ToolError } from '../../../src/errors.ts'
import { bytesOf, fieldOf, given, linesOf, ratioOf } from '../text.ts'

export interface IrVolume {
  /** By which the tool addresses it. */
  readonly id: string
  readonly name?: string | undefined
  readonly status: string
  readonly level?: string | undefined
  readonly sizeBytes?: number | undefined
  /** `enclosure:slot` of its drives. */
  readonly members: readonly string[]
}

/** A hard disk; enclosures and what else answers on the bus is left out. */
export interface IrDrive {
  readonly enclosure: string
  readonly slot: string
  readonly state: string
  readonly sizeBytes?: number | undefined
  readonly manufacturer?: string | undefined
  readonly model?: string | undefined
  readonly firmware?: string | undefined
  readonly serial?: string | undefined
  /** `SATA`, `SAS`, `PCIe`. */
  readonly protocol?: string | undefined
  /** `SATA_HDD`, `SAS_SSD`. */
  readonly type?: string | undefined
}

export interface IrDisplay {
  readonly type?: string | undefined
  readonly firmware?: string | undefined
  readonly volumes: readonly IrVolume[]
  readonly drives: readonly IrDrive[]
}

/** What STATUS tells of a volume. */
export interface IrProgress {
  /** The tool's word; absent when nothing goes on. */
  readonly operation?: string | undefined
  readonly ratio?: number | undefined
}

/**
 * @returns the index of every controller
 * @throws {ToolError} none is there, or root is needed; {ParseError} no list
 */
export function parseIrcuList(text: string): string[] {
  refuse(text)
  const lines = linesOf(text)
  const header = lines.findIndex((line) => /^\s*Index\s/.test(line))
  if (header < 0) throw new ParseError(`Cannot parse LIST "${text.trim()}": no line "Index Type ID …"`)
  const end = lines.findIndex((line) => line.includes('Utility Completed Successfully'))
  if (end < header) throw new ParseError('Cannot parse LIST: it ends before "Utility Completed Successfully"')
  const indices = lines.slice(header, end).flatMap((line) => /^\s*(\d{1,4})\s+\S/.exec(line)?.[1] ?? [])
  if (indices.length === 0) throw new ToolError('Cannot list controllers: none is there', 'no-controller')
  return indices
}

function refuse(text: string): void {
  if (/MPTLib2 Error 1\b/.test(text))
    throw new ToolError('Cannot list controllers: MPTLib2 Error 1, none is there', 'no-controller')
  const denied = linesOf(text).find((line) => /permission|privilege|\broot\b/i.test(line))
  if (denied !== undefined) throw new ToolError(`Cannot list controllers: ${denied}`, 'no-permission')
}

type Fields = Map<string, string>

/** The sections of DISPLAY, by their headings, and the blocks in them. */
const headings = /^(Controller|IR Volume|Physical device|Enclosure) information$/

/**
 * @param skip gets what is wrong with one drive
 * @throws {ParseError} it is not whole, or a volume has no number or state
 */
export function parseIrcuDisplay(text: string, skip: (error: Error) => void): IrDisplay {
  const lines = linesOf(text)
  if (!lines.some((line) => line.includes('Command DISPLAY Completed Successfully')))
    throw new ParseError(
      `Cannot parse DISPLAY: it ends with "${lines.findLast((line) => line !== '') ?? ''}" before "Command DISPLAY Completed Successfully"`,
    )
  let section = ''
  const controller: Fields = new Map()
  const volumes: Fields[] = []
  const devices: { readonly what: string; readonly fields: Fields }[] = []
  let current: Fields | undefined
  for (const line of lines) {
    const heading = headings.exec(line)?.[1]
    const device = /^Device is an? (.+)$/.exec(line)?.[1]
    if (heading !== undefined) {
      section = heading
      current = heading === 'Controller' ? controller : undefined
    } else if (section === 'IR Volume' && /^IR volume \d+$/i.test(line)) {
      current = new Map()
      volumes.push(current)
    } else if (section === 'Physical device' && device !== undefined) {
      current = new Map()
      devices.push({ what: device, fields: current })
    } else {
      const field = fieldOf(line)
      if (field) current?.set(...field)
    }
  }
  return {
    type: given(controller.get('Controller type')),
    firmware: given(controller.get('Firmware version')),
    volumes: volumes.map(volumeOf),
    drives: devices.flatMap(({ what, fields }) => {
      if (!/disk|SSD/i.test(what)) return []
      try {
        return [driveOf(fields)]
      } catch (error) {
        if (!(error instanceof ParseError)) throw error
        skip(error)
        return []
      }
    }),
  }
}

function volumeOf(fields: Fields): IrVolume {
  const members = [...fields].flatMap(([key, value]) => (/^PHY\[\d+\]/.test(key) ? [value] : []))
  return {
    id: need(fields, 'Volume ID', 'volume'),
    name: given(fields.get('Volume Name')),
    status: need(fields, 'Status of volume', 'volume'),
    level: given(fields.get('RAID level'))?.toLowerCase(),
    sizeBytes: megabytes(fields.get('Size (in MB)')),
    members,
  }
}

function driveOf(fields: Fields): IrDrive {
  return {
    enclosure: need(fields, 'Enclosure #', 'drive'),
    slot: need(fields, 'Slot #', 'drive'),
    state: need(fields, 'State', 'drive'),
    sizeBytes: megabytes(fields.get('Size (in MB)/(in sectors)')),
    manufacturer: given(fields.get('Manufacturer')),
    model: given(fields.get('Model Number')),
    firmware: given(fields.get('Firmware Revision')),
    serial: given(fields.get('Unit Serial No(VPD)')) ?? given(fields.get('Serial No')),
    protocol: given(fields.get('Protocol')),
    type: given(fields.get('Drive Type')),
  }
}

function need(fields: Fields, key: string, part: string): string {
  const value = fields.get(key) ?? ''
  if (value === '') {
    const seen = [...fields].map((pair) => pair.join(': ')).join(', ')
    throw new ParseError(`Cannot parse a ${part} of DISPLAY "${seen}": no "${key}"`)
  }
  return value
}

/** `476940/976773167`: the first number counts units of 2^20 bytes. */
function megabytes(value: string | undefined): number | undefined {
  return bytesOf(`${value?.split('/')[0]?.trim()} M`, 1024)
}

/** @returns by volume id what goes on; empty where the card has no volumes. @throws {ParseError} other errors of the tool */
export function parseIrcuStatus(text: string): Map<string, IrProgress> {
  const found = new Map<string, IrProgress>()
  if (/no IR volumes on the controller|STATUS command is not supported/.test(text)) return found
  if (!text.includes('Command STATUS Completed Successfully'))
    throw new ParseError(
      `Cannot parse STATUS "${text.trim()}": no "Command STATUS Completed Successfully" at its end`,
    )
  for (const block of text.split(/^IR Volume \d+/im).slice(1)) {
    const fields: Fields = new Map(linesOf(block).flatMap((line) => [fieldOf(line) ?? []].filter(isPair)))
    const id = given(fields.get('Volume ID'))
    const operation = given(fields.get('Current operation'))
    if (id !== undefined) found.set(id, { operation, ratio: ratioOf(fields.get('Percentage complete')) })
  }
  return found
}

function isPair(field: readonly string[]): field is readonly [string, string] {
  return field.length === 2
}
