/**
 * The page bench: memory and CPU of the shipped agent on this machine without viewers, then with ten that read along,
 * then without again. The last line is one JSON object. `--seconds 60` is how long each lasts.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { cpuSeconds, memoryOf, round } from './process.ts'

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })
const seconds = Number(options.seconds)
const viewers = 10

/** Reads the stream and counts what comes. */
function watch(port: number): { bytes: number; end(): void } {
  const seen = { bytes: 0, end: () => void request.destroy() }
  const request = get({ host: '127.0.0.1', port, path: '/api/v1/live', agent: false }, (response) => {
    response.on('data', (piece: Buffer) => {
      seen.bytes += piece.length
    })
    response.on('error', () => undefined)
  })
  request.on('error', () => undefined)
  return seen
}

async function portOf(child: ChildProcess): Promise<number> {
  let said = ''
  for await (const piece of child.stderr ?? []) {
    said += String(piece)
    const port = /runs on .*:(\d+)\//.exec(said)?.[1]
    if (port !== undefined) return Number(port)
  }
  throw new Error(`Cannot start the agent: ${said}`)
}

async function measured(pid: number) {
  const before = cpuSeconds(pid)
  await sleep(seconds * 1000)
  const { rssMB, anonMB } = memoryOf(pid)
  return { rssMB, anonMB, cpuPercent: round(((cpuSeconds(pid) - before) / seconds) * 100) }
}

const folder = await mkdtemp(join(tmpdir(), 'remora-page-bench-'))
const config = join(folder, 'remora.yaml')
await writeFile(config, `sinks: { out: { type: file, path: ${join(folder, 'out')} } }\n`)
const child = spawn(
  process.execPath,
  [join(import.meta.dirname, '../../dist/remora.cjs'), '--config', config, 'run'],
  {
    cwd: folder,
    env: { PATH: process.env.PATH, REMORA_SERVER_LISTEN: '127.0.0.1:0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  },
)
try {
  const port = await portOf(child)
  child.stderr?.resume()
  const pid = child.pid ?? 0
  await sleep(10_000)
  const alone = await measured(pid)
  const watching = Array.from({ length: viewers }, () => watch(port))
  const watched = await measured(pid)
  const kilobytes = round(watching.reduce((sum, { bytes }) => sum + bytes, 0) / viewers / 1000)
  for (const one of watching) one.end()
  const after = await measured(pid)
  console.table({ alone, [`${viewers} viewers`]: watched, after })
  console.log(`each viewer was sent ${kilobytes} kB in ${seconds} s`)
  console.log(JSON.stringify({ bench: 'page', seconds, viewers, alone, watched, after, kilobytes }))
} finally {
  child.kill('SIGTERM')
  await once(child, 'exit')
  await rm(folder, { recursive: true, force: true })
}
