/**
 * The forward bench: one journal of realistic entries, read by `journalctl -o json` and `-o export` into nothing, and by
 * the shipped bundle through journald, spool and sink: into the spool alone, to a loopback Loki that answers 204, to a
 * real systemd-journal-remote, into files. Then the lag from a live journald's write to the Loki's answer, and what that
 * takes. All on this machine in this run; prints a table, the last line is one JSON object.
 * `--entries 100000`, `--lag-seconds 20` at `--rate 1000`, `--reader direct` or `journalctl`; ends by itself within four minutes.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { link, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startJournalRemote } from '../journal-remote-server.ts'
import { fieldsPerEntry, makeJournal } from './entries.ts'
import { startForwarding } from './forwarding.ts'
import { live } from './lag.ts'
import { cpuOf, round } from './process.ts'
import { startReceiver } from './receiver.ts'

const { values: options } = parseArgs({
  options: {
    entries: { type: 'string', default: '100000' },
    'lag-seconds': { type: 'string', default: '20' },
    rate: { type: 'string', default: '1000' },
    reader: { type: 'string', default: 'direct' },
  },
})
const entries = Number(options.entries)
const lagSeconds = Number(options['lag-seconds'])
const rate = Number(options.rate)
const { reader } = options
const mostSeconds = 235

/** Ends every wait and every child, and with them the bench. */
const stopping = new AbortController()
const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(mostSeconds * 1000)])
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort())

interface Figures {
  readonly seconds: number
  readonly entriesPerSecond: number
  readonly cpuMicrosecondsPerEntry: number
  readonly [name: string]: number
}

const microseconds = (seconds: number) => round((seconds / entries) * 1e6)

/** journalctl alone, its output into nothing. */
async function plain(folder: string, format: 'json' | 'export'): Promise<Figures> {
  const before = cpuOf(process.pid).ended
  const begun = performance.now()
  const args = [`--directory=${folder}`, '--quiet', '--no-pager', `--output=${format}`]
  const child = spawn('journalctl', args, { stdio: 'ignore', env: { ...process.env, LC_ALL: 'C' }, signal })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`Cannot read the journal: journalctl ended with ${code}`)
  const seconds = (performance.now() - begun) / 1000
  return {
    seconds: round(seconds),
    entriesPerSecond: Math.round(entries / seconds),
    cpuMicrosecondsPerEntry: microseconds(cpuOf(process.pid).ended - before),
  }
}

/** The agent at rest is given the whole journal at once. */
async function forward(
  folder: string,
  journal: { readonly path: string; readonly name: string },
  sink: object,
  done = 'remora_records_acknowledged_total',
): Promise<Figures> {
  const root = join(folder, 'root')
  const staged = join(folder, 'staged')
  await mkdir(join(root, 'var/log/journal'), { recursive: true })
  await mkdir(staged)
  for (const name of await readdir(journal.path)) await link(join(journal.path, name), join(staged, name))
  await using forwarding = await startForwarding(folder, root, sink, signal, { reader })
  await rename(staged, join(root, 'var/log/journal', journal.name))
  const begins = async () =>
    reader === 'journalctl' ? forwarding.follows() : (await forwarding.sum('remora_records_read_total')) > 0
  while (!(await begins())) await sleep(10, undefined, { signal })
  const begun = performance.now()
  await forwarding.reached(done, entries)
  const seconds = (performance.now() - begun) / 1000
  const { agentSeconds, journalctlSeconds } = forwarding.usage()
  const counted = await forwarding.sum(done)
  const missed = await forwarding.sum('remora_records_missed_total')
  if (counted !== entries || missed !== 0)
    throw new Error(`Cannot use this run: ${counted} of ${entries} counted, ${missed} missed`)
  const spoolBytes = await forwarding.sum('remora_spool_used_bytes')
  return {
    seconds: round(seconds),
    entriesPerSecond: Math.round(entries / seconds),
    cpuMicrosecondsPerEntry: microseconds(agentSeconds),
    journalctlMicrosecondsPerEntry: microseconds(journalctlSeconds),
    ...forwarding.peak(),
    ...(done === 'remora_records_spooled_total' && { spoolBytesPerEntry: round(spoolBytes / entries) }),
  }
}

const labels: Readonly<Record<string, string>> = {
  seconds: 'seconds',
  entriesPerSecond: 'entries a second',
  cpuMicrosecondsPerEntry: 'CPU an entry, µs',
  journalctlMicrosecondsPerEntry: 'CPU an entry of its journalctl, µs',
  peakRssMB: 'peak resident memory, MB',
  peakAnonMB: 'peak anonymous memory, MB',
  spoolBytesPerEntry: 'spool, bytes an entry',
}

const folder = await mkdtemp(join(tmpdir(), 'remora-bench-'))
try {
  const made = await makeJournal(join(folder, 'journal'), entries, signal)
  const plainFolder = join(folder, 'journal')
  const runs: Record<string, Figures> = {}
  const inFolder = async (name: string) => {
    const own = join(folder, name)
    await mkdir(own)
    return own
  }
  await plain(plainFolder, 'export') // So that no first reader brings the files into memory for the others.
  runs.json = await plain(plainFolder, 'json')
  runs.export = await plain(plainFolder, 'export')
  {
    await using receiver = await startReceiver(503)
    const sink = { type: 'loki', url: receiver.url, retry: { first_seconds: 600, most_seconds: 600 } }
    runs.spool = await forward(await inFolder('spool'), made, sink, 'remora_records_spooled_total')
  }
  {
    await using receiver = await startReceiver(204)
    runs.loki = await forward(await inFolder('loki'), made, { type: 'loki', url: receiver.url })
  }
  {
    await using receiver = await startJournalRemote()
    const sink = { type: 'journal-remote', url: receiver.url }
    runs.journalRemote = await forward(await inFolder('journal-remote'), made, sink)
  }
  const own = await inFolder('file')
  runs.file = await forward(own, made, { type: 'file', path: join(own, 'out'), off_node: true })
  const lag = await live(await inFolder('live'), rate, lagSeconds, signal, reader)

  const names = Object.keys(runs)
  const line = (...cells: readonly string[]) =>
    console.log(cells.map((cell, index) => (index === 0 ? cell.padEnd(36) : cell.padStart(14))).join(''))
  const bytes = Math.round(made.exportBytes / entries)
  console.log(`${entries} entries, ${fieldsPerEntry} fields, ${bytes} bytes of export text each`)
  line('', ...names)
  for (const [key, label] of Object.entries(labels))
    line(label, ...names.map((name) => String(runs[name]?.[key] ?? '')))
  console.log(
    `lag from journald to Loki's answer at ${rate} entries a second: p50 ${lag.p50Milliseconds} ms, p99 ${lag.p99Milliseconds} ms; agent ${lag.agentCpuPercent} % of a core, its journalctl ${lag.journalctlCpuPercent} %`,
  )
  console.log(
    JSON.stringify({
      bench: 'forward',
      node: process.version,
      systemd: execFileSync('journalctl', ['--version'], { encoding: 'utf8' }).split('\n')[0],
      cores: cpus().length,
      entries,
      fieldsPerEntry,
      exportBytesPerEntry: bytes,
      ...runs,
      lag,
    }),
  )
} finally {
  await rm(folder, { recursive: true, force: true })
}
