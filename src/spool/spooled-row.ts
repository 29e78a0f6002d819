/** A record out of the spool, as a row of its batch's table. */
import type { Field } from '../model.ts'
import { fieldsOf, type Row, type Rows } from '../rows.ts'
import type { SpooledRecord } from './batch.ts'

/** The times of a batch's records, two of each, in nanoseconds since the epoch. */
export class Times {
  readonly #times: BigInt64Array
  readonly #words: Int32Array

  /** @param column 64 bits each, little-endian */
  constructor(column: Uint8Array) {
    const own = new Uint8Array(column) // Aligned, as the column is not.
    this.#times = new BigInt64Array(own.buffer)
    this.#words = new Int32Array(own.buffer)
  }

  at(index: number): bigint {
    return this.#times[index] ?? 0n
  }

  /** In whole microseconds, without a large number made. */
  microsecond(index: number): number {
    const high = this.#words[index * 2 + 1] ?? 0
    const thousands = Math.floor(high / 1000)
    return thousands * word + Math.floor(this.#rest(index, high - thousands * 1000) / 1000)
  }

  /** What is beyond those. */
  nanosecond(index: number): number {
    const high = this.#words[index * 2 + 1] ?? 0
    return this.#rest(index, high - Math.floor(high / 1000) * 1000) % 1000
  }

  #rest(index: number, high: number): number {
    return high * word + ((this.#words[index * 2] ?? 0) >>> 0)
  }
}

const word = 0x1_0000_0000

export class SpooledRow implements SpooledRecord, Row {
  readonly stream: string
  readonly number: number
  readonly rows: Rows
  readonly from: number
  readonly to: number
  readonly monotonic: number
  readonly sequence: number
  readonly #id: string
  readonly #times: Times
  readonly #at: number

  /**
   * @param id whole, or the number behind the stream
   * @param times of which two, from `at` on, are this record's
   */
  constructor(
    stream: string,
    id: string | number,
    number: number,
    times: Times,
    at: number,
    rows: Rows,
    from: number,
    monotonic: number,
  ) {
    this.stream = stream
    this.sequence = typeof id === 'number' ? id : -1
    this.#id = typeof id === 'number' ? '' : id
    this.number = number
    this.#times = times
    this.#at = at
    this.rows = rows
    this.from = from
    this.to = rows.length
    this.monotonic = monotonic
  }

  get id(): string {
    return this.sequence < 0 ? this.#id : `${this.stream}:${this.sequence}`
  }

  get microsecond(): number {
    return this.#times.microsecond(this.#at)
  }

  get nanosecond(): number {
    return this.#times.nanosecond(this.#at)
  }

  get time(): bigint {
    return this.#times.at(this.#at)
  }

  get observed(): bigint {
    return this.#times.at(this.#at + 1)
  }

  get fields(): readonly Field[] {
    return fieldsOf(this, this.microsecond)
  }
}
