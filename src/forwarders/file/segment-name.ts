/**
 * Names of the files of a `file` sink, which sort by time:
 * `20261123T120759Z-<node>-<boot>-<ledger>-<counter>-<records>.ndjson.zst`, while it is written
 * `20261123T120759Z-<node>-<boot>-<ledger>-<counter>.ndjson.zst.partial`.
 */
import type { Origin } from '../forwarder.ts'

export interface Owner {
  readonly node: string
  readonly boot: string
  readonly ledger: string
}

export interface SegmentName extends Owner {
  /** When it was begun, milliseconds since the epoch, whole seconds. */
  readonly startMilliseconds: number
  /** 1, 2, 3 … within one owner, so that names never meet. */
  readonly counter: number
  /** Absent while it is written. */
  readonly records?: number
}

const shape =
  /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-(.+)-([0-9a-z]{1,8})-([0-9a-z]{1,8})-(\d{6,15})(?:-(\d{1,15})\.ndjson\.zst|\.ndjson\.zst\.partial)$/

export function formatName(name: SegmentName): string {
  const time = new Date(name.startMilliseconds).toISOString().replace(/[-:]|\.\d+/g, '')
  const counter = String(name.counter).padStart(6, '0')
  const base = `${time}-${name.node}-${name.boot}-${name.ledger}-${counter}`
  return name.records === undefined ? `${base}.ndjson.zst.partial` : `${base}-${name.records}.ndjson.zst`
}

/** @returns undefined for a name that is not ours */
export function parseName(text: string): SegmentName | undefined {
  const found = shape.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, node = '', boot = '', ledger = '', counter, records] =
    found
  const startMilliseconds = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  )
  const open = { startMilliseconds, node, boot, ledger, counter: Number(counter) }
  const name = records === undefined ? open : { ...open, records: Number(records) }
  return formatName(name) === text ? name : undefined // There is no 25th hour: somebody else's.
}

/** The owner as names carry it: ids cut to eight characters, a node name without what files cannot have. */
export function ownerOf(origin: Origin): Owner {
  return {
    node: origin.node.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 64) || '_',
    boot: tag(origin.bootId),
    ledger: tag(origin.ledger),
  }
}

function tag(id: string): string {
  return (
    id
      .toLowerCase()
      .replace(/[^0-9a-z]/g, '')
      .slice(0, 8) || '0'
  )
}
