/**
 * The idle bench: the shipped bundle beside node_exporter, on this machine in this run. Time from start to the first
 * /metrics, memory and CPU idle at a 15 s cycle (both are scraped, Remora also pushes into a file sink), time and CPU
 * of one /metrics. Prints a table; the last line is one JSON object. `--seconds 60` is how long both idle.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, stripVTControlCharacters } from 'node:util'
import { cpuSeconds, median, memoryOf, round, threadMilliseconds } from './process.ts'

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })
const idleSeconds = Number(options.seconds)
const cycleSeconds = 15
const starts = 5
const scrapes = 20
const patienceSeconds = 20

interface Contestant {
  readonly name: 'remora' | 'node_exporter'
  readonly port: number
  readonly command: readonly [program: string, ...args: string[]]
  /** The query that asks for what both have: memory, load, pressure, uname, DMI, boot time, file systems. */
  readonly common: string
}

interface Running extends Contestant {
  readonly child: ChildProcess
  readonly pid: number
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('Cannot find a free port')
  return address.port
}

/** Asks once over a connection of its own, as a Prometheus just started would. */
function ask(port: number, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: 5000 }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    })
    request.on('timeout', () => request.destroy(new Error('no answer within 5 s')))
    request.on('error', reject)
  })
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Starts it and waits for the first page. */
async function start(contestant: Contestant): Promise<Running & { milliseconds: number }> {
  const [program, ...args] = contestant.command
  const begun = performance.now()
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let complaints = ''
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    complaints = (complaints + piece).slice(-2000)
  })
  child.on('error', (error) => {
    complaints = error.message
  })
  while (performance.now() - begun < patienceSeconds * 1000 && child.exitCode === null) {
    const answer = await ask(contestant.port, '/metrics').catch(() => undefined)
    if (answer?.status === 200) {
      const milliseconds = performance.now() - begun
      if (child.pid === undefined) break
      return { ...contestant, child, pid: child.pid, milliseconds }
    }
    await pause(3)
  }
  await stop(child)
  throw new Error(`Cannot start "${contestant.name}": ${stripVTControlCharacters(complaints) || 'no answer'}`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await exited
  clearTimeout(late)
}

async function startTimes(contestant: Contestant): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < starts; run++) {
    const { child, milliseconds } = await start(contestant)
    times.push(milliseconds)
    await stop(child)
  }
  return median(times)
}

/** CPU of both over the same seconds, in percent of one core. */
async function idle(all: readonly Running[]): Promise<Map<string, number>> {
  const before = new Map(all.map(({ name, pid }) => [name, cpuSeconds(pid)]))
  const begun = performance.now()
  for (let cycle = 1; performance.now() - begun < idleSeconds * 1000; cycle++) {
    for (const { port } of all) await ask(port, '/metrics')
    const next = Math.min(cycle * cycleSeconds, idleSeconds) * 1000
    await pause(Math.max(0, begun + next - performance.now()))
  }
  const seconds = (performance.now() - begun) / 1000
  return new Map(
    all.map(({ name, pid }) => [name, round(((cpuSeconds(pid) - (before.get(name) ?? 0)) / seconds) * 100)]),
  )
}

/** Median time and mean CPU of one page, and how many series it has. */
async function page({ port, pid }: Running, path: string) {
  for (let run = 0; run < 3; run++) await ask(port, path)
  const times: number[] = []
  let series = 0
  const before = threadMilliseconds(pid)
  for (let run = 0; run < scrapes; run++) {
    const begun = performance.now()
    const { text } = await ask(port, path)
    times.push(performance.now() - begun)
    series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
    await pause(20)
  }
  return {
    milliseconds: median(times),
    cpuMilliseconds: round((threadMilliseconds(pid) - before) / scrapes),
    series,
  }
}

