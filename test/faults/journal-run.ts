/**
 * Runs Remora through many lives between a journal and a real systemd-journal-remote, each life ended by kill -9 in a
 * chosen phase, kills the receiver too, checks the ledger at every scrape, and at the end every entry.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Plugin } from 'esbuild'
import { bundle } from '../../bundle.ts'
import { startJournalRemote } from '../journal-remote-server.ts'
import { freePort } from '../prometheus-server.ts'
import { children } from './children.ts'
import {
  assertComplete,
  assertOneInFlight,
  fileEntries,
  issued,
  receivedEntries,
  sourceEntries,
} from './journal-check.ts'
import { journalProxy } from './journal-proxy.ts'
import { writeJournals } from './journal-scenario.ts'
import { assertEquations, held, parseScrape, type Scrape, sum } from './scrape.ts'

export interface JournalRun {
  readonly entries: number
  /** Kills in each of the phases. */
  readonly killsPerPhase: number
  /** How long each piece that journalctl gives is held back, so that the lives share the journal. */
  readonly delayMilliseconds: number
  /** How long the end of the run is waited for. */
  readonly patienceSeconds: number
  /** Removes the oldest rotated file halfway, as a vacuum does: what was not read of it must be missed. */
  readonly vacuum?: boolean
  /** Changes the agent's code. */
  readonly plugins?: readonly Plugin[]
}

export interface JournalReport {
  readonly entries: number
  readonly files: number
  readonly missed: number
  readonly kills: Readonly<Record<Phase, number>>
  readonly lives: number
  /** Entries that were read when the last kill was near. */
  readonly readAmongKills: number
  readonly receiverKills: number
  readonly scrapes: number
  readonly equations: number
  readonly requests: number
  /** Records that were sent more than once, and copies of them at each sink. */
  readonly repeats: { readonly sent: number; readonly receiver: number; readonly file: number }
  readonly seconds: number
}

/** Where a kill meets the agent: `sending`, half of a request is with the receiver; `unanswered`, all of it is. */
export type Phase = 'reading' | 'committing' | 'sending' | 'unanswered'
const phases: readonly Phase[] = ['reading', 'committing', 'sending', 'unanswered']

/** How long a commit lasts, so that a kill can meet it there. */
const lingerMilliseconds = 15
const sinks = ['receiver', 'file']

