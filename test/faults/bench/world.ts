/**
 * One world of the fault bench: the agent that ships between writers and receivers, watched at every scrape. Faults are
 * done to it by the rows of the table; `finish` heals everything, waits until it has caught up, and judges.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { collectors } from '../../../collectors/all.ts'
import { type FreezableMount, mountExt4 } from '../../own-mount.ts'
import { type PrivateJournald, privateJournald } from '../../private-journald.ts'
import { freePort } from '../../prometheus-server.ts'
import { random as generator } from '../files-scenario.ts'
import { type BenchAgent, benchAgent } from './agent.ts'
import { judge, type Verdict } from './judge.ts'
import {
  assertConservation,
  assertGrown,
  type LedgerPage,
  parseLedger,
  spoolFill,
  total,
} from './ledger-page.ts'
import { noise } from './payload.ts'
import {
  type EventReceiver,
  journalReceiver,
  lokiReceiver,
  type MetricsReceiver,
  metricsReceiver,
} from './receivers.ts'
import { fileWriter, journalWriter, kernelWriter, type Writer } from './writers.ts'

export interface WorldOptions {
  readonly seed: number
  /** The agent's bundle; default the one that ships. */
  readonly bundle?: string
  /** How long it may take to catch up at the end; default 120. */
  readonly patienceSeconds?: number
  /** What a row's durations are multiplied with. */
  readonly scale?: number
  /** Event sinks with a settle time, whose receivers may forget. */
  readonly settles?: boolean
  /** The agent runs under libfaketime: `stepClock` works. */
  readonly clockSteps?: boolean
}

export interface World extends AsyncDisposable {
  readonly options: WorldOptions
  readonly run: string
  readonly folder: string
  readonly random: () => number
  readonly scale: number
  readonly agent: BenchAgent
  readonly journald: PrivateJournald
  readonly writers: { readonly journald: Writer; readonly files: Writer; readonly kmsg: Writer }
  readonly loki: EventReceiver
  readonly journal: EventReceiver
  readonly metrics: MetricsReceiver
  /** Comes and goes with the configuration. */
  readonly extra: EventReceiver
  readonly spool: { readonly path: string; readonly mount: FreezableMount }
  /** What may be counted, by the rows that were run: `lost sink_removed`, `missed vacuumed`. */
  readonly allowed: Set<string>
  /** Kernel records that the ring had forgotten before the run. */
  missedBefore: number
  /** A row replaced the spool: what was delivered may come again under another ledger. */
  ledgerReplaced: boolean
  /** From now on an answer that went out may not have been heeded. */
  newEpisode(): void
  /** Writes the configuration with these sinks and sections beside its own. */
  configure(changes?: { readonly extra?: boolean; readonly heartbeatSeconds?: number }): void
  /** Seconds the agent's clock is off. */
  stepClock(seconds: number): void
  /** How often the stand-in tool was run. */
  toolRuns(): number
  page(): Promise<LedgerPage | undefined>
  /** @throws the first breach of the contract so far */
  assertWell(): void
  finish(): Promise<Verdict>
}

const settleSeconds = 2
/** What a spool near its bound may give up, for a sink that lags behind another or is optional (design: contract). */
const givenUp = ['lost spool_full', 'lost optional']
const nearlyFull = 0.7
const faketime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'

