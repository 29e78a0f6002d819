/**
 * The forward bench: one journal of realistic entries, read by `journalctl -o json` and `-o export` into nothing, and by
 * the shipped bundle through journald, spool and sink: into the spool alone, to a loopback Loki that answers 204, to a
 * real systemd-journal-remote, into files. Then the lag from a live journald's write to the Loki's answer, and what that
 * takes. All on this machine in this run; prints a table, the last line is one JSON object.
 * `--entries 100000`, `--lag-seconds 20` at `--rate 1000`; ends by itself within four minutes.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { link, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import protobuf from 'protobufjs'
import { uncompress } from 'snappyjs'
import { startJournalRemote } from '../journal-remote-server.ts'
import { privateJournald } from '../private-journald.ts'
import { fieldsPerEntry, makeJournal } from './entries.ts'
import { type Forwarding, startForwarding } from './forwarding.ts'
import { cpuOf, round } from './process.ts'

const { values: options } = parseArgs({
  options: {
    entries: { type: 'string', default: '100000' },
    'lag-seconds': { type: 'string', default: '20' },
    rate: { type: 'string', default: '1000' },
  },
})
const entries = Number(options.entries)
const lagSeconds = Number(options['lag-seconds'])
const rate = Number(options.rate)
const patienceSeconds = 60
const mostSeconds = 235

const children = new Set<ChildProcess>()
const started = (child: ChildProcess) => void children.add(child)
/** At the end, whatever came before: none of what was started here stays. */
function killAll(signal: NodeJS.Signals): void {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill(signal)
}
setTimeout(() => {
  console.error(`Cannot finish within ${mostSeconds} s`)
  killAll('SIGTERM')
  setTimeout(() => process.exit(1), 3000)
}, mostSeconds * 1000).unref()

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
  const child = spawn('journalctl', args, { stdio: 'ignore', env: { ...process.env, LC_ALL: 'C' } })
  started(child)
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`Cannot read the journal: journalctl ended with ${code}`)
  const seconds = (performance.now() - begun) / 1000
  return {
    seconds: round(seconds),
    entriesPerSecond: Math.round(entries / seconds),
    cpuMicrosecondsPerEntry: microseconds(cpuOf(process.pid).ended - before),
  }
}

/** Asks until the agent's count is reached, more often towards the end: asking takes the agent's time. */
async function until(forwarding: Forwarding, metric: string, wanted: number): Promise<void> {
  for (const end = Date.now() + patienceSeconds * 1000; ; ) {
    forwarding.look()
    const count = await forwarding.sum(metric)
    if (count >= wanted) return
    if (Date.now() > end) throw new Error(`Cannot wait longer for ${wanted} of ${metric}: ${count}`)
    await sleep(count < wanted * 0.8 ? 250 : 40)
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
  await using forwarding = await startForwarding(folder, root, sink, started)
  await rename(staged, join(root, 'var/log/journal', journal.name))
  while (!forwarding.follows()) await sleep(10)
  const begun = performance.now()
  await until(forwarding, done, entries)
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

interface Push {
  readonly body: Buffer
  readonly answeredMilliseconds: number
}

/** Answers every push before it looks at it. */
async function startReceiver(status: 204 | 503, kept?: Push[]) {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    response.writeHead(status).end()
    if (kept) kept.push({ body: Buffer.concat(pieces), answeredMilliseconds: Date.now() })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('Cannot listen')
  return {
    url: `http://127.0.0.1:${address.port}/loki/api/v1/push`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const schema = new protobuf.Root().loadSync(join(import.meta.dirname, '../../proto/loki/push.proto'))
const pushRequest = schema.lookupType('logproto.PushRequest')

interface Decoded {
  readonly streams: readonly {
    readonly entries: readonly {
      readonly timestamp: { readonly seconds: string; readonly nanos: number }
      readonly line: string
    }[]
  }[]
}

/** From the time that journald gave an entry to the answer that acknowledged it, by line; a line sent twice counts once. */
function lagsOf(pushes: readonly Push[]): number[] {
  const lags = new Map<string, number>()
  for (const { body, answeredMilliseconds } of pushes) {
    const message = pushRequest.decode(uncompress(new Uint8Array(body)))
    const decoded: Decoded = JSON.parse(
      JSON.stringify(pushRequest.toObject(message, { longs: String, arrays: true, defaults: true })),
    )
    for (const { timestamp, line } of decoded.streams.flatMap((stream) => stream.entries)) {
      if (!line.startsWith('lag ') || lags.has(line)) continue
      lags.set(line, answeredMilliseconds - Number(timestamp.seconds) * 1000 - timestamp.nanos / 1e6)
    }
  }
  return [...lags.values()].sort((a, b) => a - b)
}

/** Writes `rate` lines a second into a private journald while the agent follows it. */
async function live(folder: string) {
  const pushes: Push[] = []
  await using receiver = await startReceiver(204, pushes)
  await using journal = await privateJournald()
  await journal.log(['begin'])
  const sink = { type: 'loki', url: receiver.url }
  await using forwarding = await startForwarding(folder, journal.root, sink, started)
  await until(forwarding, 'remora_records_acknowledged_total', 1)
  const keeper = /\d+/.exec(journal.root)?.[0] ?? ''
  const socket = '/run/systemd/journal/dev-log'
  const writer = spawn('nsenter', ['-t', keeper, '-m', '--', 'logger', '--socket', socket], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  started(writer)
  const before = forwarding.usage()
  const begun = performance.now()
  const total = rate * lagSeconds
  for (let sent = 0; sent < total; await sleep(10)) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1000) * rate))
    let text = ''
    for (; sent < due; sent++)
      text += `lag ${sent} request method=GET path=/v1/nodes/${sent % 5000} status=200\n`
    writer.stdin.write(text)
    forwarding.look()
  }
  writer.stdin.end()
  const seconds = (performance.now() - begun) / 1000
  const after = forwarding.usage()
  await until(forwarding, 'remora_records_acknowledged_total', total)
  await sleep(500)
  const lags = lagsOf(pushes)
  if (lags.length !== total) throw new Error(`Cannot use this run: ${lags.length} of ${total} lines came`)
  const at = (share: number) => round(lags[Math.min(lags.length - 1, Math.floor(lags.length * share))] ?? 0)
  return {
    rate,
    seconds: round(seconds),
    p50Milliseconds: at(0.5),
    p99Milliseconds: at(0.99),
    mostMilliseconds: at(1),
    agentCpuPercent: round(((after.agentSeconds - before.agentSeconds) / seconds) * 100),
    journalctlCpuPercent: round(((after.journalctlSeconds - before.journalctlSeconds) / seconds) * 100),
    ...forwarding.peak(),
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
  const made = await makeJournal(join(folder, 'journal'), entries, started)
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
  const lag = await live(await inFolder('live'))

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
  killAll('SIGTERM')
  await rm(folder, { recursive: true, force: true })
}
