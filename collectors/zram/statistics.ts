/**
 * What the kernel counts for one zram device, from either of its interfaces in /sys/block/zram<id>:
 * one file per value (until 4.10), or lines of columns (mm_stat and io_stat since 4.1, bd_stat since 5.0).
 * Kernels only ever append columns. Which interface is there is found by looking, never by the kernel's version;
 * so nothing tells that the seventh column of 4.1 and 4.2 counts objects moved, not pages freed.
 * @see Linux Documentation/admin-guide/blockdev/zram.rst, Documentation/ABI/obsolete/sysfs-block-zram
 */
import { ParseError } from '../../src/errors.ts'
import type { Metric } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import * as metrics from './metrics.ts'

export type Statistics = Map<Metric, number>

/** Columns in file order, what one unit of them is, and how many the oldest kernel with that file prints. */
interface Layout {
  readonly columns: readonly (Metric | undefined)[]
  readonly factor: number
  readonly least: number
}

export const layouts = {
  mm_stat: {
    columns: [
      metrics.origData,
      metrics.comprData,
      metrics.memUsed,
      metrics.memLimit,
      metrics.memUsedMax,
      metrics.samePages,
      metrics.compactedPages,
      metrics.hugePages,
      metrics.hugePagesStored,
    ],
    factor: 1,
    least: 7,
  },
  io_stat: {
    columns: [metrics.failedReads, metrics.failedWrites, metrics.invalidIo, metrics.notifyFree],
    factor: 1,
    least: 4,
  },
  // Units of 4 KiB whatever the page size is.
  bd_stat: {
    columns: [metrics.backingUsed, metrics.backingRead, metrics.backingWritten],
    factor: 4096,
    least: 3,
  },
  stat: {
    columns: [metrics.reads, undefined, undefined, undefined, metrics.writes],
    factor: 1,
    least: 11,
  },
} as const satisfies Record<string, Layout>

/** The single files: those that mm_stat replaced, io_stat, and stat. */
const memoryFiles = [
  ['orig_data_size', metrics.origData],
  ['compr_data_size', metrics.comprData],
  ['mem_used_total', metrics.memUsed],
  ['mem_limit', metrics.memLimit],
  ['mem_used_max', metrics.memUsedMax],
  ['zero_pages', metrics.samePages],
] as const
const requestFiles = [
  ['failed_reads', metrics.failedReads],
  ['failed_writes', metrics.failedWrites],
  ['invalid_io', metrics.invalidIo],
  ['notify_free', metrics.notifyFree],
] as const
const countFiles = [
  ['num_reads', metrics.reads],
  ['num_writes', metrics.writes],
] as const

/**
 * Parses one line of columns.
 * @param path the file, for the message.
 * @returns the value of each column this kernel prints, in its metric's unit; a mem_limit of 0 is no limit, so absent.
 * @throws {ParseError} that names file and column: too few columns, or one that is not a whole number.
 */
export function parseColumns(path: string, text: string, { columns, factor, least }: Layout): Statistics {
  const words = text.trim() === '' ? [] : text.trim().split(/\s+/)
  if (words.length < least)
    throw new ParseError(
      `Cannot parse ${path} "${text.trim()}": ${words.length} columns, not ${least} or more`,
    )
  const values: Statistics = new Map()
  for (const [index, word] of words.entries()) {
    const value = parseCount(`${path} column ${index + 1}`, word, factor)
    const metric = columns[index]
    if (metric === undefined || (metric === metrics.memLimit && value === 0)) continue
    values.set(metric, value)
  }
  return values
}

/**
 * Parses a whole number of units of `factor`.
 * @throws {ParseError} that names the place: anything else, or too large to be a count (a negative one that wrapped).
 */
export function parseCount(place: string, text: string, factor = 1): number {
  const word = text.trim()
  if (!/^\d+$/.test(word)) throw new ParseError(`Cannot parse ${place} "${word}": not a whole number`)
  const value = Number(word) * factor
  if (!Number.isSafeInteger(value))
    throw new ParseError(`Cannot parse ${place} "${word}": too large to be true`)
  return value
}

/**
 * Parses comp_algorithm: the names the kernel has, the chosen one in brackets, or it alone.
 * @throws {ParseError} if none is chosen.
 */
export function parseAlgorithm(path: string, text: string): string {
  const [, chosen] = /(?:^|\s)\[([^\s[\]]+)\](?:\s|$)/.exec(text) ?? []
  const name = chosen ?? text.trim()
  if (!/^[^\s[\]]+$/.test(name)) throw new ParseError(`Cannot parse ${path} "${text.trim()}": none is chosen`)
  return name
}

/**
 * Reads everything the kernel counts for one device.
 * @returns only the size while that is 0 (the device is not set up); undefined if the device is gone.
 * @throws {ParseError} that names file and place; the system error of a file that cannot be read.
 */
export async function readStatistics(sys: Tree, device: string): Promise<Statistics | undefined> {
  const folder = `block/${device}`
  const size = await sys.read(`${folder}/disksize`)
  if (size === undefined) return undefined
  const disksize = parseCount(`${folder}/disksize`, size)
  const values: Statistics = new Map([[metrics.disksize, disksize]])
  if (disksize === 0) return values
  const columns = async (name: keyof typeof layouts) => {
    const text = await sys.read(`${folder}/${name}`)
    return text === undefined ? undefined : parseColumns(`${folder}/${name}`, text, layouts[name])
  }
  const files = async (names: readonly (readonly [name: string, metric: Metric])[]) => {
    const found: Statistics = new Map()
    for (const [name, metric] of names) {
      const text = await sys.read(`${folder}/${name}`)
      if (text === undefined) continue
      const value = parseCount(`${folder}/${name}`, text)
      if (metric !== metrics.memLimit || value > 0) found.set(metric, value)
    }
    return found
  }
  const memory = (await columns('mm_stat')) ?? (await files(memoryFiles))
  // Without both it is not an older kernel: the device went away since its size was read.
  if (!memory.has(metrics.origData)) return undefined
  const requests = (await columns('io_stat')) ?? (await files(requestFiles))
  // Before 4.1 `stat` stays at zero, so the files come first.
  const counts = await files(countFiles)
  const stat = counts.size > 0 ? counts : await columns('stat')
  for (const part of [memory, requests, stat ?? [], (await columns('bd_stat')) ?? []])
    for (const [metric, value] of part) values.set(metric, value)
  return values
}

/** The compressor in use. Kernels before 3.15 have no such file and know one alone. */
export async function readAlgorithm(sys: Tree, device: string): Promise<string> {
  const path = `block/${device}/comp_algorithm`
  const text = await sys.read(path)
  return text === undefined ? 'lzo' : parseAlgorithm(path, text)
}
