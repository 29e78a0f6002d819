/**
 * The entries of a file in their order: arrays of offsets, each with the offset of the next, filled from the front.
 * journald writes an entry, then its place in the array, then the header's count: so what lies below the count is whole.
 */
import { ParseError } from '../../../src/errors.ts'
import { readNumber } from './header.ts'
import { arrayHeaderBytes, loadHeader, objectType } from './object.ts'
import type { Windows } from './windows.ts'

/** Items read at once. */
const mostAtOnce = 2048

export class EntryArrays {
  readonly #windows: Windows
  readonly #itemBytes: number
  /** The array in hand, how many items it has, and the index among all entries of its first. */
  #array: number
  #capacity = -1
  #base = 0
  /** Items read but not given out. */
  #items: Buffer = Buffer.alloc(0)
  #at = 0
  /** Invariant: every entry before this index was given out. */
  index = 0

  constructor(windows: Windows, first: number, isCompact: boolean) {
    this.#windows = windows
    this.#itemBytes = isCompact ? 4 : 8
    this.#array = first
  }

  /**
   * @param entries the header's count
   * @returns the offset of the next entry; undefined when all were given out
   * @throws {ParseError} if the arrays are damaged: this one and those behind it cannot be read
   */
  next(entries: number): number | undefined {
    const offset = this.peek(entries)
    if (offset === undefined) return undefined
    this.#at += this.#itemBytes
    this.index += 1
    return offset
  }

  /** @returns the offset that `next` will return @throws {ParseError} if the arrays are damaged */
  peek(entries: number): number | undefined {
    if (this.index >= entries) return undefined
    if (this.#at >= this.#items.length) this.#read(entries)
    return this.#itemBytes === 4 ? this.#items.readUInt32LE(this.#at) : readNumber(this.#items, this.#at)
  }

  /** Goes on to the entry of this index. @throws {ParseError} if the arrays are damaged */
  goTo(index: number): void {
    while (index >= this.#end()) this.#advance()
    this.index = Math.max(this.#base, index)
    this.#items = Buffer.alloc(0)
    this.#at = 0
  }

  /**
   * Goes, from the array in hand on, to the first entry for which this holds; it must hold for all behind that one.
   * @throws {ParseError} if the arrays are damaged, or `isBeyond` does
   */
  seek(entries: number, isBeyond: (offset: number) => boolean): void {
    while (this.#end() < entries && !isBeyond(this.#offsetAt(this.#end() - 1))) this.#advance()
    let low = Math.max(this.#base, this.index)
    let high = Math.min(this.#end(), entries)
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (isBeyond(this.#offsetAt(middle))) high = middle
      else low = middle + 1
    }
    this.index = low
    this.#items = Buffer.alloc(0)
    this.#at = 0
  }

  #offsetAt(index: number): number {
    const at = this.#array + arrayHeaderBytes + (index - this.#base) * this.#itemBytes
    const bytes = this.#windows.fresh(at, this.#itemBytes)
    return this.#itemBytes === 4 ? bytes.readUInt32LE(0) : readNumber(bytes, 0)
  }

  /** The index behind the last of the array in hand. */
  #end(): number {
    if (this.#capacity < 0) {
      const size = loadHeader(this.#windows, this.#array, objectType.entryArray, arrayHeaderBytes)
      this.#capacity = Math.floor((size - arrayHeaderBytes) / this.#itemBytes)
      if (this.#capacity === 0) throw new ParseError(`Cannot read entry array at ${this.#array}: it is empty`)
    }
    return this.#base + this.#capacity
  }

  #advance(): void {
    const base = this.#end()
    const next = readNumber(this.#windows.fresh(this.#array, arrayHeaderBytes), 16)
    // They are written one behind the other, so this ends.
    if (next <= this.#array)
      throw new ParseError(`Cannot read entry array at ${this.#array}: the next is at ${next}`)
    this.#array = next
    this.#capacity = -1
    this.#base = base
  }

  #read(entries: number): void {
    while (this.index >= this.#end()) this.#advance()
    const count = Math.min(this.#end(), entries, this.index + mostAtOnce) - this.index
    const from = this.#array + arrayHeaderBytes + (this.index - this.#base) * this.#itemBytes
    this.#items = this.#windows.fresh(from, count * this.#itemBytes)
    this.#at = 0
  }
}
