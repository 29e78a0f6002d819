/** The agent of the fault bench: the bundle that ships, in a process of its own, killed and started again on one spool. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

export interface BenchAgent extends AsyncDisposable {
  readonly pid: number
  readonly running: boolean
  /** @param launcher what runs it, before its own words */
  start(launcher?: readonly string[]): void
  /** Ends it at once. */
  kill(): Promise<void>
  /** Ends it as systemd does. @returns what it said last */
  stop(): Promise<string>
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGHUP'): void
  /** Runs a command of the same configuration to its end. */
  command(...args: readonly string[]): string
  /** Starts another one with the same configuration and waits until it ends. */
  second(): Promise<{ readonly status: number | null; readonly stderr: string }>
  /** The page of /metrics; undefined while nobody answers. */
  page(): Promise<string | undefined>
  /** Waits until a scrape is answered. */
  ready(): Promise<void>
  said(): string
}

export interface AgentPlace {
  readonly bundle: string
  readonly config: string
  readonly port: number
  readonly env: Readonly<Record<string, string>>
  /** Called after a kill, when what was on its way has arrived. */
  readonly killed: () => void
}

/** What a process wrote before it was killed is still read after it. */
const onItsWayMilliseconds = 30

const mostSaid = 1 << 16

export function benchAgent({ bundle, config, port, env, killed }: AgentPlace): BenchAgent {
  let child: ChildProcess | undefined
  let exited: Promise<unknown> = Promise.resolve()
  let said = ''
  const alive = () => child !== undefined && child.exitCode === null && child.signalCode === null
  const args = (...rest: readonly string[]) => [bundle, '--config', config, ...rest]
  const agent: BenchAgent = {
    get pid() {
      assert.ok(child?.pid !== undefined && alive(), `the agent runs: ${said.slice(-2000)}`)
      return child.pid
    },
    get running() {
      return alive()
    },
    start(launcher = []) {
      const [program = '', ...rest] = [...launcher, process.execPath, ...args('run')]
      const started = spawn(program, rest, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env.PATH, ...env },
      })
      for (const pipe of [started.stdout, started.stderr])
        pipe.on('data', (data) => {
          said = (said + data).slice(-mostSaid)
        })
      exited = once(started, 'exit')
      child = started
    },
    async kill() {
      if (!alive()) return
      child?.kill('SIGKILL')
      await exited
      await wait(onItsWayMilliseconds)
      killed()
    },
    async stop() {
      child?.kill('SIGTERM')
      await exited
      assert.equal(child?.exitCode, 0, `the agent ends well: ${said.slice(-2000)}`)
      return said.trimEnd().split('\n').at(-1) ?? ''
    },
    signal(signal) {
      child?.kill(signal)
    },
    command: (...rest) =>
      execFileSync(process.execPath, args(...rest), {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        maxBuffer: 1 << 26,
      }),
    async second() {
      const other = spawn(process.execPath, args('run'), {
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: 20_000,
        env: { PATH: process.env.PATH, ...env, REMORA_SERVER_LISTEN: '127.0.0.1:0' },
      })
      let stderr = ''
      other.stderr.on('data', (data) => {
        stderr += data
      })
      await once(other, 'close')
      return { status: other.exitCode, stderr }
    },
    async page() {
      try {
        const answer = await fetch(`http://127.0.0.1:${port}/metrics`, {
          signal: AbortSignal.timeout(10_000),
        })
        return await answer.text()
      } catch {
        return undefined // It does not run, or does not answer now: that is some fault's very purpose.
      }
    },
    async ready() {
      for (const until = Date.now() + 60_000; (await agent.page()) === undefined; await wait(50)) {
        assert.ok(alive(), `the agent has ended: ${said.slice(-2000)}`)
        assert.ok(Date.now() < until, `the agent answers: ${said.slice(-2000)}`)
      }
    },
    said: () => said,
    async [Symbol.asyncDispose]() {
      if (!alive()) return
      child?.kill('SIGCONT')
      await agent.kill()
    },
  }
  return agent
}
