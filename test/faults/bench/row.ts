/** A row of the fault table. */
import type { World, WorldOptions } from './world.ts'

export interface Row {
  /** As `--row` takes it. */
  readonly name: string
  /** What it is done to: sinks and something else can be hit at once. */
  readonly on: 'sink' | 'agent' | 'source' | 'spool'
  /** The world it needs. */
  readonly world?: Pick<WorldOptions, 'settles' | 'clockSteps'>
  /** What the ledger may count by it: `lost sink_removed`, `missed vacuumed`. */
  readonly allows?: readonly string[]
  /** Whether it takes part in a mixed run; default true. */
  readonly mixes?: boolean
  /** One fault, and its end. @returns what was done, in few words */
  inject(world: World): Promise<string>
}

/** Seconds at scale 1, milliseconds to wait. */
export function scaled(world: World, seconds: number): number {
  return seconds * 1000 * world.scale
}

export function pick<T>(world: World, choices: readonly T[]): T {
  const chosen = choices[Math.floor(world.random() * choices.length)]
  if (chosen === undefined) throw new RangeError('Cannot pick one of nothing')
  return chosen
}
