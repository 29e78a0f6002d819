/** A control group of one bench with a limit of memory, of either version; root only. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface MemoryGroup extends Disposable {
  /** Runs what follows it in the group. */
  readonly launcher: readonly string[]
  /** The most it held, page cache included, in megabytes; undefined: this kernel does not tell. */
  peakMegabytes(): number | undefined
  /** How many processes were killed for it. */
  kills(): number
}

/** @returns undefined where no group can be made here, and why is said on stderr */
export function memoryGroup(limitBytes: number): MemoryGroup | undefined {
  const name = `remora-bench-${process.pid}`
  const isOne = existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes')
  const folder = join(isOne ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup', name)
  const file = (which: string) => join(folder, which)
  try {
    mkdirSync(folder)
    writeFileSync(file(isOne ? 'memory.limit_in_bytes' : 'memory.max'), String(limitBytes))
  } catch (error) {
    console.error(`No limit: cannot make a control group: ${error}`)
    return undefined
  }
  const read = (which: string) => (existsSync(file(which)) ? readFileSync(file(which), 'utf8') : '')
  return {
    launcher: ['sh', '-c', 'echo $$ > "$0" && exec "$@"', file('cgroup.procs')],
    peakMegabytes() {
      const text = read(isOne ? 'memory.max_usage_in_bytes' : 'memory.peak').trim()
      return text === '' ? undefined : Math.round(Number(text) / 1e6)
    },
    kills: () =>
      Number(/^oom_kill (\d+)$/m.exec(read(isOne ? 'memory.oom_control' : 'memory.events'))?.[1] ?? 0),
    [Symbol.dispose]: () => rmdirSync(folder),
  }
}
