/**
 * Runs the agent of the kill test through many lives, each ended by kill -9 in a chosen phase, kills the receiver
 * between, and checks at every scrape and at the end that the ledger tells the truth.
 */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'
import type { Plugin } from 'esbuild'
import { bundle } from '../../bundle.ts'
import { freePort } from '../prometheus-server.ts'
import { children } from './children.ts'
import { batchRecords, issued } from './scenario.ts'
import { assertEquations, held, parseScrape, type Scrape } from './scrape.ts'

export interface KillRun {
  readonly records: number
  /** Kills in each of the phases. */
  readonly killsPerPhase: number
  /** How long the end of the run is waited for; default 60. */
  readonly patienceSeconds?: number
  /** Changes the agent's code: see mutants.ts. */
  readonly plugins?: readonly Plugin[]
}

export interface KillReport {
  readonly kills: Readonly<Record<Phase, number>>
  readonly receiverKills: number
  readonly scrapes: number
  readonly equations: number
  readonly repeats: { readonly receiver: number; readonly file: number }
}

/** Where a kill meets the agent: `unanswered`, after the receiver took a request and before the agent had the answer. */
export type Phase = 'reading' | 'committing' | 'unanswered'
const phases: readonly Phase[] = ['reading', 'committing', 'unanswered']

/** How long the agent stays in each phase, so that a kill can meet it there. */
const lingerMilliseconds = 25
const sourceDelayMilliseconds = 40

/** The run came to its end before enough kills met their phase: it says nothing. */
export class KillsMissedError extends Error {
  override name = 'KillsMissedError'
}

export async function killRun({
  records,
  killsPerPhase,
  patienceSeconds = 60,
  plugins = [],
}: KillRun): Promise<KillReport> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-kill-'))
  const world = await makeWorld(folder, records, plugins, patienceSeconds)
  try {
    await world.startReceiver()
    for (let life = 0; life < killsPerPhase * 20 && !enough(world.kills, killsPerPhase); life++) {
      const target =
        phases.filter((phase) => world.kills[phase] < killsPerPhase)[life % 3] ??
        wanted(world.kills, killsPerPhase)
      await world.live(target)
      if (life % 9 === 8) await world.restartReceiver()
    }
    if (!enough(world.kills, killsPerPhase))
      throw new KillsMissedError(`Cannot kill in each phase: ${JSON.stringify(world.kills)}`)
    const last = await world.finish()
    const repeats = await check(world, last)
    return { kills: world.kills, receiverKills: world.receiverKills(), ...world.checked, repeats }
  } finally {
    await world.end()
    await rm(folder, { recursive: true, force: true })
  }
}

function enough(kills: Record<Phase, number>, each: number): boolean {
  return phases.every((phase) => kills[phase] >= each)
}

function wanted(kills: Record<Phase, number>, each: number): Phase {
  return phases.find((phase) => kills[phase] < each) ?? 'reading'
}

type World = Awaited<ReturnType<typeof makeWorld>>

async function makeWorld(
  folder: string,
  records: number,
  plugins: readonly Plugin[],
  patienceSeconds: number,
) {
  const [port, receiverPort] = [await freePort(), await freePort()]
  const config = join(folder, 'remora.yaml')
  writeFileSync(
    config,
    `server: { listen: "127.0.0.1:${port}" }
spool: { path: ${folder}/spool }
push: { enabled: false }
sinks:
  receiver: { type: prometheus, url: "http://127.0.0.1:${receiverPort}/", retry: { first_seconds: 0.05, most_seconds: 0.3 } }
  file: { type: file, path: ${folder}/out, max_bytes: 1073741824 }
`,
  )
  await bundle(join(import.meta.dirname, 'receiver.ts'), join(folder, 'receiver.cjs'))
  await bundle(join(import.meta.dirname, 'agent.ts'), join(folder, 'agent.cjs'), plugins)
  await bundle(join(import.meta.dirname, '../../src/main.ts'), join(folder, 'remora.cjs'), plugins)
  const running = children(folder)
  const { start } = running
  const kills: Record<Phase, number> = { reading: 0, committing: 0, unanswered: 0 }
  const checked = { scrapes: 0, equations: 0 }
  let receiver: ChildProcess | undefined
  let receiverKills = 0

  async function startReceiver(): Promise<void> {
    const { child, markers } = start('receiver', [receiverPort, folder, records, lingerMilliseconds])
    receiver = child
    await once(markers, 'line')
  }

  async function restartReceiver(): Promise<void> {
    receiver?.kill('SIGKILL')
    receiverKills += 1
    await wait(100)
    await startReceiver()
  }

  function received(): string {
    return readFileSync(join(folder, 'received'), 'utf8')
  }

  async function scrape(): Promise<Scrape> {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5000) })
    const found = parseScrape(await answer.text(), 'counter')
    checked.scrapes += 1
    checked.equations += assertEquations(found, ['receiver', 'file'])
    return found
  }

  /** One life of the agent, ended in the target phase. */
  async function live(target: Phase): Promise<void> {
    const { child, markers, errors } = start('agent', [
      config,
      records,
      sourceDelayMilliseconds,
      lingerMilliseconds,
    ])
    const exited = once(child, 'exit')
    const closed = once(markers, 'close')
    const seen: string[] = []
    const marker = { reading: 'reading', committing: 'committing', unanswered: 'sending' }[target]
    let armed = false
    const before = target === 'unanswered' ? received().length : 0
    let took = false
    markers.on('line', (line) => {
      seen.push(line)
      if (!armed || line !== marker) return
      armed = false
      if (target !== 'unanswered') {
        child.kill('SIGKILL')
        return
      }
      // Not at the request but within the time the receiver takes to answer it.
      const length = received().length
      const look = setInterval(() => {
        if (received().length === length && seen.at(-1) !== 'answered') return
        clearInterval(look)
        took = seen.lastIndexOf('answered') < seen.lastIndexOf('sending')
        child.kill('SIGKILL')
      }, 2)
      child.once('exit', () => clearInterval(look))
    })
    await Promise.race([once(markers, 'line'), exited])
    assert.equal(child.exitCode, null, `the agent did not start: ${errors()}`)
    await wait(60 + Math.random() * 250)
    for (let i = 0; i < 2; i++) await scrape()
    armed = true
    await Promise.race([exited, wait(3000)])
    child.kill('SIGKILL')
    await exited
    await closed
    const met =
      target === 'unanswered'
        ? took && received().length > before && seen.lastIndexOf('answered') < seen.lastIndexOf('sending')
        : target === 'committing'
          ? seen.lastIndexOf('committed') < seen.lastIndexOf('committing')
          : seen.lastIndexOf('committing') < seen.lastIndexOf('reading')
    if (met) kills[target] += 1
  }

  /** A last life without kills, until both sinks have everything; then one refused record is dropped and two replayed. */
  async function finish(): Promise<Scrape> {
    const { child } = start('agent', [config, records, 0, 0])
    const exited = once(child, 'exit')
    const until = async (what: string, done: (found: Scrape) => boolean) => {
      for (let tries = 0; tries < patienceSeconds * 10; tries++) {
        await wait(100)
        const found = await scrape().catch((error) => {
          if (error instanceof assert.AssertionError) throw error
          return undefined
        })
        if (found !== undefined && done(found)) return found
      }
      return assert.fail(`${what} did not come: ${JSON.stringify([...(await scrape())])}`)
    }
    const expected = issued(records)
    await until(
      'the end of the source',
      (found) => found.get('spooled') === expected.spooled && held(found) === 0,
    )
    const quarantine = async (...args: string[]) => {
      const [code] = await once(
        start('remora', ['--config', config, 'spool', 'quarantine', ...args]).child,
        'exit',
      )
      assert.equal(code, 0)
    }
    await quarantine('drop', '1')
    writeFileSync(join(folder, 'mended'), '')
    await quarantine('replay')
    const last = await until('the replay', (found) => found.get('quarantined receiver') === 0)
    child.kill('SIGTERM')
    const [code] = await exited
    assert.equal(code, 0)
    return last
  }

  return {
    folder,
    records,
    kills,
    checked,
    receiverKills: () => receiverKills,
    startReceiver,
    restartReceiver,
    received,
    live,
    finish,
    end: running.end,
  }
}

