/** Runs rows of the fault table against a world: one row again and again, or all of them at random, by a seed. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Verdict } from './judge.ts'
import type { Row } from './row.ts'
import { makeWorld, type World, type WorldOptions } from './world.ts'

export interface Report extends Verdict {
  readonly seed: number
  /** How often each row was injected. */
  readonly faults: Readonly<Record<string, number>>
  readonly seconds: number
}

export interface RunOptions {
  readonly seed: number
  readonly scale: number
  readonly bundle?: string
  /** How long it may take to catch up at the end. */
  readonly patienceSeconds?: number
  /** Told of each fault as it ends. */
  readonly told?: (text: string) => void
}

/** One row, so many times. @throws what broke, with the seed in its message */
export function runRow(row: Row, iterations: number, options: RunOptions): Promise<Report> {
  return inWorld({ ...row.world, ...options }, options, async (world, inject) => {
    for (let turn = 0; turn < iterations; turn++) {
      await inject(row)
      await wait(500)
      world.assertWell()
    }
  })
}

/** Rows at random for so long, a fault of a sink beside one of something else now and then. */
export function runMixed(rows: readonly Row[], seconds: number, options: RunOptions): Promise<Report> {
  // What a world is made for is decided by its seed, unless every row wants it.
  const needs = {
    settles: options.seed % 3 === 0 || rows.every(({ world }) => world?.settles),
    clockSteps: options.seed % 4 === 1 || rows.every(({ world }) => world?.clockSteps),
  }
  const fitting = rows.filter(
    ({ mixes = true, world = {} }) =>
      mixes && (!world.settles || needs.settles) && (!world.clockSteps || needs.clockSteps),
  )
  return inWorld({ ...needs, ...options }, options, async (world, inject) => {
    // Each once before any comes twice.
    let deck: Row[] = []
    const any = () => {
      if (deck.length === 0) deck = [...fitting]
      return deck.splice(Math.floor(world.random() * deck.length), 1)[0]
    }
    for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
      const [first, second] = [any(), world.random() < 0.4 ? any() : undefined]
      if (first === undefined) break
      const both = second !== undefined && (first.on === 'sink') !== (second.on === 'sink')
      await Promise.all([inject(first), both ? inject(second) : undefined])
      if (second !== undefined && !both) deck.push(second)
      await wait(world.random() * 400)
      world.assertWell()
    }
  })
}

async function inWorld(
  worldOptions: WorldOptions,
  { seed, told = () => undefined }: RunOptions,
  work: (world: World, inject: (row: Row) => Promise<void>) => Promise<void>,
): Promise<Report> {
  const began = performance.now()
  const faults: Record<string, number> = {}
  try {
    await using world = await makeWorld(worldOptions)
    await work(world, async (row) => {
      for (const term of row.allows ?? []) world.allowed.add(term)
      const words = await row.inject(world)
      faults[row.name] = (faults[row.name] ?? 0) + 1
      told(`${row.name}: ${words}`)
    })
    const verdict = await world.finish()
    return { seed, faults, ...verdict, seconds: Math.round((performance.now() - began) / 1000) }
  } catch (error) {
    throw new Error(`Seed ${seed}, after ${JSON.stringify(faults)}: ${reasonOf(error)}`, { cause: error })
  }
}

/** What went wrong first; what then could not be taken down comes behind it. */
function reasonOf(error: unknown): string {
  if (error instanceof SuppressedError)
    return `${reasonOf(error.suppressed)}\nthen, at the end: ${reasonOf(error.error)}`
  return error instanceof Error ? error.message : String(error)
}
