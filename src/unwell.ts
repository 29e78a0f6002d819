/**
 * What is not well with the parts of one collector. A part that is listed is as its last reading says; one that is
 * told of once as gone, and then is no longer known to be here, stays for an hour: else the page would forget it at once.
 */
import type { StateReading } from './model.ts'

const keptSeconds = 3600

interface Told {
  readonly reading: StateReading
  readonly monotonicMilliseconds: number
}

export class Unwell {
  #told = new Map<string, Told>()

  /** Takes the states of one reading. @param isWhole false: it ended early, and what it does not mention says nothing */
  take(states: readonly StateReading[], isWhole: boolean, monotonicMilliseconds: number): void {
    const mentioned = new Set(states.map(({ part }) => part))
    for (const [part, { reading }] of this.#told)
      if (!mentioned.has(part) && isWhole && !isGone(reading)) this.#told.delete(part)
    for (const reading of states) {
      if (reading.healthy) this.#told.delete(reading.part)
      else this.#told.set(reading.part, { reading, monotonicMilliseconds })
    }
  }

  /** In the order in which they were first told. */
  current(monotonicMilliseconds: number): StateReading[] {
    const since = monotonicMilliseconds - keptSeconds * 1000
    return [...this.#told.values()]
      .filter((told) => !isGone(told.reading) || told.monotonicMilliseconds >= since)
      .map(({ reading }) => reading)
  }
}

/** Told of a part that is not listed any more. */
function isGone({ state }: StateReading): boolean {
  return state === 'gone' || state === 'missing'
}
