/**
 * host: memory, load, boot time, names and pressure of the node, as node_exporter 1.11 names them.
 * Reads /proc/{meminfo,loadavg,stat,pressure,sys/kernel} and /sys/class/dmi/id. Each file stands alone: one that
 * cannot be read is skipped and the others are not.
 * @see Linux Documentation/filesystems/proc.rst
 */
import { ParseError } from '../../src/errors.ts'
import { type CollectContext, type Collector, deFacto, type Labels, type Sample } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import { meminfoMetrics, parseMeminfo } from './meminfo.ts'
import { parsePressure, pressureMetrics } from './pressure.ts'
import { dmi, readDmi, readUname, uname } from './system.ts'

const loads = [
  deFacto(
    'node_load1',
    'gauge',
    'none',
    'loadavg',
    'Tasks running or in uninterruptible sleep, mean of 1 minute.',
  ),
  deFacto(
    'node_load5',
    'gauge',
    'none',
    'loadavg',
    'Tasks running or in uninterruptible sleep, mean of 5 minutes.',
  ),
  deFacto(
    'node_load15',
    'gauge',
    'none',
    'loadavg',
    'Tasks running or in uninterruptible sleep, mean of 15 minutes.',
  ),
]
const bootTime = deFacto(
  'node_boot_time_seconds',
  'gauge',
  'timestamp_seconds',
  'stat btime',
  'When the node booted, seconds since the epoch.',
)
const time = deFacto(
  'node_time_seconds',
  'gauge',
  'timestamp_seconds',
  'clock_gettime',
  'The time of the node, seconds since the epoch.',
)

/**
 * Parses /proc/loadavg.
 * @returns the means over 1, 5 and 15 minutes.
 * @throws {ParseError} fewer than three numbers.
 */
export function parseLoadavg(text: string): number[] {
  const words = text.split(' ', 3)
  if (words.length < 3 || !words.every((word) => /^\d{1,9}\.\d\d$/.test(word)))
    throw new ParseError(`Cannot parse loadavg "${text.trim()}": not three numbers`)
  return words.map(Number)
}

/**
 * Parses the boot time out of /proc/stat.
 * @returns seconds since the epoch, as the kernel reckons them now: a clock step moves it.
 * @throws {ParseError} no btime line.
 */
export function parseBootTime(text: string): number {
  const match = /^btime (\d+)$/m.exec(text)
  if (!match) throw new ParseError('Cannot parse stat: no btime')
  return Number(match[1])
}

/** DMI does not change before the next boot: read once for each tree. */
const dmiOf = new WeakMap<Tree, Labels | undefined>()

/** The parts, in the order of the page. Each yields what its file says, nothing where it is not there. */
const parts: readonly ((context: CollectContext) => AsyncIterable<Sample>)[] = [
  async function* memory({ proc }) {
    const text = await proc.read('meminfo')
    if (text === undefined) return
    for (const [metric, value] of parseMeminfo(text)) yield { metric, value, labels: {} }
  },
  async function* load({ proc }) {
    const text = await proc.read('loadavg')
    if (text === undefined) return
    const values = parseLoadavg(text)
    for (const [index, metric] of loads.entries())
      yield { metric, value: values[index] ?? Number.NaN, labels: {} }
  },
  async function* times({ proc }) {
    const text = await proc.read('stat')
    if (text !== undefined) yield { metric: bootTime, value: parseBootTime(text), labels: {} }
    yield { metric: time, value: Date.now() / 1000, labels: {} }
  },
  async function* names({ proc, sys }) {
    const labels = await readUname(proc)
    if (labels) yield { metric: uname, value: 1, labels }
    if (!dmiOf.has(sys)) dmiOf.set(sys, await readDmi(sys))
    const firmware = dmiOf.get(sys)
    if (firmware) yield { metric: dmi, value: 1, labels: firmware }
  },
  async function* pressure({ proc }) {
    for (const file of new Set(pressureMetrics.map((row) => row.file))) {
      const text = await proc.read(`pressure/${file}`).catch(ignoreUnsupported)
      if (text === undefined) continue
      const seconds = parsePressure(text)
      for (const row of pressureMetrics) {
        const value = seconds.get(row.line)
        if (row.file === file && value !== undefined) yield { metric: row.metric, value, labels: {} }
      }
    }
  },
]

/** A kernel started with psi=0 shows the files and refuses to read them. */
function ignoreUnsupported(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOTSUP' || error.code === 'EOPNOTSUPP'))
    return
  throw error
}

export const host: Collector = {
  name: 'host',
  metrics: [
    ...meminfoMetrics,
    ...loads,
    bootTime,
    time,
    uname,
    dmi,
    ...pressureMetrics.map(({ metric }) => metric),
  ],
  async probe({ proc }) {
    return (await proc.exists('meminfo')) ? { here: true } : { here: false, why: 'no /proc/meminfo' }
  },
  async *collect(context) {
    for (const part of parts) {
      try {
        yield* part(context)
      } catch (error) {
        context.skip(error instanceof Error ? error : new Error(String(error)))
      }
    }
  },
}
