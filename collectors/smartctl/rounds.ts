/** The rounds of one collector: whoever needs one takes the one that is going on, or a young one. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Device } from './report.ts'
import { type Around, type Round, runRound, type Settings } from './round.ts'

/** Whoever waits for a round begins one after this: the schedule of the metrics, and some. */
const waitMilliseconds = 20 * 60_000

/** A round, and how many there were with it. */
export interface Numbered extends Round {
  readonly number: number
}

export class Rounds {
  readonly #freshMilliseconds: number
  readonly #roundSeconds: number
  readonly #shared = new Set<string>()
  #waiting: readonly Device[] = []
  #last: Numbered | undefined
  #count = 0
  #running: Promise<Numbered | undefined> | undefined
  #finished = Promise.withResolvers<void>()

  /**
   * @param freshMilliseconds a round this young is taken instead of asking every drive again
   * @param roundSeconds how long a round may go on
   */
  constructor(freshMilliseconds: number, roundSeconds: number) {
    this.#freshMilliseconds = freshMilliseconds
    this.#roundSeconds = roundSeconds
  }

  /** @returns a round that is young; undefined where there is no smartctl. @throws what `runRound` throws */
  async take(context: Around, settings: Settings): Promise<Numbered | undefined> {
    while (this.#running !== undefined) {
      // One that another caller began may fail with that caller.
      const joined = await this.#running.catch(() => undefined)
      if (joined !== undefined) return joined
    }
    return this.#last ?? this.#run(context, settings)
  }

  /** Resolves when there was a round after that number, or it is time to begin one. @throws the signal's reason */
  async next(number: number, signal: AbortSignal): Promise<void> {
    if (this.#count > number) return
    const done = new AbortController()
    try {
      const wait = sleep(waitMilliseconds, undefined, { signal: AbortSignal.any([signal, done.signal]) })
      await Promise.race([this.#finished.promise, wait])
    } finally {
      done.abort()
    }
  }

  #run(context: Around, settings: Settings): Promise<Numbered | undefined> {
    const turn = { seconds: this.#roundSeconds, first: this.#waiting, shared: this.#shared }
    const running = runRound(context, settings, turn)
      .then((round) => {
        if (round === undefined) return undefined
        this.#waiting = round.waiting
        this.#count += 1
        const numbered = { ...round, number: this.#count }
        if (this.#freshMilliseconds > 0) this.#keep(numbered)
        return numbered
      })
      .finally(() => {
        this.#running = undefined
        this.#finished.resolve()
        this.#finished = Promise.withResolvers()
      })
    this.#running = running
    return running
  }
  /** For as long as it is young: it is large. */
  #keep(round: Numbered): void {
    this.#last = round
    const forget = () => {
      if (this.#last === round) this.#last = undefined
    }
    setTimeout(forget, this.#freshMilliseconds).unref()
  }
}
