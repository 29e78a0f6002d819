/** A real Alertmanager (the Debian package) on a free loopback port with a folder of its own, for tests. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './prometheus-server.ts'

export interface Alertmanager extends AsyncDisposable {
  /** Host and port: what Prometheus is told. */
  readonly address: string
}

/** Starts it and waits until it is ready. @param config text of its configuration */
export async function startAlertmanager(config: string): Promise<Alertmanager> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-alertmanager-'))
  const address = `127.0.0.1:${await freePort()}`
  const file = join(folder, 'alertmanager.yaml')
  await writeFile(file, config)
  const started = spawn(
    '/usr/bin/prometheus-alertmanager',
    [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  started.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000)
  })
  const alertmanager = {
    address,
    async [Symbol.asyncDispose]() {
      if (started.exitCode === null && started.signalCode === null) {
        const gone = once(started, 'exit')
        started.kill('SIGKILL')
        await gone
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
  for (const until = Date.now() + 30_000; ; await sleep(50)) {
    const ready = await fetch(`http://${address}/-/ready`).catch(() => undefined)
    if (ready?.ok) return alertmanager
    if (started.exitCode === null && Date.now() < until) continue
    await alertmanager[Symbol.asyncDispose]()
    throw new Error(`Cannot start Alertmanager: ${said}`)
  }
}