export async function journalRun(run: JournalRun): Promise<JournalReport> {
  const began = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'remora-journal-kill-'))
  await using ending = new AsyncDisposableStack()
  ending.defer(() => rm(folder, { recursive: true, force: true }))
  const receiver = ending.use(await startJournalRemote())
  const proxy = ending.use(await journalProxy(receiver.url))
  const files = await writeJournals(join(folder, 'root'), run.entries)
  const source = await sourceEntries(files)
  assert.equal(source.size, run.entries)
  const issuedNumbers = await issued(files)
  const port = await freePort()
  const config = join(folder, 'remora.yaml')
  writeFileSync(
    config,
    `node: { name: node-7 }
paths: { root: ${folder}/root }
server: { listen: "127.0.0.1:${port}" }
spool: { path: ${folder}/spool }
push: { enabled: false }
collectors: { journald: { options: { reader: journalctl, initial: all } } }
sinks:
  receiver: { type: journal-remote, url: "${proxy.url}upload", sources: [journald], retry: { first_seconds: 0.05, most_seconds: 0.3 } }
  file: { type: file, path: ${folder}/out, sources: [journald], max_bytes: 4294967296 }
`,
  )
  const temporary = join(folder, 'tmp')
  await mkdir(temporary)
  await bundle(join(import.meta.dirname, 'journal-agent.ts'), join(folder, 'journal-agent.cjs'), run.plugins)
  const running = children(folder, { TMPDIR: temporary })
  ending.defer(running.end)
  const kills: Record<Phase, number> = { reading: 0, committing: 0, sending: 0, unanswered: 0 }
  const checked = { scrapes: 0, equations: 0 }
  let receiverKills = 0
  let readAmongKills = 0

  async function scrape(): Promise<Scrape> {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(10_000) })
    const found = parseScrape(await answer.text(), 'journald')
    checked.scrapes += 1
    checked.equations += assertEquations(found, sinks)
    return found
  }

  async function restartReceiver(): Promise<void> {
    await receiver.stop('SIGKILL')
    receiverKills += 1
    await wait(50 + Math.random() * 150)
    await receiver.start()
  }

  /** One life of the agent, ended in the target phase. @returns whether it was */
  async function live(target: Phase, killsReceiver: boolean): Promise<boolean> {
    const args = [config, run.delayMilliseconds, lingerMilliseconds]
    const { child, markers, errors } = running.start('journal-agent', args)
    const exited = once(child, 'exit')
    const closed = once(markers, 'close')
    const seen: string[] = []
    const marker = target === 'reading' || target === 'committing' ? target : undefined
    let armed = false
    let cut = false
    const kill = () => child.kill('SIGKILL')
    markers.on('line', (line) => {
      seen.push(line)
      if (armed && line === marker) kill()
    })
    await Promise.race([once(markers, 'line'), exited])
    assert.equal(child.exitCode, null, `the agent did not start: ${errors()}`)
    await wait(30 + Math.random() * 150)
    await scrape()
    if (killsReceiver) await restartReceiver()
    readAmongKills = (await scrape()).get('read') ?? 0
    armed = true
    if (target === 'sending' || target === 'unanswered')
      proxy.arm(target, () => {
        cut = true
        kill()
      })
    await Promise.race([exited, wait(3000)])
    proxy.disarm()
    kill()
    await exited
    await closed
    if (target === 'committing') return seen.lastIndexOf('committed') < seen.lastIndexOf('committing')
    if (target === 'reading') return seen.lastIndexOf('committing') < seen.lastIndexOf('reading')
    return cut
  }

  /** A last life without kills, until both sinks have everything. */
  async function finish(): Promise<Scrape> {
    const { child, errors } = running.start('journal-agent', [config, 0, 0])
    const exited = once(child, 'exit')
    for (const until = performance.now() + run.patienceSeconds * 1000; ; await wait(200)) {
      const found = await scrape().catch((error) => {
        if (error instanceof assert.AssertionError) throw error
        return undefined // It does not listen yet.
      })
      if (
        found !== undefined &&
        (found.get('spooled') ?? 0) + sum(found, 'missed') >= run.entries &&
        held(found) === 0
      ) {
        child.kill('SIGTERM')
        assert.deepEqual(await exited, [0, null])
        return found
      }
      const where = JSON.stringify([...(found ?? [])])
      assert.ok(performance.now() < until, `the end of the journal did not come: ${where} ${errors()}`)
    }
  }

  let lives = 0
  while (phases.some((phase) => kills[phase] < run.killsPerPhase)) {
    assert.ok(lives < run.killsPerPhase * 20, `Cannot kill in each phase: ${JSON.stringify(kills)}`)
    const open = phases.filter((phase) => kills[phase] < run.killsPerPhase)
    const target = open[lives % open.length] ?? 'reading'
    if (await live(target, lives % 4 === 2)) kills[target] += 1
    lives += 1
    if (run.vacuum && lives === run.killsPerPhase * 2) await vacuum(files)
    if (lives % 9 === 0) await restartReceiver()
  }
  const last = await finish()
  assert.deepEqual(readdirSync(temporary), [], 'nothing is left in the folder for temporary files')
  await receiver.stop()

  const missed = sum(last, 'missed')
  assert.equal(missed > 0, run.vacuum === true, `${missed} missed`)
  const received = await receivedEntries(receiver.folder)
  const read = run.entries - missed
  assertComplete('the receiver', source, received, read)
  const sent = assertOneInFlight(proxy.sent, received)
  const file = fileEntries(join(folder, 'out'), proxy.sent)
  assertComplete('the file sink', source, file, read)
  for (const [number, id] of received.ids) assert.equal(file.ids.get(number), id, `entry of number ${number}`)
  assert.equal((last.get('read') ?? 0) + missed, issuedNumbers, 'read and missed are what was issued')
  const counts = { read, spooled: read, missed: last.get('missed vacuumed') ?? 0, filtered: 0 }
  const ledger = {
    read: last.get('read'),
    spooled: last.get('spooled'),
    missed,
    filtered: sum(last, 'filtered'),
  }
  assert.deepEqual(ledger, counts)
  for (const sink of sinks) {
    assert.equal(last.get(`routed ${sink}`), read)
    assert.equal(last.get(`acknowledged ${sink}`), read)
  }
  const copies = ({ repeats }: typeof received) => [...repeats.values()].reduce((a, b) => a + b, 0)
  return {
    entries: run.entries,
    files: files.length,
    missed,
    kills,
    lives,
    readAmongKills,
    receiverKills,
    ...checked,
    requests: proxy.sent.length,
    repeats: { sent, receiver: copies(received), file: copies(file) },
    seconds: Math.round((performance.now() - began) / 1000),
  }
}

async function vacuum(files: readonly string[]): Promise<void> {
  const [oldest] = files.filter((file) => basename(file).startsWith('system@')).sort()
  assert.ok(oldest, 'a file was rotated')
  await rm(oldest)
}