async function measure(contestants: readonly Contestant[]) {
  const startMilliseconds = new Map<string, number>()
  for (const contestant of contestants) {
    startMilliseconds.set(contestant.name, await startTimes(contestant))
  }
  const all: Running[] = []
  try {
    for (const contestant of contestants) all.push(await start(contestant))
    await pause(5000) // First runs, and what they allocate, are no part of idling.
    const cpu = await idle(all)
    const memory = new Map(all.map(({ name, pid }) => [name, memoryOf(pid)]))
    const figures: Record<string, Record<string, number>> = {}
    for (const running of all) {
      const whole = await page(running, '/metrics')
      const common = await page(running, `/metrics?${running.common}`)
      figures[running.name] = {
        startMilliseconds: startMilliseconds.get(running.name) ?? 0,
        ...(memory.get(running.name) ?? {}),
        idleCpuPercent: cpu.get(running.name) ?? 0,
        metricsMilliseconds: whole.milliseconds,
        metricsCpuMilliseconds: whole.cpuMilliseconds,
        series: whole.series,
        commonMilliseconds: common.milliseconds,
        commonCpuMilliseconds: common.cpuMilliseconds,
        commonSeries: common.series,
      }
    }
    return figures
  } finally {
    for (const { child } of all) await stop(child)
  }
}

const labels: Readonly<Record<string, string>> = {
  startMilliseconds: `start to first /metrics, ms (median of ${starts})`,
  rssMB: 'resident memory, MB',
  anonMB: 'anonymous memory, MB',
  idleCpuPercent: `CPU idle over ${idleSeconds} s, % of a core`,
  metricsMilliseconds: `one /metrics, ms (median of ${scrapes})`,
  metricsCpuMilliseconds: 'CPU of one /metrics, ms',
  series: 'series of /metrics',
  commonMilliseconds: 'what both have, ms',
  commonCpuMilliseconds: 'CPU of what both have, ms',
  commonSeries: 'series of what both have',
}

const folder = await mkdtemp(join(tmpdir(), 'remora-bench-'))
try {
  const [remoraPort, exporterPort] = [await freePort(), await freePort()]
  const config = join(folder, 'remora.yaml')
  await writeFile(
    config,
    JSON.stringify({
      server: { listen: `127.0.0.1:${remoraPort}` },
      spool: { path: join(folder, 'spool') },
      push: { schedule: `*/${cycleSeconds} * * * * *` },
      sinks: { local: { type: 'file', path: join(folder, 'out') } },
    }),
  )
  const bundle = join(import.meta.dirname, '../../dist/remora.cjs')
  const collectors = ['meminfo', 'loadavg', 'pressure', 'uname', 'dmi', 'stat', 'time', 'filesystem']
  const figures = await measure([
    {
      name: 'remora',
      port: remoraPort,
      command: [process.execPath, bundle, 'run', '--config', config],
      common: 'collect[]=host&collect[]=root',
    },
    {
      name: 'node_exporter',
      port: exporterPort,
      command: ['/usr/bin/prometheus-node-exporter', `--web.listen-address=127.0.0.1:${exporterPort}`],
      common: collectors.map((name) => `collect[]=${name}`).join('&'),
    },
  ])
  const { remora = {}, node_exporter = {} } = figures
  const line = (...cells: readonly string[]) =>
    console.log(cells.map((cell, index) => (index === 0 ? cell.padEnd(44) : cell.padStart(14))).join(''))
  line('', 'remora', 'node_exporter', 'ratio')
  for (const [key, label] of Object.entries(labels)) {
    const [ours = 0, theirs = 0] = [remora[key], node_exporter[key]]
    line(label, String(ours), String(theirs), theirs === 0 ? '' : (ours / theirs).toFixed(2))
  }
  console.log(
    JSON.stringify({
      bench: 'idle',
      node: process.version,
      cores: cpus().length,
      idleSeconds,
      remora,
      node_exporter,
    }),
  )
} finally {
  await rm(folder, { recursive: true, force: true })
}
