/** The shipped agent that forwards one journal to one sink, and what that takes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { collectors } from '../../collectors/all.ts'
import { childrenOf, cpuOf, memoryOf, peakMegabytes } from './process.ts'

const bundle = join(import.meta.dirname, '../../dist/remora.cjs')
const sink = 'sink'
/** Of Node, such as `--cpu-prof`. */
const flags = process.env.BENCH_NODE_FLAGS?.split(' ') ?? []

export interface Usage {
  /** Of the agent alone, and of all the journalctl it has started. */
  readonly agentSeconds: number
  readonly journalctlSeconds: number
}

export interface Forwarding extends AsyncDisposable {
  /** Whether a journalctl follows for it. */
  follows(): boolean
  /** Of its own, and of its journalctl, since it began. */
  usage(): Usage
  /** The most resident memory, and the most anonymous one at a call of `look`, in megabytes. */
  peak(): { readonly peakRssMB: number; readonly peakAnonMB: number }
  look(): void
  readonly pid: number
  /** The sum of this metric over all its series, of the journal where it tells sources apart: the boot record is one more. */
  sum(metric: string): Promise<number>
  /** Waits until that sum is so much; asks seldom until it may be, because asking takes the agent's time. */
  reached(metric: string, wanted: number): Promise<void>
}

export interface ForwardingOptions {
  /** Beside its path; default a bound that nothing reaches. */
  readonly spool?: object
  /** A program, and what comes before the one that it becomes. */
  readonly launcher?: readonly string[]
  /** Beside the one, by name. */
  readonly moreSinks?: Readonly<Record<string, object>>
}

/** Starts it without anything but the journal and this sink, and waits until it is ready and at rest. */
export async function startForwarding(
  folder: string,
  root: string,
  sinkConfig: object,
  signal: AbortSignal,
  journaldOptions: object = {},
  { spool = { max_bytes: 1 << 30 }, launcher = [], moreSinks = {} }: ForwardingOptions = {},
): Promise<Forwarding> {
  const file = join(folder, 'remora.yaml')
  const off = { enabled: false }
  const config = {
    server: { listen: '127.0.0.1:0' },
    paths: { root },
    log: { level: 'info' },
    spool: { path: join(folder, 'spool'), ...spool },
    push: off,
    collectors: {
      ...Object.fromEntries(collectors.map(({ name }) => [name, off])),
      journald: { schedule: '0 0 0 1 1 *', options: { initial: 'all', ...journaldOptions } },
    },
    sinks: { [sink]: sinkConfig, ...moreSinks },
  }
  await writeFile(file, JSON.stringify(config))
  const [program = '', ...args] = [...launcher, process.execPath, ...flags, bundle, '--config', file, 'run']
  const child = spawn(program, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const pid = child.pid ?? 0
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-8000)
  })
  const port = () => / runs on .*:(\d+)\//.exec(said)?.[1]
  const ask = (path: string) => fetch(`http://127.0.0.1:${port()}${path}`).catch(() => undefined)
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await exited
    clearTimeout(late)
  }
  try {
    for (const until = Date.now() + 20_000; (await (port() ? ask('/-/ready') : undefined))?.ok !== true; ) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`Cannot start the agent: ${said}`)
      await sleep(25, undefined, { signal })
    }
    await sleep(1000, undefined, { signal })
  } catch (error) {
    await stop()
    throw error
  }

  const usageNow = () => {
    const { own, ended } = cpuOf(pid)
    const running = childrenOf(pid).reduce((sum, one) => sum + cpuOf(one.pid).own, 0)
    return { agentSeconds: own, journalctlSeconds: ended + running }
  }
  const atStart = usageNow()
  let peakAnonMB = 0
  const forwarding: Forwarding = {
    pid,
    follows: () => childrenOf(pid).some(({ command }) => / --follow /.test(command)),
    usage() {
      const now = usageNow()
      return {
        agentSeconds: now.agentSeconds - atStart.agentSeconds,
        journalctlSeconds: now.journalctlSeconds - atStart.journalctlSeconds,
      }
    },
    look() {
      peakAnonMB = Math.max(peakAnonMB, memoryOf(pid).anonMB)
    },
    peak: () => ({ peakRssMB: peakMegabytes(pid), peakAnonMB }),
    async sum(metric) {
      const page = (await (await ask('/metrics'))?.text()) ?? ''
      if (page === '') throw new Error(`Cannot ask the agent: ${said}`)
      const lines = page
        .split('\n')
        .filter((line) => line.startsWith(metric) && /^[ {]/.test(line.slice(metric.length)))
        .filter((line) => !line.includes('source="') || line.includes('source="journald"'))
      return lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0)
    },
    async reached(metric, wanted) {
      const begun = performance.now()
      for (;;) {
        const count = await forwarding.sum(metric)
        if (count >= wanted) return
        if (signal.aborted)
          throw new Error(`Cannot wait longer for ${wanted} of ${metric}: ${count}; ${said}`)
        const left = ((performance.now() - begun) * (wanted - count)) / Math.max(1, count)
        const until = performance.now() + Math.min(Math.max(left * 0.8, 40), 1000)
        for (; performance.now() < until; await sleep(20)) forwarding.look()
      }
    },
    [Symbol.asyncDispose]: stop,
  }
  return forwarding
}
