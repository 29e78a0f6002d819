/** What a process uses, from /proc: memory from status, time from stat and from each thread's schedstat. */
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = 100

export interface Memory {
  readonly rssMB: number
  /** Without mapped files: what the process itself takes. */
  readonly anonMB: number
}

export function memoryOf(pid: number): Memory {
  return { rssMB: megabytesOf(pid, 'VmRSS'), anonMB: megabytesOf(pid, 'RssAnon') }
}

/** The most resident memory it ever had, in megabytes. */
export function peakMegabytes(pid: number): number {
  return megabytesOf(pid, 'VmHWM')
}

function megabytesOf(pid: number, key: string): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const found = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
  if (found === undefined) throw new Error(`Cannot read ${key} of process "${pid}"`)
  return round(Number(found) / 1000)
}

/** User and system time of the process and of its children that have ended, in seconds, in steps of 0.01. */
export function cpuSeconds(pid: number): number {
  const { own, ended } = cpuOf(pid)
  return own + ended
}

/** The same, of the process itself and of its children that have ended. */
export function cpuOf(pid: number): { readonly own: number; readonly ended: number } {
  // After pid and name: utime, stime, cutime, cstime are fields 14 to 17.
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = statOf(pid).slice(11, 15).map(Number)
  return { own: (user + system) / ticksPerSecond, ended: (endedUser + endedSystem) / ticksPerSecond }
}

/** The children of a process that run now, with their command lines. */
export function childrenOf(pid: number): { readonly pid: number; readonly command: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const [, parent] = statOf(Number(name))
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      return parent === String(pid) ? [{ pid: Number(name), command }] : []
    } catch {
      return [] // It ended since the listing.
    }
  })
}

/** What is after pid and name: state, parent, … */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
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
