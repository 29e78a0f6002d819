/** A clock that stands still until a test moves it. */
import type { Clock } from '../src/clock.ts'

export interface ManualClock extends Clock {
  /** Lets time pass: both clocks go on, and sleeps that end by then resolve. */
  pass(milliseconds: number): void
  /** Steps the wall clock alone, as a wrong setting or its correction does. */
  step(milliseconds: number): void
}

/** @param start milliseconds since the epoch */
export function manualClock(start = Date.now()): ManualClock {
  let now = start
  let monotonic = 1000
  const sleepers = new Set<{ readonly until: number; wake(): void }>()
  return {
    now: () => now,
    monotonic: () => monotonic,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const stop = () => {
          sleepers.delete(sleeper)
          reject(signal.reason)
        }
        const wake = () => {
          sleepers.delete(sleeper)
          signal.removeEventListener('abort', stop)
          resolve()
        }
        const sleeper = { until: monotonic + milliseconds, wake }
        sleepers.add(sleeper)
        signal.addEventListener('abort', stop, { once: true })
      }),
    pass(milliseconds) {
      now += milliseconds
      monotonic += milliseconds
      for (const sleeper of [...sleepers]) if (sleeper.until <= monotonic) sleeper.wake()
    },
    step(milliseconds) {
      now += milliseconds
    },
  }
}
