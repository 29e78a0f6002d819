/** Faults of the agent's clock, under libfaketime: writers and receivers keep the true time. */
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { pick, type Row, scaled } from '../row.ts'
import type { World } from '../world.ts'

/** Off by so many seconds for a while, then true again. */
async function stepped(world: World, seconds: number): Promise<void> {
  world.stepClock(seconds)
  await wait(scaled(world, 30))
  world.stepClock(0)
  await wait(scaled(world, 10))
}

const day: Row = {
  name: 'clock ±1 day',
  on: 'source',
  world: { clockSteps: true },
  async inject(world) {
    const seconds = pick(world, [-86_400, 86_400])
    await stepped(world, seconds)
    return `${seconds} s`
  },
}

const ntp: Row = {
  name: 'clock stepped by NTP',
  on: 'source',
  world: { clockSteps: true },
  async inject(world) {
    const seconds = pick(world, [-90, -3, -0.4, 0.4, 3, 50])
    await stepped(world, seconds)
    return `${seconds} s`
  },
}

/** The tool runs every second by the monotonic clock, whatever the wall clock is stepped to. */
const schedule: Row = {
  name: 'the schedule across a clock step',
  on: 'source',
  world: { clockSteps: true },
  mixes: false,
  async inject(world) {
    const seconds = pick(world, [-86_400, -3600, 50, 3600])
    const before = world.toolRuns()
    const began = performance.now()
    world.stepClock(seconds)
    await wait(scaled(world, 60))
    const [runs, passed] = [world.toolRuns() - before, (performance.now() - began) / 1000]
    world.stepClock(0)
    assert.ok(
      runs >= passed / 3 && runs <= passed + 2,
      `${runs} runs in ${passed} s after a step of ${seconds} s`,
    )
    return `${seconds} s: ${runs} runs in ${Math.round(passed)} s`
  },
}

export const clockRows: readonly Row[] = [day, ntp, schedule]
