/** A record out of the spool, as a row of its batch's table. */
import type { Field } from '../model.ts'
import { fieldsOf, type Row, type Rows } from '../rows.ts'
import type { SpooledRecord } from './batch.ts'

export class SpooledRow implements SpooledRecord, Row {
  readonly stream: string
  readonly number: number
  readonly rows: Rows
  readonly from: number
  readonly to: number
  readonly monotonic: number
  readonly #id: string | number
  readonly #times: BigInt64Array
  readonly #at: number

  /**
   * @param id whole, or the number behind the stream
   * @param times of which two, from `at` on, are this record's
   */
  constructor(
    stream: string,
    id: string | number,
    number: number,
    times: BigInt64Array,
    at: number,
    rows: Rows,
    from: number,
    monotonic: number,
  ) {
    this.stream = stream
    this.#id = id
    this.number = number
    this.#times = times
    this.#at = at
    this.rows = rows
    this.from = from
    this.to = rows.length
    this.monotonic = monotonic
  }

  get id(): string {
    return typeof this.#id === 'string' ? this.#id : `${this.stream}:${this.#id}`
  }

  get time(): bigint {
    return this.#times[this.#at] ?? 0n
  }

  get observed(): bigint {
    return this.#times[this.#at + 1] ?? 0n
  }

  get fields(): readonly Field[] {
    return fieldsOf(this, Number(this.time / 1000n))
  }
}
