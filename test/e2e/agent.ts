/** Agents as they ship: dist/remora.cjs in processes of their own, ended with the test however it ends. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { parseText, type ReadPage } from '../src/read-exposition.ts'

/** What `npm test` has built before the tests. */
export const bundle = join(import.meta.dirname, '../../dist/remora.cjs')
assert.ok(existsSync(bundle), 'dist/remora.cjs is there: `npm run build` makes it')

/** What ends with each test. Node runs `after` in the order of the calls, and a folder must outlive its agents. */
const endings = new WeakMap<TestContext, (() => Promise<unknown>)[]>()

function atEnd(t: TestContext, end: () => Promise<unknown>): void {
  const before = endings.get(t)
  if (before) {
    before.push(end)
    return
  }
  const all = [end]
  endings.set(t, all)
  t.after(async () => {
    for (const one of all.toReversed()) await one()
  })
}

/** A folder that goes with the test. */
export async function workFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-e2e-'))
  atEnd(t, () => rm(folder, { recursive: true, force: true }))
  return folder
}

export interface Program {
  /** Of the runtime and of the bundle; default those of this test. */
  readonly node?: string
  readonly bundle?: string
  readonly cwd: string
  /** Beside PATH and HOME, and nothing else. */
  readonly env?: Readonly<Record<string, string>>
  readonly uid?: number
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `remora` with these arguments; killed with the test. */
function start(t: TestContext, args: readonly string[], program: Program) {
  const child = spawn(program.node ?? process.execPath, [program.bundle ?? bundle, ...args], {
    cwd: program.cwd,
    env: { PATH: process.env.PATH, HOME: program.cwd, ...program.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(program.uid !== undefined && { uid: program.uid, gid: program.uid }),
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  const ended = once(child, 'close').then((): Ended => {
    return { code: child.exitCode, signal: child.signalCode, ...said }
  })
  atEnd(t, async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })
  return { child, said, ended }
}

/** Runs a command until it ends by itself. */
export async function remora(t: TestContext, args: readonly string[], program: Program): Promise<Ended> {
  const { ended } = start(t, args, program)
  return within(ended, 30_000, () => `remora ${args.join(' ')}`)
}

/** One line of the agent's log. */
export interface LogLine {
  readonly level: string
  readonly message: string
}

export interface RunningAgent {
  readonly child: ChildProcess
  readonly url: string
  readonly port: number
  readonly ended: Promise<Ended>
  /** Everything on stderr so far. */
  stderr(): string
  lines(): LogLine[]
  /** Waits for a line whose message matches, in the lines after the first `from`. */
  logged(pattern: RegExp, from?: number): Promise<LogLine>
  /** The page of one scrape, read strictly, its ledger added up. */
  scrape(): Promise<ReadPage>
  /** Writes another configuration, as object or text, and sends SIGHUP. */
  reload(config: unknown): Promise<void>
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals, withinMilliseconds?: number): Promise<Ended & { readonly seconds: number }>
}

export interface AgentOptions extends Partial<Program> {
  /** The configuration file, as object or text; the address it listens on is set by the test. Absent: none. */
  readonly config?: unknown
  readonly port?: number
  /** The configuration says where it listens: at `port`, which must be given. */
  readonly listenByConfig?: boolean
  /** What is waited for: its first reading of everything (default), or only its process. */
  readonly ready?: 'ready' | 'spawned'
}

/** Starts `remora run` in this folder and waits until it is ready. */
export async function startAgent(
  t: TestContext,
  cwd: string,
  options: AgentOptions = {},
): Promise<RunningAgent> {
  const file = join(cwd, 'remora.yaml')
  const write = (config: unknown) => writeFile(file, typeof config === 'string' ? config : stringify(config))
  if (options.config !== undefined) await write(options.config)
  const args = options.config === undefined ? ['run'] : ['--config', file, 'run']
  const listen = options.listenByConfig ? {} : { REMORA_SERVER_LISTEN: `127.0.0.1:${options.port ?? 0}` }
  const env = { ...listen, ...options.env }
  const { child, said, ended } = start(t, args, { ...options, cwd, env })
  const lines = () =>
    said.stderr.split('\n').flatMap((line): LogLine[] => (line.startsWith('{') ? [JSON.parse(line)] : []))

  /** Its first line after the start names the port. */
  const portOf = () => {
    const running = lines().find(({ message }) => / runs on /.test(message))
    return Number(/:(\d+)\/$/.exec(running?.message ?? '')?.[1])
  }
  const agent: RunningAgent = {
    child,
    get url() {
      return `http://127.0.0.1:${portOf()}`
    },
    get port() {
      return portOf()
    },
    ended,
    stderr: () => said.stderr,
    lines,
    logged: (pattern, from = 0) =>
      eventually(`the log says ${pattern}`, () =>
        lines()
          .slice(from)
          .find(({ message }) => pattern.test(message)),
      ).catch((cause) => {
        throw new Error(`${cause}; it said:\n${said.stderr}`, { cause })
      }),
    scrape: () => scrape(agent.url),
    async reload(config) {
      await write(config)
      child.kill('SIGHUP')
    },
    async stop(signal = 'SIGTERM', withinMilliseconds = 15_000) {
      const begun = performance.now()
      child.kill(signal)
      const end = await within(ended, withinMilliseconds, () => `the end after ${signal}:\n${said.stderr}`)
      return { ...end, seconds: (performance.now() - begun) / 1000 }
    },
  }
  if (options.ready === 'spawned') return agent
  await eventually('the agent is ready', async () => {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`The agent has ended with ${child.exitCode}: ${said.stderr}`)
    if (!portOf()) return undefined
    const answer = await fetch(`${agent.url}/-/ready`).catch(() => undefined)
    await answer?.arrayBuffer()
    return answer?.ok
  })
  return agent
}

/** Scrapes once, reads the page strictly and checks its ledger. */
export async function scrape(url: string): Promise<ReadPage> {
  const answer = await fetch(`${url}/metrics`)
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  const page = parseText(text)
  assertLedger(page)
  return page
}

/** The value of one series; undefined if it is not there. */
export function valueIn(
  page: ReadPage,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels)
  return page.samples.find(
    (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
  )?.value
}

/** Both equations of the ledger, for every source and sink of a scrape. @returns how many were checked */
export function assertLedger(page: ReadPage): number {
  let checked = 0
  const sum = (name: string, labels: Readonly<Record<string, string>>) =>
    page.samples
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((total, { value }) => total + value, 0)
  for (const kind of ['records', 'samples']) {
    const term = (word: string) => `remora_${kind}_${word}`
    for (const { name, labels, value } of page.samples) {
      if (name === term('read_total')) {
        assert.equal(value, sum(term('filtered_total'), labels) + sum(term('spooled_total'), labels))
        checked += 1
      }
      if (name === term('routed_total')) {
        const words = ['acknowledged_total', 'held', 'quarantined', 'lost_total']
        const parts = words.map((word) => sum(term(word), labels))
        const total = parts.reduce((a, b) => a + b, 0)
        assert.equal(value, total, `${JSON.stringify(labels)}: ${value} is not ${parts.join(' + ')}`)
        checked += 1
      }
    }
  }
  return checked
}

/** Asks until the answer is neither false nor undefined, for at most half a minute. */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  milliseconds = 30_000,
): Promise<Exclude<T, undefined | false>> {
  for (const until = Date.now() + milliseconds; ; await sleep(25)) {
    const answer = await ask()
    if (isThere(answer)) return answer
    if (Date.now() > until) throw new Error(`Cannot wait longer until ${what}`)
  }
}

function isThere<T>(answer: T): answer is Exclude<T, undefined | false> {
  return answer !== undefined && answer !== false
}

/** The promise, or an error once the time is over. */
export async function within<T>(promise: Promise<T>, milliseconds: number, what: () => string): Promise<T> {
  const over = new AbortController()
  const late = sleep(milliseconds, undefined, { signal: over.signal }).then(() => {
    throw new Error(`Not done after ${milliseconds} ms: ${what()}`)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    over.abort()
    late.catch(() => undefined)
  }
}
