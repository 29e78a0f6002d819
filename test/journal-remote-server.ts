/** A real systemd-journal-remote (the Debian package) on a free loopback port with a folder of its own, for tests. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './prometheus-server.ts'

export interface JournalRemoteServer extends AsyncDisposable {
  /** Where entries go: `…/upload`. */
  readonly url: string
  /** Where its journal files are. */
  readonly folder: string
  /** All it has, in the Journal Export Format, as journalctl reads it. */
  read(): Promise<Buffer>
  /** What it said last. */
  said(): string
  /** Stops it; its data and port stay for `start`. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  start(): Promise<void>
}

/** Starts it and waits until it listens. */
export async function startJournalRemote(): Promise<JournalRemoteServer> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-journal-remote-'))
  const port = await freePort()
  let process: ChildProcess | undefined
  let said = ''
  const server: JournalRemoteServer = {
    url: `http://127.0.0.1:${port}/upload`,
    folder,
    async read() {
      const args = ['-D', folder, '-o', 'export', '--no-pager', '--quiet', '--all']
      const options = { encoding: 'buffer', maxBuffer: 1 << 30 } as const
      const { stdout } = await promisify(execFile)('journalctl', args, options)
      return stdout
    },
    said: () => said,
    async stop(signal = 'SIGTERM') {
      const running = process
      process = undefined
      if (!running || running.exitCode !== null || running.signalCode !== null) return
      const gone = once(running, 'exit')
      running.kill(signal)
      await gone
    },
    async start() {
      const args = [`--listen-http=127.0.0.1:${port}`, '-o', folder, '--split-mode=host', '--compress=yes']
      const started = spawn('/lib/systemd/systemd-journal-remote', args, {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      process = started
      started.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4000)
      })
      for (const until = Date.now() + 10_000; ; await sleep(20)) {
        if (started.exitCode !== null) throw new Error(`Cannot start systemd-journal-remote: ${said}`)
        if (await listens(port)) return
        if (Date.now() > until)
          throw new Error(`Cannot start systemd-journal-remote: not ready in 10 s: ${said}`)
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

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

export interface Entry {
  readonly addresses: ReadonlyMap<string, string>
  /** Distinct `NAME=value` of its fields, as latin1 so that every byte stays itself; sorted. */
  readonly fields: readonly string[]
}

/** Parses the Journal Export Format. Fields with two leading underscores are addresses. */
export function parseExport(bytes: Buffer): Entry[] {
  return [...readExport(bytes)]
}

/** The same, one entry at a time. */
export function* readExport(bytes: Buffer): Generator<Entry, void> {
  let addresses = new Map<string, string>()
  let fields = new Set<string>()
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at)
    const line = bytes.toString('latin1', at, end)
    at = end + 1
    if (line === '') {
      if (addresses.size > 0) yield { addresses, fields: [...fields].sort() }
      addresses = new Map()
      fields = new Set()
      continue
    }
    const equals = line.indexOf('=')
    let name = line
    let value = ''
    if (equals < 0) {
      const length = Number(bytes.readBigUInt64LE(at))
      value = bytes.toString('latin1', at + 8, at + 8 + length)
      at += 8 + length + 1
    } else {
      name = line.slice(0, equals)
      value = line.slice(equals + 1)
    }
    if (name.startsWith('__')) addresses.set(name, value)
    else fields.add(`${name}=${value}`)
  }
}
