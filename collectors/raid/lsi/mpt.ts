/**
 * mpt-status: the Integrated RAID of the older LSI 1030, SAS1064 and SAS1068 adapters, through /dev/mptctl.
 * Reads its three forms: the classic lines, `-n` (key:value) and `-s` (states only). Its exit status is a bit mask of
 * what is wrong with the volumes, no failure of the tool.
 * @see mpt-status(8), version 1.2.0
 */
import { ParseError, ToolError } from '../../../src/errors.ts'
import { bytesOf, given, linesOf, ratioOf } from '../text.ts'

export interface MptVolume {
  readonly kind: 'volume'
  readonly id: string
  /** `OPTIMAL`, with the flags that change what it means behind it: `DEGRADED, RESYNC_IN_PROGRESS`. */
  readonly status: string
  readonly level?: string | undefined
  readonly driveCount?: number | undefined
  readonly sizeBytes?: number | undefined
}

export interface MptDrive {
  readonly kind: 'drive'
  readonly id: string
  readonly scsiId?: string | undefined
  readonly status: string
  readonly model?: string | undefined
  readonly firmware?: string | undefined
  readonly sizeBytes?: number | undefined
  /** Its last SMART sense says that it will fail (additional sense code 5dh). */
  readonly smartAlert?: boolean | undefined
}

export interface MptReading {
  readonly parts: readonly (MptVolume | MptDrive)[]
  /** Of a resynchronisation, by SCSI id, 0 to 1. */
  readonly progress: ReadonlyMap<string, number>
}

/** Flags that say nothing of health. */
const quiet = new Set(['NONE', 'ENABLED', 'QUIESCED'])
const levels: Readonly<Record<string, string>> = { IS: 'raid0', IM: 'raid1', IME: 'raid1e' }

/**
 * @returns the SCSI ids on which `-p` found volumes
 * @throws {ToolError} no controller, or root is needed; {ParseError} it says nothing of a search
 */
export function parseMptProbe(text: string): string[] {
  if (/Need root|Permission denied|Operation not permitted/.test(text))
    throw new ToolError('Cannot read /dev/mptctl: mpt-status needs root', 'no-permission')
  const found = linesOf(text).flatMap((line) => /^Found SCSI id=(\d{1,4}),/.exec(line)?.[1] ?? [])
  if (found.length > 0) return found
  const none = linesOf(text).find((line) =>
    /^open |^ioctl|Nothing found|no SCSI disks|^Checking for/.test(line),
  )
  if (none === undefined) throw new ParseError(`Cannot parse mpt-status -p "${text.trim()}"`)
  throw new ToolError(`Cannot find a volume of an LSI MPT controller: ${none.trim()}`, 'no-controller')
}

/** @throws {ParseError} a line of a volume or drive is cut short */
export function parseMpt(text: string): MptReading {
  const parts: (MptVolume | MptDrive)[] = []
  const progress = new Map<string, number>()
  for (const line of linesOf(text)) {
    const [, id, percent] = /^scsi_id[: ](\d{1,4}) (\d{1,3}%)$/.exec(line) ?? []
    const ratio = ratioOf(percent)
    if (id !== undefined && ratio !== undefined) progress.set(id, ratio)
    const part = volumeOf(line) ?? driveOf(line)
    if (part) parts.push(part)
    else if (/^(ioc|vol_id|log_id|phys_id)/.test(line))
      throw new ParseError(`Cannot parse mpt-status "${line}": no number, or no state and flags`)
  }
  return { parts, progress }
}

function volumeOf(line: string): MptVolume | undefined {
  const [, short, word] = /^(?:vol_id|log_id) (\d{1,4}) (\S+)$/.exec(line) ?? []
  if (short !== undefined && word !== undefined) return { kind: 'volume', id: short, status: word }
  const id = /^ioc:?\d{1,3} vol_id[: ](\d{1,4}) /.exec(line)?.[1]
  const status = statusOf(line)
  if (id === undefined || status === undefined) return undefined
  const type = /\btype[: ](\w+)/.exec(line)?.[1]
  const drives = /(?:, (\d{1,4}) phy,|num_disks:(\d{1,4}))/.exec(line)
  return {
    kind: 'volume',
    id,
    status,
    level: levels[type ?? ''] ?? type?.toLowerCase(),
    driveCount: drives ? Number(drives[1] ?? drives[2]) : undefined,
    sizeBytes: sizeOf(line),
  }
}

function driveOf(line: string): MptDrive | undefined {
  const [, short, word] = /^phys_id (\d{1,4}) (\S+)$/.exec(line) ?? []
  if (short !== undefined && word !== undefined) return { kind: 'drive', id: short, status: word }
  const id = /^ioc:?\d{1,3} (?:phy |phys_id:|spare_id:)(\d{1,4}) /.exec(line)?.[1]
  const status = statusOf(line)
  if (id === undefined || status === undefined) return undefined
  const sense = /SMART ASC\/ASCQ:0x([0-9a-f]{2})/.exec(line)?.[1]
  const smartAlert = sense === undefined ? undefined : sense === '5d'
  const spare = / spare_id:/.test(line) ? `${status}, SPARE` : status
  return {
    kind: 'drive',
    id,
    scsiId: /scsi_id[: ](\d{1,4})/.exec(line)?.[1],
    status: smartAlert && status === 'ONLINE' ? 'ONLINE, SMART 5D' : spare,
    ...productOf(line),
    sizeBytes: sizeOf(line),
    smartAlert,
  }
}

/** The state and those flags that change what it means; undefined where the line is cut before them. */
function statusOf(line: string): string | undefined {
  const [, state, flags] = /state:? ?([A-Z_]+),? flags:? ([A-Z_ ]+)/.exec(line) ?? []
  if (state === undefined || flags === undefined) return undefined
  return [state, ...flags.split(' ').filter((flag) => flag !== '' && !quiet.has(flag))].join(', ')
}

/** Vendor and product; in the classic form they stand between the SCSI id and the revision. */
function productOf(line: string): Pick<MptDrive, 'model' | 'firmware'> {
  const fresh = /vendor:(.{0,40}?) product_id:(.{0,60}?) revision:(.{0,20}?) size/.exec(line)
  const [, words] = /scsi_id \d{1,4} ([^,]{1,80}),/.exec(line) ?? []
  const tokens = words?.split(' ').filter(Boolean) ?? []
  const [vendor, product, firmware] = fresh
    ? fresh.slice(1)
    : [tokens[0], tokens.slice(1, -1).join(' '), tokens.at(-1)]
  const model = [vendor, product]
    .map((word) => word?.trim() ?? '')
    .filter((word) => word !== '' && word !== 'ATA')
  return { model: given(model.join(' ')), firmware: given(firmware) }
}

/** Whole units of 2^30 bytes. */
function sizeOf(line: string): number | undefined {
  const [, classic, fresh] = /(?:, (\d{1,7}) GB,|size\(GB\):(\d{1,7}))/.exec(line) ?? []
  return bytesOf(`${classic ?? fresh} G`, 1024)
}
