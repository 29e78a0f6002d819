/** Varints (LEB128) and byte strings, one behind the other: what a spool batch is made of. */
import { FieldTable } from '../field-table.ts'

/** A growing buffer of varints and byte strings. */
export class Writer {
  #buffer: Buffer
  #length = 0

  constructor(roomBytes = 4096) {
    this.#buffer = Buffer.allocUnsafeSlow(roomBytes)
  }

  /** Begins anew with the room there is, unless that is more than so many bytes. What was `done` is gone. */
  clear(mostBytes: number): void {
    this.#length = 0
    if (this.#buffer.length > mostBytes) this.#buffer = Buffer.allocUnsafeSlow(4096)
  }

  get length(): number {
    return this.#length
  }

  /** A part of these, each with so much added. */
  varints(values: Uint32Array, from: number, to: number, plus: number): void {
    this.#reserve((to - from) * 5)
    const buffer = this.#buffer
    let at = this.#length
    for (let index = from; index < to; index++) {
      let rest = (values[index] ?? 0) + plus
      while (rest >= 0x80) {
        buffer[at++] = (rest % 0x80) | 0x80
        rest = Math.floor(rest / 0x80)
      }
      buffer[at++] = rest
    }
    this.#length = at
  }

  varint(value: number): void {
    this.#reserve(8)
    const buffer = this.#buffer
    let at = this.#length
    let rest = value
    while (rest >= 0x80) {
      buffer[at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    buffer[at++] = rest
    this.#length = at
  }

  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length)
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  done(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

/** Reads what Writer wrote; every step beyond the end is a RangeError. */
export class Reader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  varint(): number {
    const first = this.#buffer[this.#at]
    if (first !== undefined && first < 0x80) {
      this.#at += 1
      return first
    }
    let value = 0
    let factor = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.#buffer[this.#at++]
      if (byte === undefined) throw new RangeError('it ends early')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 0x80
    }
    throw new RangeError('a number is too long')
  }

  /** The next byte; undefined at the end. */
  peek(): number | undefined {
    return this.#buffer[this.#at]
  }

  /** So many, each with so much taken away, into these from `to` on. @returns the place behind them */
  varints(into: Uint32Array, to: number, count: number, minus: number): number {
    const buffer = this.#buffer
    const end = to + count
    for (let place = to; place < end; place++) {
      const first = buffer[this.#at]
      const second = buffer[this.#at + 1]
      let value: number
      if (first !== undefined && first < 0x80) {
        value = first
        this.#at += 1
      } else if (first !== undefined && second !== undefined && second < 0x80) {
        value = (first & 0x7f) | (second << 7)
        this.#at += 2
      } else value = this.varint()
      if (value < minus || value > 0xffff_ffff) throw new RangeError(`a place of ${value}`)
      into[place] = value - minus
    }
    return end
  }

  /** A count of things of at least one byte each, so never more than the bytes left. */
  count(): number {
    const value = this.varint()
    if (value > this.#buffer.length - this.#at) throw new RangeError(`a count of ${value} beyond its end`)
    return value
  }

  bytes(): Buffer {
    return this.take(this.varint())
  }

  /** A table of so many byte strings. */
  table(size: number): FieldTable {
    const begin = this.#at
    const places = new Uint32Array(size * 2)
    for (let index = 0; index < size; index++) {
      const length = this.varint()
      if (length > this.#buffer.length - this.#at) throw new RangeError('it ends early')
      places[index * 2] = this.#at - begin
      this.#at += length
      places[index * 2 + 1] = this.#at - begin
    }
    return new FieldTable(this.#buffer.subarray(begin, this.#at), this.#at - begin, places, size)
  }

  take(length: number): Buffer {
    if (length > this.#buffer.length - this.#at) throw new RangeError('it ends early')
    this.#at += length
    return this.#buffer.subarray(this.#at - length, this.#at)
  }

  /** Bytes that were not read. */
  get left(): number {
    return this.#buffer.length - this.#at
  }

  end(): void {
    if (this.#at !== this.#buffer.length) throw new RangeError('bytes are left over')
  }
}
