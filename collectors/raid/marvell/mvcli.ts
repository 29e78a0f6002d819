/**
 * mvcli: Marvell's small RAID controllers (88SE9230; Dell BOSS-S1, Lenovo M.2). Blocks of `key: value` lines, with the
 * number of blocks at the end. Sizes are in units of 2^10 (K) and 2^20 (M) bytes.
 * @see Dell, Boot Optimized Storage Solution-S1 User's Guide; mvcli 4.1 and 5.0
 */
import { ParseError, ToolError } from '../../../src/errors.ts'
import { bytesOf, fieldOf, given, linesOf, ratioOf } from '../text.ts'

export interface MvDisk {
  /** `0`. */
  readonly adapter: string
  /** By which the tool addresses it. */
  readonly id: string
  /** A word for its state, which few versions print. */
  readonly status?: string | undefined
  readonly model?: string | undefined
  readonly serial?: string | undefined
  readonly firmware?: string | undefined
  readonly sizeBytes?: number | undefined
  readonly interface?: string | undefined
  readonly media?: string | undefined
}

export interface MvVolume {
  readonly id: string
  readonly name?: string | undefined
  readonly status: string
  readonly level?: string | undefined
  readonly sizeBytes?: number | undefined
  /** Ids of its disks. */
  readonly disks: readonly string[]
  /** What goes on in the background: `rebuilding`, and how far it is. */
  readonly operation?: string | undefined
  readonly ratio?: number | undefined
}

/** `info -o pd`. @throws {ToolError} no adapter, or root is needed; {ParseError} it is not whole */
export function parseMvDisks(text: string): MvDisk[] {
  return blocksOf(text, 'PD', /^adapter$/).map((fields) => {
    const type = /^(SATA|SAS|NVMe)\b/i.exec(fields.get('type') ?? '')?.[1]
    const media = /^(SSD|HDD)\b/i.exec(fields.get('ssd type') ?? '')?.[1]
    return {
      adapter: need(fields, 'adapter', 'a disk'),
      id: need(fields, 'pd id', 'a disk'),
      status: given(fields.get('pd status') ?? fields.get('status')),
      model: given(fields.get('model')),
      serial: given(fields.get('serial')),
      firmware: given(fields.get('firmware version')),
      sizeBytes: bytesOf(fields.get('size'), 1024),
      interface: type?.toLowerCase(),
      media: media?.toLowerCase(),
    }
  })
}

/** `info -o vd`. @throws as `parseMvDisks` */
export function parseMvVolumes(text: string): MvVolume[] {
  return blocksOf(text, 'VD', /^id$/).map((fields) => {
    const [, operation, percent] =
      /^(\S.{0,60}?) is (\d{1,3}(?:\.\d+)?%) done/.exec(fields.get('bga progress') ?? '') ?? []
    return {
      id: need(fields, 'id', 'a virtual disk'),
      name: given(fields.get('name')),
      status: need(fields, 'status', 'a virtual disk'),
      level: given(fields.get('raid mode'))?.toLowerCase(),
      sizeBytes: bytesOf(fields.get('size'), 1024),
      disks: (fields.get('pd raid setup') ?? '').split(' ').filter((id) => /^\d{1,4}$/.test(id)),
      operation,
      ratio: ratioOf(percent),
    }
  })
}

type Fields = Map<string, string>

/** The blocks, by their keys in lower case; a new one begins with `first`. What the tool says of its driver is left out. */
function blocksOf(text: string, what: 'PD' | 'VD', first: RegExp): Fields[] {
  const lines = linesOf(text)
  const denied = lines.find((line) => /permission|privilege|\broot\b/i.test(line))
  if (denied !== undefined) throw new ToolError(`Cannot read adapters: ${denied.trim()}`, 'no-permission')
  if (lines.some((line) => /\bno adapters?\b/i.test(line)))
    throw new ToolError('Cannot read adapters: mvcli finds none', 'no-controller')
  const heading = lines.findIndex((line) => /^(Virtual|Physical) Disk Information/i.test(line))
  const blocks: Fields[] = []
  let total: number | undefined
  for (const line of lines.slice(Math.max(0, heading))) {
    const [key = '', value = ''] = fieldOf(line) ?? []
    const name = key.toLowerCase()
    if (name === `total # of ${what.toLowerCase()}`) {
      total = /^\d{1,4}$/.test(value) ? Number(value) : undefined
      break
    }
    if (first.test(name)) blocks.push(new Map())
    blocks.at(-1)?.set(name, value)
  }
  if (total === undefined || (heading < 0 && total > 0))
    throw new ParseError(`Cannot parse mvcli "${text.trim()}": no "Total # of ${what}" at its end`)
  if (total !== blocks.length)
    throw new ParseError(`Cannot parse mvcli: ${blocks.length} blocks, and ${total} in "Total # of ${what}"`)
  return blocks
}

function need(fields: Fields, key: string, part: string): string {
  const value = given(fields.get(key))
  if (value === undefined) {
    const seen = [...fields].map((pair) => pair.join(': ')).join(', ')
    throw new ParseError(`Cannot parse ${part} of mvcli "${seen}": no "${key}"`)
  }
  return value
}
