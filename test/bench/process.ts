/** What a process uses, from /proc: memory from status, time from stat and from each thread's schedstat. */
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = 100

export interface Memory {
  readonly rssMB: number
  /** Without mapped files: what the process itself takes. */
  readonly anonMB: number
}

export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (key: string) => {
    const found = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
    if (found === undefined) throw new Error(`Cannot read ${key} of process "${pid}"`)
    return round(Number(found) / 1000)
  }
  return { rssMB: megabytes('VmRSS'), anonMB: megabytes('RssAnon') }
}

/** User and system time of the process and of its children that have ended, in seconds, in steps of 0.01. */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // After pid and name: utime, stime, cutime, cstime are fields 14 to 17.
  const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0)
  return ticks / ticksPerSecond
}

/** Time on a processor of all threads that are there, in milliseconds, exact to the nanosecond. */
export function threadMilliseconds(pid: number): number {
  let total = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    total += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
  }
  return total / 1e6
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new Error('Cannot take the median of nothing')
  return round(middle)
}

export function round(value: number): number {
  return Number(value.toPrecision(4))
}
