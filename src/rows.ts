/**
 * Records that share their fields: a table of distinct ones, and for each record indices into it. So whoever encodes,
 * views or decodes many records does it once for each distinct field. A record still shows its fields as a list, made
 * when somebody asks; who knows of rows never does.
 */
import type { FieldTable } from './field-table.ts'
import type { Field, LogRecord } from './model.ts'

/** A table, and the indices of all records, one behind the other. They may grow. */
export class Rows {
  readonly table: FieldTable
  #indices: Uint32Array
  #length = 0

  /** @param room for indices, or for so many */
  constructor(table: FieldTable, room: number | Uint32Array = 1 << 12) {
    this.table = table
    this.#indices = typeof room === 'number' ? new Uint32Array(room) : room
  }

  /** Leaves the room it was given, with a copy that is as large as it must be. */
  shrink(): void {
    this.#indices = this.#indices.slice(0, this.#length)
  }

  get indices(): Uint32Array {
    return this.#indices
  }

  /** How many indices there are so far. */
  get length(): number {
    return this.#length
  }

  /** Makes room for so many more. @returns the indices, to be written from `length` on */
  reserve(count: number): Uint32Array {
    if (this.#length + count > this.#indices.length) {
      const larger = new Uint32Array(Math.max(this.#indices.length * 2, this.#length + count))
      larger.set(this.#indices)
      this.#indices = larger
    }
    return this.#indices
  }

  /** Gives its memory back; nobody looks at it any more. */
  release(): void {
    free(this.#indices)
    free(this.table.bytes)
  }

  /** The indices up to here are written. */
  end(length: number): void {
    this.#length = length
  }
}

/** Smaller ones may share their memory with others. */
const fewestFreedBytes = 128 << 10

function free({ buffer }: Uint8Array | Uint32Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= fewestFreedBytes) buffer.transfer(0)
}

/** A record that is a part of rows. */
export interface Row {
  readonly rows: Rows
  /** Its part of the indices. */
  readonly from: number
  readonly to: number
  /**
   * A journal entry's microseconds since boot: then it has __REALTIME_TIMESTAMP (its time) and __MONOTONIC_TIMESTAMP
   * before its other fields, in no table since no two entries share them. -1: it has none.
   */
  readonly monotonic: number
  /** Its time in whole microseconds since the epoch, and the nanoseconds beyond, 0 to 999. */
  readonly microsecond: number
  readonly nanosecond: number
  /** The number behind `<stream>:` where that is its id; -1: its id is another. */
  readonly sequence: number
}

export const realtimeName = '__REALTIME_TIMESTAMP'
export const monotonicName = '__MONOTONIC_TIMESTAMP'

export function isRow<T extends object>(record: T): record is T & Row {
  return 'rows' in record
}

/** A journal entry as a row, as its source yields it. */
export class EntryRow implements LogRecord, Row {
  readonly stream: string
  /** Its id is `<stream>:<sequence>`. */
  readonly sequence: number
  readonly observed: bigint
  /** Microseconds since the epoch. */
  readonly microsecond: number
  readonly nanosecond = 0
  readonly monotonic: number
  readonly rows: Rows
  readonly from: number
  readonly to: number

  constructor(
    stream: string,
    sequence: number,
    observed: bigint,
    realtime: number,
    monotonic: number,
    rows: Rows,
    from: number,
  ) {
    this.stream = stream
    this.sequence = sequence
    this.observed = observed
    this.microsecond = realtime
    this.monotonic = monotonic
    this.rows = rows
    this.from = from
    this.to = rows.length
  }

  get id(): string {
    return `${this.stream}:${this.sequence}`
  }

  get time(): bigint {
    return BigInt(this.microsecond) * 1000n
  }

  get fields(): readonly Field[] {
    return fieldsOf(this, this.microsecond)
  }
}

/** @param realtime microseconds since the epoch, which only an entry shows */
export function fieldsOf({ rows: { table, indices }, from, to, monotonic }: Row, realtime: number): Field[] {
  const fields: Field[] = []
  if (monotonic >= 0)
    fields.push(
      [realtimeName, Buffer.from(String(realtime))],
      [monotonicName, Buffer.from(String(monotonic))],
    )
  for (let at = from; at < to; at++) fields.push(table.field(indices[at] ?? 0))
  return fields
}
