/**
 * The writers of the fault bench: numbered, checksummed lines into a private systemd-journald, a log that is rotated,
 * and this machine's kernel ring. Each can be held, so that a fault meets a source between two lines.
 */
import { appendFileSync, existsSync, renameSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { inject } from '../../collectors/kmsg/inject.ts'
import type { PrivateJournald } from '../../private-journald.ts'
import { noise, noiseOf, payloadOf } from './payload.ts'

export interface Writer {
  readonly name: string
  /** Lines written so far. */
  readonly issued: number
  /** Holds it between two writes until the returned function is called. */
  hold(): Promise<() => void>
  start(): void
  stop(): Promise<void>
}

interface Way {
  readonly name: string
  readonly everyMilliseconds: number
  readonly mostLines: number
  write(lines: readonly string[]): Promise<void>
}

function writer(run: string, way: Way, random: () => number): Writer {
  let issued = 0
  let stopped = false
  let holds = 0
  let idle = Promise.resolve()
  async function write(): Promise<void> {
    const count = 1 + Math.floor(random() * way.mostLines)
    const lines = Array.from({ length: count }, (_, index) => payloadOf(run, way.name, issued + index + 1))
    await way.write(lines)
    issued += count
  }
  async function work(): Promise<void> {
    while (!stopped) {
      if (holds === 0) {
        idle = write()
        await idle
      }
      await wait(way.everyMilliseconds * (0.5 + random()))
    }
  }
  let working: Promise<void> | undefined
  return {
    name: way.name,
    get issued() {
      return issued
    },
    start() {
      working = work()
      // Told by `stop`, which comes however a run ends.
      working.catch(() => undefined)
    },
    async hold() {
      holds += 1
      await idle
      return () => {
        holds -= 1
      }
    },
    async stop() {
      stopped = true
      await working
    },
  }
}

/** Noise beside it, which the configuration filters out. */
export function journalWriter(run: string, journald: PrivateJournald, random: () => number): Writer {
  async function write(lines: readonly string[]): Promise<void> {
    await journald.log(lines)
    if (random() < 0.3) await journald.log([noiseOf(run)], '', noise)
  }
  return writer(run, { name: 'journald', everyMilliseconds: 150, mostLines: 60, write }, random)
}

/**
 * Renames the log away now and then; what is renamed stays.
 * @param mayRotate what was renamed before a first look at the log is not the agent's to read
 */
export function fileWriter(
  run: string,
  path: string,
  random: () => number,
  mayRotate: () => boolean,
): Writer {
  let generation = 0
  async function write(lines: readonly string[]): Promise<void> {
    if (random() < 0.05 && mayRotate() && existsSync(path)) renameSync(path, `${path}.${++generation}`)
    for (const line of lines) {
      const cut = random() < 0.05 ? Math.floor(random() * line.length) : 0
      if (cut > 0) {
        appendFileSync(path, line.slice(0, cut))
        await wait(3)
      }
      appendFileSync(path, `${line.slice(cut)}\n`)
    }
  }
  return writer(run, { name: 'files', everyMilliseconds: 100, mostLines: 40, write }, random)
}

export function kernelWriter(run: string, random: () => number): Writer {
  return writer(run, { name: 'kmsg', everyMilliseconds: 400, mostLines: 4, write: inject }, random)
}
