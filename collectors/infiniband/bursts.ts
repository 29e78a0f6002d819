/** Link errors that come close together: one event when a burst begins, one when a minute passes without. */
import type { Burst } from './states.ts'

const windowMilliseconds = 60_000

interface Window {
  /** When it began, by a clock that never steps, and the errors counted until then. */
  readonly begin: number
  readonly errors: bigint
  readonly isBurst: boolean
}

/** The windows of all ports, in memory: after a restart a port says nothing until its first window is over. */
export class Bursts {
  readonly #windows = new Map<string, Window>()
  /** Ports that are gone are forgotten: an agent may outlive many virtual functions. */
  readonly #most = 4096

  /**
   * @param errors all link errors of the port so far
   * @param now milliseconds, by a clock that never steps
   * @returns undefined while nothing can be said: at the first reading, and after the counters were cleared
   */
  read(port: string, errors: bigint, now: number, threshold: number): Burst | undefined {
    const window = this.#windows.get(port)
    if (window === undefined || errors < window.errors) {
      this.#begin(port, { begin: now, errors, isBurst: window?.isBurst ?? false })
      return undefined
    }
    const risen = errors - window.errors
    const isOver = now - window.begin >= windowMilliseconds
    const isBurst = risen >= BigInt(threshold) || (window.isBurst && !isOver)
    if (risen >= BigInt(threshold) || isOver) this.#begin(port, { begin: now, errors, isBurst })
    if (!isOver && !isBurst) return undefined
    return { isBurst, errors: Number(risen) }
  }

  #begin(port: string, window: Window): void {
    this.#windows.delete(port)
    this.#windows.set(port, window)
    const [oldest] = this.#windows.keys()
    if (this.#windows.size > this.#most && oldest !== undefined) this.#windows.delete(oldest)
  }
}
