/** A clock that stands still until it is moved. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../src/clock.ts'

interface Sleeper {
  readonly until: number
  readonly wake: () => void
}

export class MovedClock implements Clock {
  #monotonic = 1000
  #wall: number
  #sleepers: Sleeper[] = []

  constructor(wallMilliseconds = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#wall = wallMilliseconds
  }

  now = () => Math.floor(this.#wall)
  monotonic = () => this.#monotonic

  sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const sleeper = { until: this.#monotonic + milliseconds, wake: resolve }
      this.#sleepers.push(sleeper)
      signal.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        reject(signal.reason)
      })
    })

  /** Sets the wall clock forward or back; time does not pass. */
  step(milliseconds: number): void {
    this.#wall += milliseconds
  }

  /** Lets time pass, waking each sleeper at its moment and letting it work before the next. */
  async pass(milliseconds: number): Promise<void> {
    await settle()
    const end = this.#monotonic + milliseconds
    for (;;) {
      const next = this.#sleepers
        .filter(({ until }) => until <= end)
        .sort((a, b) => a.until - b.until)
        .at(0)
      if (!next) break
      this.#move(next.until)
      this.#sleepers = this.#sleepers.filter((other) => other !== next)
      next.wake()
      await settle()
    }
    this.#move(end)
    await settle()
  }

  #move(to: number): void {
    const passed = Math.max(0, to - this.#monotonic)
    this.#monotonic += passed
    this.#wall += passed
  }
}

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate()
}
