/**
 * The latency bench: from the write of an entry to the answer of another machine that acknowledges it, with a healthy
 * sink, at several rates: a private real journald, the shipped bundle, a loopback receiver of Loki's protocol. Beside it
 * what an entry costs. Prints a table, the last line is one JSON object; says, and does not fail, when a target is missed.
 * `--rates 1000,10000`, `--seconds 15`, `--reader direct` or `journalctl`; ends by itself within four minutes.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { live } from './lag.ts'
import { round } from './process.ts'

const { values: options } = parseArgs({
  options: {
    rates: { type: 'string', default: '1000,10000' },
    seconds: { type: 'string', default: '15' },
    reader: { type: 'string', default: 'direct' },
  },
})
const mostSeconds = 235
const targets = { p50Milliseconds: 25, p99Milliseconds: 100 }

const stopping = new AbortController()
const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(mostSeconds * 1000)])
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort())

// The spool is where it is on a RAM root: in memory. On a disk each batch waits for two syncs besides.
const memory = '/dev/shm'
const folder = await mkdtemp(join(existsSync(memory) ? memory : tmpdir(), 'remora-latency-'))
try {
  const runs = []
  for (const rate of options.rates.split(',').map(Number)) {
    const own = join(folder, String(rate))
    await mkdir(own)
    const lag = await live(own, rate, Number(options.seconds), signal, options.reader)
    const written = rate * Number(options.seconds)
    const isMet =
      lag.p50Milliseconds <= targets.p50Milliseconds && lag.p99Milliseconds <= targets.p99Milliseconds
    runs.push({
      ...lag,
      writtenPerSecond: Math.round(written / lag.seconds),
      cpuMicrosecondsPerEntry: round((((lag.agentCpuPercent / 100) * lag.seconds) / written) * 1e6),
      isMet,
    })
  }
  const line = (...cells: readonly (string | number)[]) =>
    console.log(cells.map((cell) => String(cell).padStart(16)).join(''))
  line('entries/s', 'written/s', 'p50 ms', 'p99 ms', 'most ms', 'CPU µs an entry', 'peak RSS MB', 'target')
  for (const run of runs)
    line(
      run.rate,
      run.writtenPerSecond,
      run.p50Milliseconds,
      run.p99Milliseconds,
      run.mostMilliseconds,
      run.cpuMicrosecondsPerEntry,
      run.peakRssMB,
      run.isMet ? 'met' : 'missed',
    )
  const machine = { node: process.version, cores: cpus().length, load: loadavg()[0] }
  console.log(JSON.stringify({ bench: 'latency', ...machine, targets, runs }))
} finally {
  await rm(folder, { recursive: true, force: true })
}
