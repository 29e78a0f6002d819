/**
 * The batch of columns that was committed last, as its source made it: a sink that keeps up takes it from here, and only
 * one that lags out of the file. And how far sources may run ahead of sinks, so that most do keep up.
 */
import type { RecordList } from '../model.ts'
import { RecordColumns } from '../record-columns.ts'
import type { EventBatch } from './batch.ts'
import type { Place } from './log.ts'

/** Larger tables are not kept, nor more indices. */
const mostTableBytes = 1 << 20
const mostIndices = 1 << 18
/** So long a source waits for a sink, and not again before one has taken something. */
const mostWaitMilliseconds = 100

export class Recent {
  #batch: EventBatch | undefined
  #columns: RecordColumns | undefined
  /** The newest batch that a sink has taken, and whether the last wait for one was in vain. */
  #taken = 0
  #isInVain = false
  readonly #waiting = new Set<() => void>()

  /** @param place its sequence is 0 where nobody takes it */
  keep({ sequence, firstNumber }: Place, source: string, bytes: number, records: RecordList): void {
    this.forget()
    if (sequence === 0 || !(records instanceof RecordColumns)) return
    if (records.table.bytes.length > mostTableBytes || records.indices.length > mostIndices) return
    records.firstNumber = firstNumber
    records.hold()
    this.#columns = records
    this.#batch = {
      kind: 'events',
      sequence,
      source,
      count: records.length,
      bytes,
      records,
      release: () => records.release(),
    }
  }

  forget(): void {
    this.#columns?.release()
    this.#columns = undefined
    this.#batch = undefined
  }

  /** A sink takes this batch. @returns it, if it is here; it stays until it is released */
  take(sequence: number): EventBatch | undefined {
    this.#taken = Math.max(this.#taken, sequence)
    this.#isInVain = false
    for (const look of this.#waiting) look()
    if (this.#batch?.sequence !== sequence) return undefined
    this.#columns?.hold()
    return this.#batch
  }

  /** Resolves once a sink has taken this batch or a later one, or when none does. */
  async taken(sequence: number): Promise<void> {
    if (this.#taken >= sequence || this.#isInVain) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const inVain = setTimeout(() => {
      this.#isInVain = true
      resolve()
    }, mostWaitMilliseconds)
    const look = () => {
      if (this.#taken >= sequence) resolve()
    }
    this.#waiting.add(look)
    await promise
    clearTimeout(inVain)
    this.#waiting.delete(look)
  }
}
