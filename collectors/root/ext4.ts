/**
 * What ext4 says of itself: /sys/fs/ext4/<device>, one whole number in each file.
 * Kernels before 5.5 have no warning_count and msg_count; the times are seconds since the epoch, 0 for never.
 * @see Linux Documentation/ABI/testing/sysfs-fs-ext4, fs/ext4/sysfs.c
 */
import { ParseError } from '../../src/errors.ts'
import type { Metric, Sample } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import * as metric from './metrics.ts'

const files: readonly Metric[] = [
  metric.ext4Errors,
  metric.ext4Warnings,
  metric.ext4Messages,
  metric.ext4FirstError,
  metric.ext4LastError,
]

/** The devices with ext4 on them that is mounted now. */
export async function ext4Devices(sys: Tree): Promise<string[]> {
  return (await sys.list('fs/ext4')).filter((name) => name !== 'features')
}

/**
 * Reads the counts of one file system.
 * @returns a sample of each file that is there; a time of zero has none.
 * @throws {ParseError} if one is not a whole number
 */
export async function readExt4(sys: Tree, device: string): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const of of files) {
    const text = await sys.line(`fs/ext4/${device}/${of.source}`)
    if (text === undefined) continue
    const value = parseCount(text, of.source)
    if (of.unit === 'timestamp_seconds' && value === 0) continue
    samples.push({ metric: of, value, labels: { device } })
  }
  return samples
}

/** Where the journal is found aborted, and EXT4_ERR_EROFS (fs/ext4/ext4.h): what every write meets from then on. */
const abortedFunction = 'ext4_journal_check_start'
const readOnlyError = '8'

/**
 * When an ext4 last met its aborted journal, after which it takes no writes until it is mounted again. Most kernels then
 * say `ro` or `emergency_ro` in mountinfo; some (seen: 6.1.192) say `rw` as if nothing were. The superblock remembers
 * it, so a time before it was mounted means nothing.
 * @returns seconds since the epoch; undefined if its last error was another one, or it had none
 * @throws {ParseError} if the time is not a whole number
 */
export async function abortedAt(sys: Tree, device: string): Promise<number | undefined> {
  const line = (file: string) => sys.line(`fs/ext4/${device}/${file}`)
  const isAborted =
    (await line('last_error_func')) === abortedFunction ||
    (await line('last_error_errcode')) === readOnlyError
  const time = isAborted ? await line('last_error_time') : undefined
  return time === undefined ? undefined : parseCount(time, 'last_error_time')
}

/**
 * Since when the thread of its journal runs, which comes and goes with the mount.
 * @returns seconds since the kernel started; 0 where that is not to be seen
 */
export async function mountedAt(sys: Tree, proc: Tree, device: string): Promise<number> {
  const thread = await sys.line(`fs/ext4/${device}/journal_task`)
  if (thread === undefined || !/^\d+$/.test(thread)) return 0
  const ticks = (await proc.line(`${thread}/stat`))?.split(') ').at(-1)?.split(' ')[19]
  return ticks !== undefined && /^\d+$/.test(ticks) ? Math.floor(Number(ticks) / ticksPerSecond) : 0
}

/** USER_HZ, the same on every machine that runs Node. @see proc_pid_stat(5) "starttime" */
const ticksPerSecond = 100

/** @throws {ParseError} if it is not a whole number */
export function parseCount(text: string, file: string): number {
  if (!/^\d+$/.test(text)) throw new ParseError(`Cannot parse ${file} "${text}": not a whole number`)
  return Number(text)
}
