/** Entries that were numbered and cannot be had: one line says which, and where they should have been. */
import { ParseError } from '../../src/errors.ts'
import type { JournalFile } from './files.ts'
import type { Range } from './range.ts'

export class Losses {
  /** By sequence-number id; numbers between them may have come. */
  readonly #lost = new Map<string, { from: number; to: number; count: number }>()

  /** @param count how many of the range */
  add({ seqnumId, from, to }: Range, count: number): void {
    if (count === 0) return
    const known = this.#lost.get(seqnumId)
    this.#lost.set(seqnumId, {
      from: Math.min(from, known?.from ?? from),
      to: Math.max(to, known?.to ?? to),
      count: count + (known?.count ?? 0),
    })
  }

  inWords(files: readonly JournalFile[]): ParseError[] {
    return [...this.#lost].map(([seqnumId, { from, to, count }]) => {
      const held = files.filter((file) => file.seqnumId === seqnumId && file.head <= to && file.tail >= from)
      const where = held.map(({ path }) => path).join(', ') || 'a file that is gone'
      return new ParseError(
        `Cannot read ${count} journal entries "${seqnumId}:${from}" to ${to}: they did not come out of ${where}`,
      )
    })
  }
}
