/**
 * The journal bench: the same journal files read by `journalctl -o json`, by `-o export`, by Remora's own reader, each
 * into nothing, and by the shipped bundle through spool and sink to a loopback Loki that answers 204, the ledger on. All
 * on this machine in this run. `--entries 2000000`; BENCH_JOURNAL_DIR names a folder of journal files to use instead of
 * making one. The last line is one JSON object. What each takes is its own process's (journalctl's with its start, which
 * is milliseconds; Remora's without the start of Node, but with more than a second in which V8 compiles, so there are many).
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { bundle } from '../../bundle.ts'
import { fieldsPerEntry, makeJournal } from './entries.ts'
import { startForwarding } from './forwarding.ts'
import { cpuOf, memoryOf, round } from './process.ts'
import { startReceiver } from './receiver.ts'

const { values: options } = parseArgs({ options: { entries: { type: 'string', default: '2000000' } } })
/** Part of the name of the only contender, when looking for what one takes. */
const only = process.env.BENCH_ONLY ?? ''
const stopping = new AbortController()
const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(1_200_000)])
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort())

interface Figures {
  readonly entries_per_second: number
  readonly cpu_us_per_entry: number
  readonly rss_anon_bytes: number
  readonly spool_bytes_per_entry?: number
}

const machine = '6c1f0a3bd2e94785a0b1c2d3e4f50617'

/** A child, with the most anonymous memory it was seen to have. */
async function run(program: string, args: readonly string[], wantsOutput: boolean) {
  const before = cpuOf(process.pid).ended
  const begun = performance.now()
  const child = spawn(program, args, {
    stdio: ['ignore', wantsOutput ? 'pipe' : 'ignore', 'inherit'],
    signal,
  })
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const exited = once(child, 'exit')
  let anonMB = 0
  while (child.exitCode === null && child.signalCode === null) {
    try {
      anonMB = Math.max(anonMB, memoryOf(child.pid ?? 0).anonMB)
    } catch {
      break // It has ended.
    }
    await Promise.race([exited, sleep(20)])
  }
  const [code] = await exited
  if (code !== 0) throw new Error(`Cannot run ${program}: it ended with ${code}`)
  const seconds = (performance.now() - begun) / 1000
  return { output, anonMB, seconds, cpuSeconds: cpuOf(process.pid).ended - before }
}

function figures(entries: number, seconds: number, cpuSeconds: number, anonMB: number): Figures {
  return {
    entries_per_second: Math.round(entries / seconds),
    cpu_us_per_entry: round((cpuSeconds / entries) * 1e6),
    rss_anon_bytes: Math.round(anonMB * 1e6),
  }
}

async function journalctl(path: string, format: string, entries: number): Promise<Figures> {
  const args = [`--directory=${path}`, '--quiet', '--no-pager', '--all', `--output=${format}`]
  const { seconds, cpuSeconds, anonMB } = await run('journalctl', args, false)
  return figures(entries, seconds, cpuSeconds, anonMB)
}

/** Bundled as what ships: so Node has no types to strip. */
async function remora(folder: string, root: string, entries: number): Promise<Figures> {
  const script = join(folder, 'journal-read.cjs')
  await bundle(join(import.meta.dirname, 'journal-read.ts'), script)
  const { output, anonMB } = await run(process.execPath, [script, root, String(entries)], true)
  const said: { entries: number; missed: number; seconds: number; cpuSeconds: number } = JSON.parse(output)
  if (said.entries !== entries) throw new Error(`Cannot use this run: ${said.entries} of ${entries} entries`)
  return figures(entries, said.seconds, said.cpuSeconds, anonMB)
}

async function toLoki(folder: string, journal: string, entries: number): Promise<Figures> {
  const root = join(folder, 'root')
  const done = 'remora_records_acknowledged_total'
  await mkdir(join(root, 'var/log/journal'), { recursive: true })
  await using receiver = await startReceiver(204)
  await using forwarding = await startForwarding(folder, root, { type: 'loki', url: receiver.url }, signal, {
    reader: 'direct',
  })
  const begun = performance.now()
  await symlink(journal, join(folder, 'staged'))
  await rename(join(folder, 'staged'), join(root, 'var/log/journal', machine))
  await forwarding.reached(done, entries)
  const seconds = (performance.now() - begun) / 1000
  const { agentSeconds } = forwarding.usage()
  const counted = await forwarding.sum(done)
  if (counted !== entries) throw new Error(`Cannot use this run: ${counted} of ${entries} acknowledged`)
  return {
    ...figures(entries, seconds, agentSeconds, forwarding.peak().peakAnonMB),
    spool_bytes_per_entry: round(spooledBytes(join(folder, 'spool/spool.sqlite')) / entries),
  }
}

/** What all batches of the journal took in the spool, packed. */
function spooledBytes(file: string): number {
  const spool = new DatabaseSync(file, { readOnly: true })
  try {
    return Number(spool.prepare(`SELECT bytes FROM source WHERE name = 'journald'`).get()?.bytes)
  } finally {
    spool.close()
  }
}

/** The folder that holds the files themselves. */
async function folderOfFiles(path: string): Promise<string> {
  const names = await readdir(path)
  if (names.some((name) => name.endsWith('.journal'))) return path
  const [inner] = names.filter((name) => /^[0-9a-f]{32}$/.test(name))
  if (inner === undefined) throw new Error(`Cannot use BENCH_JOURNAL_DIR "${path}": there is no journal`)
  return join(path, inner)
}

/** As on a node whose root is RAM. */
const ram = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const folder = await mkdtemp(join(ram, 'remora-bench-'))
try {
  const given = process.env.BENCH_JOURNAL_DIR
  const journal = given
    ? await folderOfFiles(given)
    : (await makeJournal(join(folder, 'journal'), Number(options.entries), signal)).path
  const root = join(folder, 'read')
  await mkdir(join(root, 'var/log/journal'), { recursive: true })
  await symlink(journal, join(root, 'var/log/journal', machine))
  const counted = await run(
    'sh',
    ['-c', `journalctl -D "$0" -q -o export | grep -ac '^__CURSOR='`, journal],
    true,
  )
  const entries = Number(counted.output)
  const contenders: Record<string, Figures> = {}
  for (const [name, take] of [
    ['remora', () => remora(folder, root, entries)],
    ['journalctl-export', () => journalctl(journal, 'export', entries)],
    ['journalctl-json', () => journalctl(journal, 'json', entries)],
    ['remora-to-loki', () => toLoki(folder, journal, entries)],
  ] as const)
    if (name.includes(only)) contenders[name] = await take()
  for (const [name, { entries_per_second, cpu_us_per_entry, rss_anon_bytes }] of Object.entries(contenders))
    console.log(
      `${name.padEnd(20)}${String(entries_per_second).padStart(10)} entries/s ${String(cpu_us_per_entry).padStart(8)} µs of CPU an entry ${String(Math.round(rss_anon_bytes / 1e6)).padStart(5)} MB anonymous`,
    )
  const spooled = contenders['remora-to-loki']?.spool_bytes_per_entry
  if (spooled !== undefined) console.log(`${spooled} bytes of spool an entry`)
  const speed = (name: string) => contenders[name]?.entries_per_second ?? Number.NaN
  const ratio = (other: string) => (speed('remora') / speed(other)).toFixed(1)
  console.log(
    `remora reads ${ratio('journalctl-json')} × journalctl -o json, ${ratio('journalctl-export')} × -o export`,
  )
  console.log(JSON.stringify({ entries, fields_per_entry: fieldsPerEntry, contenders }))
} finally {
  await rm(folder, { recursive: true, force: true })
}
