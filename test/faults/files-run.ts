/**
 * Runs the shipped agent through many lives, each ended by kill -9 at a random moment, beside a writer that rotates its
 * log by every method (files-writer.ts); checks the ledger at every scrape, and at the end every line.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'
import { freePort } from '../prometheus-server.ts'
import { numberOf, random } from './files-scenario.ts'
import { assertEquations, held, parseScrape, type Scrape } from './scrape.ts'

export interface FilesRun {
  readonly lines: number
  readonly seed: number
  readonly linesPerSecond: number
  readonly patienceSeconds: number
}

const agent = join(import.meta.dirname, '../../dist/remora.cjs')
/** The most records of a batch of the source. */
const batchRecords = 4000

export async function filesRun({ lines, seed, linesPerSecond, patienceSeconds }: FilesRun) {
  const begun = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'remora-files-'))
  await using ending = new AsyncDisposableStack()
  ending.defer(() => rm(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'logs'))
  const port = await freePort()
  const off = ['zram', 'root', 'host', 'inventory', 'kmsg', 'journald', 'pstore']
  const config = join(folder, 'remora.yaml')
  writeFileSync(
    config,
    `node: { name: node-7 }
server: { listen: "127.0.0.1:${port}" }
spool: { path: ${folder}/spool }
push: { enabled: false }
collectors:
${off.map((name) => `  ${name}: { enabled: false }\n`).join('')}  files: { options: { presets: [], logs: [{ include: ["${folder}/logs/app.log"] }], partial_seconds: 600 } }
sinks: { file: { type: file, path: ${folder}/out, max_bytes: 4294967296 } }
`,
  )
  const start = (program: string, args: readonly (string | number)[]) => {
    const child = spawn(process.execPath, [program, ...args.map(String)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exited = once(child, 'exit')
    let said = ''
    for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (data) => (said += data))
    ending.defer(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await exited
    })
    return { child, exited, said: () => said }
  }
  const checked = { scrapes: 0, equations: 0 }
  const scrape = async (): Promise<Scrape | undefined> => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined)
    if (answer === undefined) return undefined
    const found = parseScrape(await answer.text(), 'files')
    checked.scrapes += 1
    checked.equations += assertEquations(found, ['file'])
    return found
  }

  const next = random(seed)
  const writerArgs = [join(folder, 'logs'), lines, seed, linesPerSecond]
  const writer = start(join(import.meta.dirname, 'files-writer.ts'), writerArgs)
  let isWriting = true
  void writer.exited.then(() => {
    isWriting = false
  })
  let lives = 0
  while (isWriting) {
    const { child, exited, said } = start(agent, ['--config', config, 'run'])
    lives += 1
    for (const until = Date.now() + 30_000; lives === 1; await wait(50)) {
      if (((await scrape())?.get('read') ?? 0) > 0) break
      assert.ok(
        Date.now() < until,
        `the first lines are read: ${said()} ${writer.said()} ${readdirSync(join(folder, 'logs'))}`,
      )
    }
    writeFileSync(join(folder, 'logs/go'), '')
    // Most lives come to reading, however slow the machine; the others are killed while they start.
    const comesToRead = next() < 0.8
    for (const until = Date.now() + 30_000; comesToRead && Date.now() < until; await wait(20))
      if ((await scrape()) !== undefined) break
    await wait(300 + next() * 1500)
    await scrape()
    await wait(next() * 400)
    child.kill('SIGKILL')
    await exited
    // Away for a while, in which the log may be rotated more than once.
    if (next() < 0.3) await wait(next() * 800)
  }
  assert.deepEqual(await writer.exited, [0, null], writer.said())

  const last = start(agent, ['--config', config, 'run'])
  let found: Scrape | undefined
  for (const until = performance.now() + patienceSeconds * 1000; ; await wait(100)) {
    found = (await scrape()) ?? found
    if (found !== undefined && (found.get('read') ?? 0) >= lines && held(found) === 0) break
    if (performance.now() < until) continue
    const missing = [...missingOf(delivered(join(folder, 'out')), lines)]
    const begins = missing.filter((line) => !missing.includes(line - 1))
    assert.fail(`${missing.length} lines are missing, from ${begins} on: ${last.said()} ${writer.said()}`)
  }
  last.child.kill('SIGTERM')
  assert.deepEqual(await last.exited, [0, null])
  const records = delivered(join(folder, 'out'))
  const repeats = check(records, lines)
  assert.equal(found.get('read'), lines)
  assert.equal(found.get('acknowledged file'), lines)
  const rotations: Record<string, number> = JSON.parse(writer.said().replace(/^[^{]*/, ''))
  const seconds = Math.round((performance.now() - begun) / 1000)
  const logs = new Set(records.map(({ stream }) => stream)).size
  return { lines, logs, rotations, lives, ...checked, repeats, seconds }
}

interface Delivered {
  readonly number: number
  readonly stream: string
  readonly id: string
  readonly line: number
}

/** Every record in the files of the sink, as they lie there. */
function delivered(folder: string): Delivered[] {
  return globSync(join(folder, '*'))
    .sort()
    .flatMap((file) => zstdDecompressSync(readFileSync(file)).toString().trimEnd().split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter(({ source }) => source === 'files')
    .map(({ number, stream, id, fields }) => ({
      number,
      stream,
      id,
      line: numberOf(fields.find(([name]: [string]) => name === 'body')[1]),
    }))
}

function missingOf(records: readonly Delivered[], lines: number): Set<number> {
  const missing = new Set(Array.from({ length: lines }, (_, line) => line))
  for (const { line } of records) missing.delete(line)
  return missing
}

/** @returns how many records were repeated, each within the batch that was in flight */
function check(records: readonly Delivered[], lines: number): number {
  const missing = missingOf(records, lines)
  assert.equal(missing.size, 0, `${missing.size} lines are missing, such as ${[...missing][0]}`)
  const byNumber = new Map<number, Delivered>()
  const newestOf = new Map<string, number>()
  let newest = 0
  let repeats = 0
  for (const record of records) {
    const before = byNumber.get(record.number)
    if (before !== undefined) {
      assert.deepEqual(record, before, 'a repeated record is the same')
      assert.ok(record.number > newest - batchRecords, `number ${record.number} again, after ${newest}`)
      repeats += 1
      continue
    }
    assert.equal(record.number, newest + 1)
    newest = record.number
    byNumber.set(record.number, record)
    const { stream, line } = record
    assert.ok(line > (newestOf.get(stream) ?? -1), `line ${line} in its order`)
    newestOf.set(stream, line)
  }
  assert.equal(newest, lines, 'each line is one record')
  return repeats
}
