/** How a sink is: its state and why, told once for each change, and the jittered, growing pauses while it is not up. */
import type { Clock } from '../clock.ts'
import type { SinkStatus } from '../status.ts'

export interface SinkStateOptions {
  readonly firstRetryMilliseconds: number
  readonly mostRetryMilliseconds: number
  readonly clock: Clock
  /** Called when the state changes, never per retry. */
  readonly report: (state: SinkStatus['state'], words: string) => void
}

export class SinkState {
  readonly #options: SinkStateOptions
  #state: SinkStatus['state'] = 'up'
  #lastError: string | undefined
  #nextTry: number | undefined
  #failures = 0
  /** Whether the state tells of a trouble on this side: the spool, or a full quarantine. */
  #ours = false

  constructor(options: SinkStateOptions) {
    this.#options = options
  }

  status(): Pick<SinkStatus, 'state' | 'lastError' | 'nextTryMilliseconds'> {
    return {
      state: this.#state,
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      ...(this.#nextTry !== undefined && { nextTryMilliseconds: this.#nextTry }),
    }
  }

  /** The receiver gave a final answer: it is up, unless it refuses everything, or its quarantine is full. */
  answered(refusesEverything: boolean): void {
    this.#nextTry = undefined
    if (!refusesEverything && this.#state !== 'stopped') this.#up()
  }

  /** The spool, or the quarantine, is what it was before the trouble. */
  recovered(): void {
    if (this.#ours) this.#up()
  }

  /** As `waitOut`, for a trouble that is not the receiver's. */
  async waitOutOurs(state: SinkStatus['state'], words: string, signal: AbortSignal): Promise<void> {
    this.#ours = true
    await this.waitOut(state, words, undefined, signal)
  }

  /** Waits a jittered, exponentially growing time, or what the receiver asked for. */
  async waitOut(
    state: SinkStatus['state'],
    words: string,
    retryAfterSeconds: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, firstRetryMilliseconds, mostRetryMilliseconds } = this.#options
    this.#become(state, words)
    const longest = Math.min(
      mostRetryMilliseconds,
      firstRetryMilliseconds * 2 ** Math.min(this.#failures, 30),
    )
    this.#failures += 1
    const delay = Math.max(longest * (0.5 + Math.random() / 2), (retryAfterSeconds ?? 0) * 1000)
    this.#nextTry = clock.now() + delay
    await clock.sleep(delay, signal).catch(() => undefined)
  }

  #up(): void {
    this.#ours = false
    this.#nextTry = undefined
    this.#failures = 0
    this.#become('up', '')
  }

  #become(state: SinkStatus['state'], words: string): void {
    this.#lastError = state === 'up' ? undefined : words
    if (state === this.#state) return
    this.#state = state
    this.#options.report(state, words)
  }
}
