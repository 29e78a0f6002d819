/** What one receiver has taken: each record once, with what is needed to tell a repeat that is allowed from one that is not. */
import assert from 'node:assert/strict'
import type { Taking } from './behaviour.ts'

/** A record as it stands in the protocol's own place. */
export interface TakenRecord {
  readonly ledger: string
  readonly source: string
  readonly number: number
  readonly id: string
  /** The line, MESSAGE or body. */
  readonly text: string
  /** Everything the receiver keeps of it, to compare a repeat with. */
  readonly whole: string
}

interface Kept {
  readonly record: TakenRecord
  last: Taking
}

/** The most records of a batch of any source. */
const batchRecords = 4000

export class Taken {
  /** By `<ledger> <source>`, then number. */
  readonly #streams = new Map<string, Map<number, Kept>>()
  readonly #newest = new Map<string, number>()
  readonly #settles: boolean
  #repeats = 0

  constructor(settles: boolean) {
    this.#settles = settles
  }

  /** @throws {AssertionError} it was taken before with another content, or may not come again */
  take(record: TakenRecord, taking: Taking): void {
    const key = `${record.ledger} ${record.source}`
    const numbers = this.#streams.get(key) ?? new Map<number, Kept>()
    this.#streams.set(key, numbers)
    const kept = numbers.get(record.number)
    const newest = this.#newest.get(key) ?? 0
    if (kept === undefined) {
      numbers.set(record.number, { record, last: taking })
      this.#newest.set(key, Math.max(newest, record.number))
      return
    }
    this.#repeats += 1
    assert.equal(
      record.whole,
      kept.record.whole,
      `a repeat is byte for byte the same: ${key} ${record.number}`,
    )
    const certain = kept.last.answered && kept.last.episode === taking.episode
    assert.ok(
      !certain || this.#settles,
      `${key} ${record.number} came again though it was acknowledged and nothing happened since`,
    )
    if (!this.#settles)
      assert.ok(
        record.number > newest - batchRecords,
        `${key} ${record.number} again, after ${newest}: more than one batch in flight`,
      )
    kept.last = taking
  }

  /** The receiver restarts without what it took in the last so many milliseconds. @returns how many records */
  forget(milliseconds: number): number {
    const since = performance.now() - milliseconds
    let forgotten = 0
    for (const numbers of this.#streams.values())
      for (const [number, { last }] of numbers)
        if (last.atMilliseconds > since) {
          numbers.delete(number)
          forgotten += 1
        }
    return forgotten
  }

  get repeats(): number {
    return this.#repeats
  }

  count(ledger: string, source: string): number {
    return this.#streams.get(`${ledger} ${source}`)?.size ?? 0
  }

  numbers(ledger: string, source: string): ReadonlySet<number> {
    return new Set(this.#streams.get(`${ledger} ${source}`)?.keys())
  }

  *records(): Generator<TakenRecord> {
    for (const numbers of this.#streams.values()) for (const { record } of numbers.values()) yield record
  }
}
