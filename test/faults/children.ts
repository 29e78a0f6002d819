/** The processes of a kill test: bundles of one folder, ended with it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable } from 'node:stream'

export interface Started {
  readonly child: ChildProcess
  /** What it prints: a line for each phase. */
  readonly markers: Interface
  /** What it has said on stderr. */
  errors(): string
}

export interface Children {
  /** Starts `<entry>.cjs` of the folder. */
  start(entry: string, args: readonly (string | number)[]): Started
  /** Kills those that still run. */
  end(): Promise<void>
}

/** @param env added to the environment of each */
export function children(folder: string, env: Readonly<Record<string, string>> = {}): Children {
  const running = new Set<ChildProcess>()
  return {
    start(entry, args) {
      const child = spawn(process.execPath, [join(folder, `${entry}.cjs`), ...args.map(String)], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
      })
      running.add(child)
      child.once('exit', () => running.delete(child))
      return { child, markers: createInterface(child.stdout), errors: said(child.stderr) }
    },
    async end() {
      for (const child of running) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
    },
  }
}

function said(stderr: Readable): () => string {
  let text = ''
  stderr.on('data', (data) => {
    text += data
  })
  return () => text
}
