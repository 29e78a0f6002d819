/**
 * Records as columns: a table of distinct fields, for each record indices into it, and each of its numbers in a typed
 * array. So whoever encodes, views or decodes many records does it once for each distinct field, and makes no object for
 * any of them. A record becomes one, with its fields as a list, when somebody asks for it.
 */
import { FieldTable } from './field-table.ts'
import type { Field, LogRecord, RecordList } from './model.ts'
import { free, Room, timeWords } from './record-room.ts'

export const monotonicName = '__MONOTONIC_TIMESTAMP'

const realtimeName = '__REALTIME_TIMESTAMP'
const fewestIndices = 1 << 12
const fewestRecords = 64
const word = 0x1_0000_0000

/** What a record that is not an entry of a journal, or has an id of its own, has in place of a number. */
export const none = -1

export class RecordColumns implements RecordList<RecordRow> {
  readonly table: FieldTable
  /** The number of the first one in its ledger and source; NaN: they are not spooled. */
  firstNumber: number
  length = 0
  /** How many indices there are so far. */
  indexCount = 0
  readonly streams: string[] = []
  readonly #room: Room
  /** Those that these were filtered out of, and share their memory. */
  readonly #whole: RecordColumns | undefined
  /** Who looks at them: whoever made them, and whoever holds them. */
  #holders = 1
  readonly #released: ((columns: RecordColumns) => void) | undefined
  /** Of those that have none made of stream and number. */
  readonly #ids = new Map<number, string>()
  #observed: bigint | undefined
  #observedLow = 0
  #observedHigh = 0

  private constructor(
    table: FieldTable,
    room: Room,
    firstNumber: number,
    released?: (columns: RecordColumns) => void,
    whole?: RecordColumns,
  ) {
    this.table = table
    this.#room = room
    this.firstNumber = firstNumber
    this.#released = released
    this.#whole = whole
  }

  /** Empty ones. @param released called when nobody looks at them any more */
  static empty(indices = fewestIndices, released?: (columns: RecordColumns) => void): RecordColumns {
    const room = new Room(fewestRecords, new Uint32Array(indices))
    return new RecordColumns(new FieldTable(), room, Number.NaN, released)
  }

