/**
 * How full a zram device is. It has several bounds, and each is its own number: the size of the device, its memory
 * limit, the memory of the machine, and space and inodes of the file systems on it. The highest is what counts.
 */
import { ParseError } from '../../src/errors.ts'
import type { Mount } from '../../src/mounts.ts'
import type { FileSystemUsage } from '../../src/statfs.ts'
import { disksize, memLimit, memUsed, origData } from './metrics.ts'
import type { Statistics } from './statistics.ts'

export type Constraint = 'disksize' | 'mem_limit' | 'memory' | 'filesystem' | 'inodes'

export interface Fill {
  readonly constraint: Constraint
  /** In bytes, or inodes. */
  readonly used: number
  /** What `used` may become; never 0. */
  readonly most: number
}

/** A file system on the device and what statfs says of it. */
export interface MountedUsage {
  readonly mount: Mount
  readonly usage: FileSystemUsage
}

/** Below this, growth is not told from so little data. */
const leastStoredBytes = 64 << 20

/** File systems that are always full, being made to measure. */
const imageTypes = new Set(['squashfs', 'erofs', 'cramfs', 'romfs', 'iso9660', 'udf'])

/**
 * Parses /proc/meminfo.
 * @returns MemAvailable in bytes; undefined on kernels before 3.14, which do not have it.
 * @throws {ParseError} if its line does not hold a number of kB.
 */
export function parseMemAvailable(text: string): number | undefined {
  const line = text.split('\n').find((line) => line.startsWith('MemAvailable'))
  if (line === undefined) return undefined
  const [, kilobytes] = /^MemAvailable:\s+(\d{1,12}) kB$/.exec(line) ?? []
  if (kilobytes === undefined)
    throw new ParseError(`Cannot parse meminfo MemAvailable "${line}": not a number of kB`)
  return Number(kilobytes) * 1024
}

/** @returns the fill by every bound this device has; of several file systems on it the fullest. */
export function fills(
  statistics: Statistics,
  memAvailable: number | undefined,
  mounted: readonly MountedUsage[],
): Fill[] {
  const used = statistics.get(memUsed)
  // Where nobody may write nothing fills up: both sides say so. After errors the file system alone does, and counts.
  const writable = mounted.filter(
    ({ mount: { mountOptions, superOptions, fsType } }) =>
      !(mountOptions.includes('ro') && superOptions.includes('ro')) && !imageTypes.has(fsType),
  )
  const all = [
    fill('disksize', statistics.get(origData), statistics.get(disksize)),
    fill('mem_limit', used, statistics.get(memLimit)),
    fill('memory', used, used !== undefined && memAvailable !== undefined ? used + memAvailable : undefined),
    fullest(
      writable.map(({ usage }) => {
        const taken = usedBytes(usage)
        return fill('filesystem', taken, taken + usage.availableBytes) // As df does: the reserve is not room.
      }),
    ),
    fullest(writable.map(({ usage }) => fill('inodes', usage.files - usage.filesFree, usage.files))),
  ]
  return all.filter((one) => one !== undefined)
}

function fill(constraint: Constraint, used: number | undefined, most: number | undefined): Fill | undefined {
  return used === undefined || most === undefined || most <= 0 ? undefined : { constraint, used, most }
}

export function ratioOf({ used, most }: Fill): number {
  return used / most
}

/** The one with the highest ratio, the first of equals. */
export function fullest(all: readonly (Fill | undefined)[]): Fill | undefined {
  return all.reduce((best, one) => (best && (!one || ratioOf(one) <= ratioOf(best)) ? best : one), undefined)
}

export function usedBytes({ sizeBytes, freeBytes }: FileSystemUsage): number {
  return sizeBytes - freeBytes
}

/**
 * The memory that filling the rest of the device would take, were it as compressible as what is there, over
 * MemAvailable: above 1 the machine cannot hold a full device.
 * @returns absent with less than 64 MiB stored.
 */
export function growthOf(statistics: Statistics, memAvailable: number | undefined): number | undefined {
  const stored = statistics.get(origData)
  const used = statistics.get(memUsed)
  const size = statistics.get(disksize)
  if (stored === undefined || used === undefined || size === undefined) return undefined
  if (stored < leastStoredBytes || !memAvailable) return undefined
  return (Math.max(0, size - stored) * (used / stored)) / memAvailable
}

/**
 * The threshold a fill is over.
 * @param percent the fill.
 * @param previous the threshold it was over when last looked at, 0 for none. It is left only once the fill is
 *   further below it than the hysteresis, so that a fill that wavers about a threshold is one event.
 * @returns 0 below all of them.
 */
export function levelOf(
  percent: number,
  previous: number,
  thresholds: readonly number[],
  hysteresis: number,
): number {
  return thresholds.findLast((one) => percent >= one || (previous >= one && percent >= one - hysteresis)) ?? 0
}
