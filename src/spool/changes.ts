/** Waking those who wait for the spool to change: by this process at once, by another one (`remora spool`) within a second. */
import { EventEmitter, once } from 'node:events'

export class Changes {
  readonly #emitter = new EventEmitter<{ change: [] }>().setMaxListeners(0)
  readonly #watch: NodeJS.Timeout
  #version: number
  #byOthers = 0

  /** @param version changes when another process changes the spool; @param waiting whether time alone may change something */
  constructor(version: () => number, waiting: () => boolean) {
    this.#version = version()
    this.#watch = setInterval(() => {
      try {
        const now = version()
        if (now !== this.#version) this.#byOthers += 1
        if (now !== this.#version || waiting()) this.tell()
        this.#version = now
      } catch {
        this.tell() // Whoever wakes meets the error where it can be handled.
      }
    }, 1000)
    this.#watch.unref()
  }

  /** How often another process has changed something. */
  get byOthers(): number {
    return this.#byOthers
  }

  tell(): void {
    this.#emitter.emit('change')
  }

  /** Resolves at the next change, at the signal, or after so long. */
  async next(signal: AbortSignal, mostMilliseconds?: number): Promise<void> {
    const signals =
      mostMilliseconds === undefined ? [signal] : [signal, AbortSignal.timeout(mostMilliseconds)]
    await once(this.#emitter, 'change', { signal: AbortSignal.any(signals) }).catch(() => undefined)
  }

  stop(): void {
    clearInterval(this.#watch)
  }
}
