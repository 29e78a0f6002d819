/** Time as the agent sees it, so that tests can move it. */
import { setTimeout as wait } from 'node:timers/promises'

export interface Clock {
  /** Milliseconds since the epoch; may step. */
  now(): number
  /** Milliseconds since some moment; never steps. */
  monotonic(): number
  /** Resolves after so long, or rejects with the signal's reason. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    signal.throwIfAborted()
    try {
      await wait(milliseconds, undefined, { signal })
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  },
}
