/** The rounds of one collector: whoever needs one takes the one that is going on, or a young one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Around, type Round, runRound, type Settings } from './round.ts'

/** Whoever waits for a round begins one after this: the schedule of the metrics, and some. */
const waitMilliseconds = 20 * 60_000

export class Rounds {
  readonly #freshMilliseconds: number
  #last: { readonly round: Round; readonly milliseconds: number } | undefined
  #running: Promise<Round | undefined> | undefined
  #finished = Promise.withResolvers<void>()

  /** @param freshMilliseconds a round this young is taken instead of asking every drive again */
  constructor(freshMilliseconds: number) {
    this.#freshMilliseconds = freshMilliseconds
  }

  /** @returns a round that is young; undefined where there is no smartctl. @throws what `runRound` throws */
  async take(context: Around, settings: Settings): Promise<Round | undefined> {
    while (this.#running !== undefined) {
      // One that another caller began may fail with that caller.
      const joined = await this.#running.catch(() => undefined)
      if (joined !== undefined) return joined
    }
    if (this.#last !== undefined && performance.now() - this.#last.milliseconds < this.#freshMilliseconds)
      return this.#last.round
    return this.#run(context, settings)
  }

  /** Resolves when there is a round after `before`, or it is time to begin one. @throws the signal's reason */
  async next(before: Round | undefined, signal: AbortSignal): Promise<void> {
    if (this.#last !== undefined && this.#last.round !== before) return
    const done = new AbortController()
    try {
      const wait = sleep(waitMilliseconds, undefined, { signal: AbortSignal.any([signal, done.signal]) })
      await Promise.race([this.#finished.promise, wait])
    } finally {
      done.abort()
    }
  }

  #run(context: Around, settings: Settings): Promise<Round | undefined> {
    const running = runRound(context, settings)
      .then((round) => {
        if (round !== undefined) this.#last = { round, milliseconds: performance.now() }
        return round
      })
      .finally(() => {
        this.#running = undefined
        this.#finished.resolve()
        this.#finished = Promise.withResolvers()
      })
    this.#running = running
    return running
  }
}
