/**
 * When journald flushes /run/log/journal to /var/log/journal it numbers copies of those entries anew, under another
 * sequence-number id. An entry below /var is such a copy if its boot and its time since boot lie in what was taken out of
 * /run: journald never writes to both at once, and its time since boot only grows.
 */
import type { Cursor } from './cursor.ts'

/** What was taken of one sequence-number id below /run, in one boot: microseconds since that boot, both included. */
export interface Stretch {
  readonly bootId: string
  readonly from: number
  readonly to: number
}

/** Each boot brings one; those of boots long past can only be of files that are gone. */
const most = 16

export class Copies {
  readonly #stretches: Map<string, Stretch>

  constructor(stretches: Readonly<Record<string, Stretch>>) {
    this.#stretches = new Map(Object.entries(stretches))
  }

  /** What a reader knows that kept a cursor alone: all of that boot, up to it. */
  static before({ seqnumId, bootId, monotonicMicroseconds }: Cursor): Copies {
    return new Copies({ [seqnumId]: { bootId, from: 0, to: monotonicMicroseconds } })
  }

  /** Remembers an entry that was taken, or passed, out of /run. */
  see(seqnumId: string, bootId: string, monotonic: number): void {
    const known = this.#stretches.get(seqnumId)
    const isSame = known?.bootId === bootId
    if (isSame && known.from <= monotonic && monotonic <= known.to) return
    this.#stretches.delete(seqnumId)
    this.#stretches.set(seqnumId, {
      bootId,
      from: isSame ? Math.min(known.from, monotonic) : monotonic,
      to: isSame ? Math.max(known.to, monotonic) : monotonic,
    })
    if (this.#stretches.size > most) this.#stretches.delete(this.#stretches.keys().next().value ?? '')
  }

  /** Whether an entry of /var was taken out of /run before. */
  has(seqnumId: string, bootId: string, monotonic: number): boolean {
    for (const [id, stretch] of this.#stretches)
      if (
        id !== seqnumId &&
        stretch.bootId === bootId &&
        stretch.from <= monotonic &&
        monotonic <= stretch.to
      )
        return true
    return false
  }

  toJSON(): Record<string, Stretch> {
    return Object.fromEntries(this.#stretches)
  }
}
