/** A real Prometheus (the Debian package) on a free loopback port with a folder of its own, for tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Series {
  readonly metric: Readonly<Record<string, string>>
  /** Time in seconds and value as Prometheus writes them. */
  readonly values: readonly (readonly [number, string])[]
}

export interface PrometheusServer extends AsyncDisposable {
  readonly url: string
  /** Where remote write goes. */
  readonly writeUrl: string
  /** An instant query, now or at `seconds`: one value a series. */
  query(expression: string, seconds?: number): Promise<Series[]>
  /** Every sample of a selector in the last `range` (`1h`), raw, as they were stored. */
  samples(selector: string, range: string): Promise<Series[]>
  /** Stops it; its data and port stay for `start`. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Starts it again on the same port and data. */
  start(): Promise<void>
}

/**
 * Starts it and waits until it is ready.
 * @param config text of prometheus.yml; the default scrapes nothing. `PORT` in it becomes its own port
 * @param flags further command line flags
 */
export async function startPrometheus(
  config = 'global: {}\n',
  flags: readonly string[] = [],
): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-prometheus-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const file = join(folder, 'prometheus.yml')
  await writeFile(file, config.replaceAll('PORT', String(port)))
  let process: ChildProcess | undefined

  const server: PrometheusServer = {
    url,
    writeUrl: `${url}/api/v1/write`,
    async query(expression, seconds) {
      const at = seconds === undefined ? '' : `&time=${seconds}`
      const found = await api(`${url}/api/v1/query?query=${encodeURIComponent(expression)}${at}`)
      return found.map(({ metric, value, values }) => ({ metric, values: values ?? (value ? [value] : []) }))
    },
    samples: (selector, range) => server.query(`${selector}[${range}]`),
    async stop(signal = 'SIGTERM') {
      const running = process
      process = undefined
      if (!running || running.exitCode !== null || running.signalCode !== null) return
      const gone = once(running, 'exit')
      running.kill(signal)
      await gone
    },
    async start() {
      const args = [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-remote-write-receiver',
        '--log.level=error',
        ...flags,
      ]
      const started = spawn('/usr/bin/prometheus', args, { stdio: ['ignore', 'ignore', 'pipe'] })
      process = started
      let said = ''
      started.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4000)
      })
      for (const until = Date.now() + 30_000; ; await sleep(50)) {
        if (started.exitCode !== null) throw new Error(`Cannot start Prometheus: ${said}`)
        const ready = await fetch(`${url}/-/ready`).catch(() => undefined)
        if (ready?.ok) return
        if (Date.now() > until) throw new Error(`Cannot start Prometheus: not ready after 30 s: ${said}`)
      }
    },
    async [Symbol.asyncDispose]() {
      await server.stop('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    await server.start()
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  return server
}

interface Found {
  metric: Record<string, string>
  value?: [number, string]
  values?: [number, string][]
}

async function api(url: string): Promise<Found[]> {
  const answer = await fetch(url)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`Cannot query "${url}": ${answer.status} ${text}`)
  const parsed: { data: { result: Found[] } } = JSON.parse(text)
  return parsed.data.result
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('Cannot find a free port')
  return address.port
}
