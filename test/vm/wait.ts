/** Waiting for what the guest does: emulated, it is five to ten times slower than a machine. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Machine } from './machine.ts'

/** Looks until something is there. @throws naming what was waited for */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  seconds = 180,
): Promise<T> {
  for (const end = Date.now() + seconds * 1000; ; await sleep(500)) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`Cannot see ${what} in ${seconds} s`)
  }
}

/** A scrape of the agent, of everything or of these collectors, as soon as it answers. */
export async function scrape(machine: Machine, ...collectors: readonly string[]): Promise<string> {
  return until('the agent', () => machine.metrics(...collectors).catch(() => undefined), 600)
}
