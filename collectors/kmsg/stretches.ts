/**
 * Stretches of kernel time (whole microseconds since boot): who of kmsg and journald has spooled this boot's kernel
 * records (format.md, Owners). Stamps are whole numbers, so an edge that lies outside is one microsecond further in.
 */

/** Both ends are inside; empty when `from` is greater than `to`. */
export type Stretch = readonly [from: number, to: number]

export const mostStretches = 64

export function covers(stretches: readonly Stretch[], microseconds: number): boolean {
  return stretches.some(([from, to]) => from <= microseconds && microseconds <= to)
}

/** The end of the newest stretch; -1 without one. */
export function newestEnd(stretches: readonly Stretch[]): number {
  return stretches.at(-1)?.[1] ?? -1
}

/** The stretches of one source, grown record by record. */
export class Growing {
  #stretches: Stretch[]
  #forgotten = 0
  /** Whether the next record that is taken begins a stretch. */
  #begins = true
  /** Whether something is missing right before the next record. */
  #isTorn = false
  /** No stretch begins earlier: just behind the first record after what was missing. */
  #floor = 0
  /** Whether the newest stretch ends with the last record read, or another of the same stamp. */
  #isBeside = true

  /** @param stretches those of before: the next record begins another */
  constructor(stretches: readonly Stretch[] = []) {
    this.#stretches = [...stretches]
  }

  /** Takes the next record of the source as spooled. */
  take(microseconds: number): void {
    this.#mend(microseconds)
    this.#isBeside = true
    const newest = this.#stretches.at(-1)
    if (!this.#begins && newest !== undefined) {
      // The kernel stamps before it queues: a record may be older than the one before it.
      const from = Math.max(this.#floor, Math.min(newest[0], microseconds))
      this.#stretches[this.#stretches.length - 1] = [from, Math.max(newest[1], microseconds)]
      return
    }
    this.#begins = false
    this.#stretches.push([Math.max(this.#floor, microseconds), microseconds])
    if (this.#stretches.length <= mostStretches) return
    this.#stretches.shift()
    this.#forgotten += 1
  }

  /** The next record is the other source's: what follows it begins a stretch of its own. */
  leave(microseconds: number): void {
    this.#mend(microseconds)
    this.#begins = true
    this.#isBeside &&= microseconds <= newestEnd(this.#stretches)
  }

  /** Records are missing here: neither the last one before nor the first one after is inside, as one like it may be missing. */
  tear(): void {
    if (this.#isBeside) {
      // Several stretches may end with one stamp, with a record of the other source between them.
      const end = newestEnd(this.#stretches) - 1
      this.#stretches = this.#stretches
        .map(([from, to]): Stretch => [from, Math.min(to, end)])
        .filter(([from, to]) => from <= to)
    }
    this.#begins = true
    this.#isTorn = true
    this.#isBeside = false
  }

  #mend(microseconds: number): void {
    if (this.#isTorn) this.#floor = microseconds + 1
    this.#isTorn = false
  }

  /** Oldest first, at most 64. The newest may still be empty. */
  get all(): readonly Stretch[] {
    return [...this.#stretches]
  }

  /** How many were dropped for their number, since the last call. */
  takeForgotten(): number {
    const count = this.#forgotten
    this.#forgotten = 0
    return count
  }
}