/** What the source issued and the receivers took, against what the ledger says at the end. */
async function check({ folder, records, received }: World, last: Scrape) {
  const expected = issued(records)
  assert.deepEqual(
    {
      read: last.get('read'),
      spooled: last.get('spooled'),
      filtered: last.get('filtered unit'),
      missed: last.get('missed overrun'),
    },
    { read: expected.read, spooled: expected.spooled, filtered: expected.filtered, missed: expected.missed },
  )
  const requests = received()
    .split('\n\n')
    .filter((request) => request !== '')
    .map((request) => request.split('\n').map((line) => line.split(' ').map(Number)))
  const atReceiver = takeAll(
    requests.map((request) => request.map(([number = 0, index = -1]) => ({ number, index }))),
  )
  const files = globSync(join(folder, 'out', '*')).sort()
  const lines = files.flatMap((file) =>
    zstdDecompressSync(readFileSync(file)).toString().trimEnd().split('\n'),
  )
  const parsed = lines.map((line) => JSON.parse(line)).filter(({ source }) => source === 'counter')
  const atFile = takeAll([
    parsed.map(({ number, id }) => ({ number, index: Number(id.slice('counter:'.length)) })),
  ])
  const dropped = 1
  assert.equal(
    last.get('acknowledged receiver'),
    atReceiver.numbers.size,
    'acknowledged is what the receiver took',
  )
  assert.equal(atReceiver.numbers.size, expected.spooled - dropped)
  assert.equal(last.get('lost receiver quarantine_dropped'), dropped)
  assert.equal(last.get('acknowledged file'), atFile.numbers.size, 'acknowledged is what is in the files')
  assert.equal(atFile.numbers.size, expected.spooled)
  for (const { numbers } of [atReceiver, atFile]) {
    for (let number = 1; number <= expected.spooled; number++) {
      const index = numbers.get(number)
      assert.ok(index !== undefined || numbers === atReceiver.numbers, `number ${number} is missing`)
      if (index === undefined)
        assert.equal(number, numberOf(Math.floor(records * 0.1)), 'only the dropped record is missing')
    }
  }
  return { receiver: atReceiver.repeats, file: atFile.repeats }
}

/** The contiguous number of a record that is not filtered. */
function numberOf(index: number): number {
  return issued(index + 1).spooled
}

/** Takes records as they arrived. A repeat must be of the batch before it: at most one in flight. */
function takeAll(requests: readonly (readonly { number: number; index: number }[])[]) {
  const numbers = new Map<number, number>()
  let repeats = 0
  let newest = 0
  for (const request of requests) {
    for (const { number, index } of request) {
      assert.equal(numberOf(index), number, `record ${index} has number ${number}`)
      if (numbers.has(number)) {
        repeats += 1
        assert.ok(
          number > newest - batchRecords,
          `number ${number} again, after ${newest}: more than one batch in flight`,
        )
      }
      numbers.set(number, index)
      newest = Math.max(newest, number)
    }
  }
  return { numbers, repeats }
}