  /** Empty ones in the room of others, which nobody looks at any more. */
  static inRoomOf(other: RecordColumns, released?: (columns: RecordColumns) => void): RecordColumns {
    return new RecordColumns(FieldTable.inRoomOf(other.table), other.#room, Number.NaN, released)
  }

  /** Those of so many spooled records, whose places are still to be added. @param indices room for all of them */
  static spooled(table: FieldTable, count: number, indices: Uint32Array, firstNumber: number): RecordColumns {
    return new RecordColumns(table, new Room(count, indices), firstNumber)
  }

  /** The indices of all records, one behind the other. */
  get indices(): Uint32Array {
    return this.#room.indices
  }

  /** Of each record where its indices end, and those of the next begin. */
  get ends(): Uint32Array {
    return this.#room.ends
  }

  /** Of each record its place in `streams`. */
  get streamOf(): Uint32Array {
    return this.#room.streamOf
  }

  /** Of each record the number behind `<stream>:` where that is its id; -1: its id is another. */
  get sequences(): Float64Array {
    return this.#room.sequences
  }

  /**
   * Of each record, where it is a journal entry, its microseconds since boot: then it has __REALTIME_TIMESTAMP (its time)
   * and __MONOTONIC_TIMESTAMP before its other fields, in no table since no two entries share them. -1: it has none.
   */
  get monotonics(): Float64Array {
    return this.#room.monotonics
  }

  /** Of each record its time and when it was observed, in nanoseconds since the epoch: 64 bits each, the lower half first. */
  get words(): Int32Array {
    return this.#room.words
  }

  /** Makes room for so many more indices. @returns them, to be written from `indexCount` on */
  reserve(count: number): Uint32Array {
    if (this.indexCount + count > this.#room.indices.length) this.#room.growIndices(this.indexCount + count)
    return this.#room.indices
  }

  /**
   * A record ends: of the indices those up to `end` are its own. Its times are still to be set.
   * @param id a number stands for `<stream>:<number>`
   */
  end(end: number, stream: string, id: number | string, monotonic: number): void {
    const index = this.length
    const room = this.#room
    if (index === room.ends.length) room.growRecords()
    const { streams } = this
    let place = index === 0 ? 0 : (room.streamOf[index - 1] ?? 0)
    if (streams[place] !== stream) {
      place = streams.indexOf(stream)
      if (place < 0) place = streams.push(stream) - 1
    }
    room.ends[index] = end
    room.streamOf[index] = place
    room.monotonics[index] = monotonic
    if (typeof id === 'number') room.sequences[index] = id
    else {
      room.sequences[index] = none
      this.#ids.set(index, id)
    }
    this.indexCount = end
    this.length = index + 1
  }

  /** Sets the times of the last record. @param microseconds below 2^53, since the epoch @param observed nanoseconds */
  setTimes(microseconds: number, observed: bigint): void {
    if (observed !== this.#observed) {
      this.#observed = observed
      this.#observedLow = Number(BigInt.asIntN(32, observed))
      this.#observedHigh = Number(BigInt.asIntN(32, observed >> 32n))
    }
    const { words } = this.#room
    const at = (this.length - 1) * timeWords
    // Without a large number made of it.
    const upper = Math.floor(microseconds / word)
    const lower = (microseconds - upper * word) * 1000
    const carried = Math.floor(lower / word)
    words[at] = lower - carried * word
    words[at + 1] = upper * 1000 + carried
    words[at + 2] = this.#observedLow
    words[at + 3] = this.#observedHigh
  }

  /** Leaves the indices it was given, with a copy that is as large as it must be. */
  shrink(): void {
    this.#room.indices = this.#room.indices.slice(0, this.indexCount)
  }

  /** Where a record's indices begin. */
  from(index: number): number {
    return index === 0 ? 0 : (this.#room.ends[index - 1] ?? 0)
  }

  to(index: number): number {
    return this.#room.ends[index] ?? 0
  }

  stream(index: number): string {
    return this.streams[this.#room.streamOf[index] ?? 0] ?? ''
  }

  id(index: number): string {
    const sequence = this.#room.sequences[index] ?? none
    return sequence < 0 ? (this.#ids.get(index) ?? '') : `${this.stream(index)}:${sequence}`
  }

  time(index: number): bigint {
    return this.#nanoseconds(index * timeWords)
  }

  observed(index: number): bigint {
    return this.#nanoseconds(index * timeWords + 2)
  }

  /** Its time in whole microseconds since the epoch, without a large number made. */
  microsecond(index: number): number {
    const { words } = this.#room
    const high = words[index * timeWords + 1] ?? 0
    const thousands = Math.floor(high / 1000)
    const rest = (high - thousands * 1000) * word + ((words[index * timeWords] ?? 0) >>> 0)
    return thousands * word + Math.floor(rest / 1000)
  }

  /** The nanoseconds beyond, 0 to 999. */
  nanosecond(index: number): number {
    const { words } = this.#room
    const high = words[index * timeWords + 1] ?? 0
    return ((high - Math.floor(high / 1000) * 1000) * word + ((words[index * timeWords] ?? 0) >>> 0)) % 1000
  }

  fields(index: number): Field[] {
    const { indices, monotonics } = this.#room
    const monotonic = monotonics[index] ?? none
    const fields: Field[] = []
    if (monotonic >= 0)
      fields.push(
        [realtimeName, Buffer.from(String(this.microsecond(index)))],
        [monotonicName, Buffer.from(String(monotonic))],
      )
    const to = this.to(index)
    for (let at = this.from(index); at < to; at++) fields.push(this.table.field(indices[at] ?? 0))
    return fields
  }

  at(index: number): RecordRow | undefined {
    return index >= 0 && index < this.length ? new RecordRow(this, index) : undefined
  }

  map<U>(made: (record: RecordRow, index: number) => U): U[] {
    return Array.from(this, made)
  }

  /** @returns columns with the same table, to be held and released together with these */
  filter(wanted: (record: RecordRow, index: number) => boolean): RecordColumns {
    const room = new Room(Math.max(1, this.length), new Uint32Array(this.indexCount))
    const kept = new RecordColumns(this.table, room, Number.NaN, undefined, this.#whole ?? this)
    const { indices, sequences, monotonics, words } = this.#room
    for (let index = 0; index < this.length; index++) {
      if (!wanted(new RecordRow(this, index), index)) continue
      room.indices.set(indices.subarray(this.from(index), this.to(index)), kept.indexCount)
      room.words.set(words.subarray(index * timeWords, (index + 1) * timeWords), kept.length * timeWords)
      const sequence = sequences[index] ?? none
      const id = sequence < 0 ? this.id(index) : sequence
      const end = kept.indexCount + this.to(index) - this.from(index)
      kept.end(end, this.stream(index), id, monotonics[index] ?? none)
    }
    return kept
  }

  /** The same of a part, with its numbers: what is made of it is what is made of all. */
  slice(start: number, end: number): RecordColumns {
    const part = this.filter((_record, index) => index >= start && index < end)
    part.firstNumber = this.firstNumber + start
    return part
  }

  *[Symbol.iterator](): Generator<RecordRow, void> {
    for (let index = 0; index < this.length; index++) yield new RecordRow(this, index)
  }

  /** Another one looks at them until it calls `release`. */
  hold(): void {
    if (this.#whole) this.#whole.hold()
    else this.#holders += 1
  }

  /** Once for whoever made them and for each that holds them. With the last one, the memory of much goes back at once. */
  release(): void {
    if (this.#whole) {
      this.#whole.release()
      return
    }
    this.#holders -= 1
    if (this.#holders > 0) return
    if (this.#released) this.#released(this)
    else {
      free(this.#room.indices)
      free(this.table.bytes)
    }
  }

  #nanoseconds(at: number): bigint {
    const { words } = this.#room
    return (BigInt(words[at + 1] ?? 0) << 32n) | BigInt((words[at] ?? 0) >>> 0)
  }
}

/** One of columns, by itself. */
export class RecordRow implements LogRecord {
  readonly columns: RecordColumns
  readonly index: number

  constructor(columns: RecordColumns, index: number) {
    this.columns = columns
    this.index = index
  }

  get stream(): string {
    return this.columns.stream(this.index)
  }

  get id(): string {
    return this.columns.id(this.index)
  }

  /** In its ledger and source; NaN: it is not spooled. */
  get number(): number {
    return this.columns.firstNumber + this.index
  }

  get time(): bigint {
    return this.columns.time(this.index)
  }

  get observed(): bigint {
    return this.columns.observed(this.index)
  }

  get fields(): readonly Field[] {
    return this.columns.fields(this.index)
  }
}
