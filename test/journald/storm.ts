/**
 * Two writers, each a real systemd-journal-remote in a namespace of its own, give 50,000 entries a second for a minute
 * (`--rate`, `--seconds`), whose files are rotated every few seconds and removed behind them: what was delivered and missed
 * is what they have numbered, memory stays bounded, and no file that was removed stays open. `npm run test:journal-storm`
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { journalFiles, journalFolders } from '../../collectors/journald/files.ts'
import { journald } from '../../collectors/journald/journald.ts'
import { tree } from '../../src/tree.ts'
import { contextOf } from '../collectors/context.ts'

const { values: options } = parseArgs({
  options: { rate: { type: 'string', default: '50000' }, seconds: { type: 'string', default: '60' } },
})
const seconds = Number(options.seconds)
const machine = '6c1f0a3bd2e94785a0b1c2d3e4f50617'
const namespaces = ['', '.storm']
/** Archived files that are left in each folder: some ten seconds. */
const filesLeft = 2

const root = await mkdtemp('/dev/shm/remora-storm-')
const folders = namespaces.map((namespace) => join(root, 'var/log/journal', machine + namespace))
const stopping = new AbortController()
try {
  for (const folder of folders) await mkdir(folder, { recursive: true })
  const counted = { delivered: 0, missed: new Map<string, number>(), lags: new Uint32Array(60_000) }
  const reading = read(counted)
  const writers = folders.map((folder) => write(folder, Number(options.rate) / folders.length))
  let written = false
  const all = Promise.all(writers).finally(() => {
    written = true
  })
  let removed = 0
  let rotated = 0
  let stillOpen = 0
  const memory: number[] = []
  let openBefore = new Set<string>()
  while (!written) {
    await sleep(1000)
    for (const folder of folders) {
      const archived = (await readdir(folder)).filter((name) => name.includes('@')).sort()
      rotated = Math.max(rotated, removed / folders.length + archived.length)
      for (const name of archived.slice(0, -filesLeft)) {
        await rm(join(folder, name))
        removed += 1
      }
    }
    memory.push(process.memoryUsage().rss / 1e6)
    // One may be read to its end when it goes; none is open a second later.
    const open = await removedButOpen()
    for (const path of open) if (openBefore.has(path)) stillOpen += 1
    openBefore = open
  }
  const said = await all
  const given = said.reduce((sum, one) => sum + one.given, 0)
  const missed = () => [...counted.missed.values()].reduce((sum, count) => sum + count, 0)
  for (const end = Date.now() + 30_000; counted.delivered + missed() < given && Date.now() < end; )
    await sleep(20)
  stopping.abort()
  await reading
  const host = tree(root)
  const tails = new Map<string, number>()
  for (const { seqnumId, tail } of await journalFiles(host, await journalFolders(host)))
    tails.set(seqnumId, Math.max(tail, tails.get(seqnumId) ?? 0))
  const issued = [...tails.values()].reduce((sum, tail) => sum + tail, 0)
  console.log(
    JSON.stringify({
      perSecond: Math.round(given / Math.max(...said.map((one) => one.seconds))),
      issued,
      delivered: counted.delivered,
      missed: Object.fromEntries(counted.missed),
      lagMilliseconds: { p50: lagAt(counted.lags, 0.5), p99: lagAt(counted.lags, 0.99) },
      rssMB: { atFirst: Math.round(memory[2] ?? 0), most: Math.round(Math.max(...memory)) },
      filesRemoved: removed,
      removedFilesStillOpen: stillOpen,
    }),
  )
  assert.equal(issued, given)
  assert.equal(counted.delivered + missed(), issued)
  assert.ok(removed >= Math.floor(seconds / 10), `${removed} files were removed`)
  assert.equal(stillOpen, 0)
} finally {
  stopping.abort()
  await rm(root, { recursive: true, force: true })
}

/** Reads as the spool takes it: each batch is done with at once. Numbers rise without a repeat. */
async function read(counted: { delivered: number; missed: Map<string, number>; lags: Uint32Array }) {
  const context = contextOf({ options: { reader: 'direct', initial: 'all' } })
  const last = new Map<string, number>()
  const batches = journald.read?.({
    ...context,
    host: tree(root),
    positions: new Map(),
    positionsOf: async () => new Map(),
    signal: stopping.signal,
  })
  try {
    for await (const { records, missed = {}, release } of batches ?? []) {
      for (const { stream, id, time, observed } of records) {
        const number = Number(id.slice(stream.length + 1))
        assert.ok(number > (last.get(stream) ?? 0), `${stream}: ${number} after ${last.get(stream)}`)
        last.set(stream, number)
        const lag = Math.max(0, Math.min(counted.lags.length - 1, Number((observed - time) / 1_000_000n)))
        counted.lags[lag] = (counted.lags[lag] ?? 0) + 1
      }
      counted.delivered += records.length
      for (const [reason, count] of Object.entries(missed))
        if (count > 0) counted.missed.set(reason, (counted.missed.get(reason) ?? 0) + count)
      release?.()
    }
  } catch (error) {
    if (!stopping.signal.aborted) throw error
  }
}

async function write(folder: string, rate: number): Promise<{ given: number; seconds: number }> {
  const script = join(import.meta.dirname, 'storm-writer.ts')
  const args = [script, join(folder, 'system.journal'), String(rate), String(seconds)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`Cannot go on: a writer ended with ${code}`)
  return JSON.parse(said)
}

async function removedButOpen(): Promise<Set<string>> {
  const names = await readdir('/proc/self/fd')
  const paths = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')))
  return new Set(paths.filter((path) => path.includes('.journal') && path.endsWith('(deleted)')))
}

/** Milliseconds. */
function lagAt(lags: Uint32Array, part: number): number {
  const total = lags.reduce((sum, count) => sum + count, 0)
  let passed = 0
  return lags.findIndex((count) => {
    passed += count
    return passed >= total * part
  })
}