export async function makeWorld(options: WorldOptions): Promise<World> {
  await using making = new AsyncDisposableStack()
  const { seed, settles = false, clockSteps = false, scale = 1 } = options
  const folder = await mkdtemp(join(tmpdir(), 'remora-faults-'))
  making.defer(() => rm(folder, { recursive: true, force: true }))
  const run = `${seed.toString(36)}${Date.now().toString(36)}`
  const violations: unknown[] = []
  let episode = 0
  const watch = { episode: () => episode, violated: (error: unknown) => void violations.push(error) }
  // Before the mount, which its name space would otherwise hold as well.
  const journald = making.use(await privateJournald({ storage: 'persistent' }))
  const mount = making.use(await mountExt4())
  const spoolPath = join(mount.path, 'spool')
  const loki = making.use(await lokiReceiver(watch, settles))
  const journal = making.use(await journalReceiver(watch, settles))
  const extra = making.use(await lokiReceiver(watch, settles))
  const metrics = making.use(await metricsReceiver(watch, clockSteps))
  const port = await freePort()
  const config = join(folder, 'remora.yaml')
  mkdirSync(join(folder, 'logs'))
  writeFileSync(join(folder, 'clock'), '+0')

  const sink = (type: string, at: number, path: string) => ({
    type,
    url: `http://127.0.0.1:${at}${path}`,
    retry: { first_seconds: 0.05, most_seconds: 0.4, timeout_seconds: 4 },
    ...(type !== 'prometheus' && settles && { settle_seconds: settleSeconds }),
  })
  const ours = ['journald', 'files', 'kmsg', 'exec']
  function configure({ extra: withExtra = false, heartbeatSeconds = 1 } = {}): void {
    const off = collectors.filter(({ name }) => !ours.includes(name))
    const content = {
      node: { name: 'node-7' },
      paths: { root: journald.root },
      server: { listen: `127.0.0.1:${port}` },
      spool: { path: spoolPath, max_bytes: 6 << 20 },
      push: { schedule: '* * * * * *' },
      heartbeat: { seconds: heartbeatSeconds },
      shutdown: { drain_seconds: 20 },
      collectors: {
        ...Object.fromEntries(off.map(({ name }) => [name, { enabled: false }])),
        journald: { options: { initial: 'all', identifiers: { exclude: [noise] } } },
        files: {
          options: {
            presets: [],
            logs: [{ include: [join(folder, 'logs/app.log*')] }],
            partial_seconds: 600,
          },
        },
        exec: {
          options: {
            plugins: [
              {
                name: 'bench',
                command: ['/bin/sh', join(import.meta.dirname, 'tool.sh'), join(folder, 'count')],
                every_seconds: 1,
              },
            ],
          },
        },
      },
      sinks: {
        loki: sink('loki', loki.port, '/loki/api/v1/push'),
        journal: sink('journal-remote', journal.port, '/upload'),
        metrics: sink('prometheus', metrics.port, '/api/v1/write'),
        ...(withExtra && { extra: { ...sink('loki', extra.port, '/loki/api/v1/push'), required: false } }),
      },
    }
    writeFileSync(config, JSON.stringify(content))
  }
  configure()
  const env = clockSteps
    ? {
        LD_PRELOAD: faketime,
        FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        NO_FAKE_STAT: '1',
      }
    : {}
  const bundle = options.bundle ?? join(import.meta.dirname, '../../../dist/remora.cjs')
  const agent = making.use(
    benchAgent({
      bundle,
      config,
      port,
      env,
      killed: () => {
        episode += 1
      },
    }),
  )
  const next = generator(seed)
  let logSeen = false
  const writers = {
    journald: journalWriter(run, journald, generator(seed + 1)),
    files: fileWriter(run, join(folder, 'logs/app.log'), generator(seed + 2), () => logSeen),
    kmsg: kernelWriter(run, generator(seed + 3)),
  }
  for (const writer of Object.values(writers)) making.defer(() => writer.stop())

  const allowed = new Set(['filtered identifier'])
  const pages = new Map<string, LedgerPage>()
  const checked = { scrapes: 0, equations: 0, quarantined: 0 }
  let last: LedgerPage | undefined
  let reading: Promise<unknown> = Promise.resolve()
  /** One at a time: an older page that is read later would seem to fall. */
  function page(): Promise<LedgerPage | undefined> {
    const read = reading.then(readPage)
    reading = read.catch(() => undefined)
    return read
  }
  async function readPage(): Promise<LedgerPage | undefined> {
    const text = await agent.page()
    if (text === undefined) return undefined
    const found = parseLedger(text)
    if (found.ledger === '') return undefined
    if (spoolFill(text) > nearlyFull) for (const term of givenUp) allowed.add(term)
    checked.scrapes += 1
    checked.equations += assertConservation(found)
    assertGrown(pages.get(found.ledger), found)
    for (const [sink, receiver] of [
      ['loki', loki],
      ['journal', journal],
      ['extra', extra],
    ] as const)
      for (const [key, terms] of found.sinks) {
        const source = key.startsWith(`${sink} `) ? key.slice(sink.length + 1) : undefined
        if (source === undefined || source === 'metrics') continue
        const [acknowledged, has] = [total(terms, 'acknowledged'), receiver.taken.count(found.ledger, source)]
        assert.ok(acknowledged <= has, `${acknowledged} of ${source} are acknowledged, ${sink} has ${has}`)
      }
    const waiting = [...found.sinks.values()].reduce((sum, terms) => sum + total(terms, 'quarantined'), 0)
    checked.quarantined = Math.max(checked.quarantined, waiting)
    logSeen ||= total(found.sources.get('files'), 'read') > 0
    pages.set(found.ledger, found)
    last = found
    return found
  }

  let watching = true
  const watched = (async () => {
    for (; watching; await wait(200)) await page().catch(watch.violated)
  })()
  making.defer(async () => {
    watching = false
    await watched
  })

  const world: World = {
    options,
    run,
    folder,
    random: next,
    scale,
    agent,
    journald,
    writers,
    loki,
    journal,
    metrics,
    extra,
    spool: { path: spoolPath, mount },
    allowed,
    missedBefore: 0,
    ledgerReplaced: false,
    newEpisode() {
      episode += 1
    },
    configure,
    stepClock: (seconds) => writeFileSync(join(folder, 'clock'), `${seconds < 0 ? '' : '+'}${seconds}`),
    toolRuns: () => {
      const counted = join(folder, 'count')
      return existsSync(counted) ? Number(readFileSync(counted, 'utf8')) : 0
    },
    page,
    assertWell() {
      const [first] = violations
      if (first === undefined) return
      const reason = first instanceof Error ? first.message : String(first)
      throw new Error(`${reason}\nThe agent has said:\n${agent.said().slice(-4000)}`, { cause: first })
    },
    async finish() {
      for (const writer of Object.values(writers)) await writer.stop()
      for (const receiver of [loki, journal, extra, metrics]) {
        receiver.behave({ is: 'well' })
        await receiver.up()
      }
      agent.signal('SIGCONT')
      if (!agent.running) agent.start()
      await agent.ready()
      await caughtUp(world)
      world.assertWell()
      watching = false
      await watched
      const words = await agent.stop()
      assert.match(words, /everything was delivered/)
      world.assertWell()
      return { ...(await judge(world, pages, last)), ...checked }
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  }
  agent.start()
  await agent.ready()
  world.missedBefore = await ringRead(world)
  for (const writer of Object.values(writers)) writer.start()
  const ending = making.move()
  return world
}

/** Waits until the ring of this machine is read. @returns how many of its records were gone */
async function ringRead(world: World): Promise<number> {
  for (const until = Date.now() + 30_000; Date.now() < until; await wait(50)) {
    const kmsg = (await world.page())?.sources.get('kmsg')
    if (total(kmsg, 'read') > 0) return total(kmsg, 'missed')
  }
  throw new Error(`The kernel ring was not read: ${world.agent.said().slice(-1500)}`)
}

/** Waits until all that was issued is delivered and nothing is held, or nothing moves any more. */
async function caughtUp(world: World): Promise<void> {
  let before = ''
  let left = ''
  let quiet = 0
  let replayed = 0
  const { patienceSeconds = 120 } = world.options
  for (const until = Date.now() + patienceSeconds * 1000; Date.now() < until; await wait(200)) {
    const found = await world.page()
    if (found === undefined) continue
    const events = [...found.sinks].filter(([key]) => !key.endsWith(' metrics'))
    const sum = (name: string) => events.reduce((sum, [, terms]) => sum + total(terms, name), 0)
    if (sum('quarantined') > 0 && replayed++ % 10 === 0) world.agent.command('spool', 'quarantine', 'replay')
    left = `${sum('held')} held, ${sum('quarantined')} quarantined`
    if (sum('held') > 0 || sum('quarantined') > 0) continue
    // The kernel ring is the whole machine's: others write to it for ever.
    const now = ['journald', 'files'].map((source) => total(found.sources.get(source), 'read')).join()
    quiet = now === before ? quiet + 1 : 0
    before = now
    const issued = Object.values(world.writers).map(({ name, issued }) => [name, issued] as const)
    const all = issued.every(([name, count]) => total(found.sources.get(name), 'read') >= count)
    if (quiet >= (all && !world.ledgerReplaced ? 5 : 25)) return
  }
  throw new Error(
    `The agent has not caught up in ${patienceSeconds} s, ${left}: ${world.agent.said().slice(-1500)}`,
  )
}
