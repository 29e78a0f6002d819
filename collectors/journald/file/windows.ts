/**
 * A file seen through a few windows, so that memory stays bounded however large it is. Reads are synchronous: entries
 * point to fields all over their file, and what is asked for is nearly always in the page cache.
 */
import { fstatSync, readSync } from 'node:fs'
import { ParseError } from '../../../src/errors.ts'
import type { Budget } from './budget.ts'

const stepBytes = 128 << 10
/** What begins in one step mostly ends within it and this. */
const overlapBytes = 16 << 10
/** Read at once of a part that lies behind: a field that is shared with entries of long ago. */
const glanceBytes = 2 << 10

export class Windows {
  readonly #descriptor: number
  readonly #budget: Budget
  /** By step; the least recently used first. */
  readonly #windows = new Map<number, Buffer>()
  #last = -1
  #furthest = 0
  readonly #glanced = Buffer.alloc(glanceBytes)
  #glanceAt = 0
  #glanceLength = 0
  /** What `load` found: the bytes, and where in them the offset is. */
  bytes: Buffer = Buffer.alloc(0)
  at = 0

  constructor(descriptor: number, budget: Budget) {
    this.#budget = budget
    this.#descriptor = descriptor
  }

  get fileBytes(): number {
    return fstatSync(this.#descriptor).size
  }

  /**
   * Makes `bytes` and `at` show this part of the file; they are valid until the next call.
   * @throws {ParseError} if the file ends before
   */
  load(offset: number, length: number): void {
    const step = Math.floor(offset / stepBytes)
    const at = offset - step * stepBytes
    if (at + length > stepBytes + overlapBytes) {
      this.bytes = this.fresh(offset, length)
      this.at = 0
      this.#last = -1
      return
    }
    if (step !== this.#last) {
      if (step < this.#furthest && length <= glanceBytes && !this.#windows.has(step)) {
        this.#glance(offset, length)
        return
      }
      this.bytes = this.#window(step)
      this.#last = step
    }
    if (at + length > this.bytes.length) throw beyond(offset, length)
    this.at = at
  }

  /** Reads from the file as it is now, past the windows. @throws {ParseError} if the file ends before */
  fresh(offset: number, length: number): Buffer {
    if (length > 1 << 20 && offset + length > this.fileBytes) throw beyond(offset, length)
    const bytes = Buffer.allocUnsafe(length)
    if (this.readInto(bytes, offset) < length) throw beyond(offset, length)
    return bytes
  }

  /** @returns how many bytes there were */
  readInto(bytes: Buffer, offset: number): number {
    return Number.isSafeInteger(offset) ? readSync(this.#descriptor, bytes, 0, bytes.length, offset) : 0
  }

  /** Forgets what lies at this offset and behind, since it was written to. */
  forgetFrom(offset: number): void {
    this.#last = -1
    this.#glanceLength = 0
    this.bytes = Buffer.alloc(0)
    for (const [step, bytes] of this.#windows)
      if (step * stepBytes + bytes.length > offset) this.#windows.delete(step)
  }

  /** Reads little, where a window would mostly be read for nothing. */
  #glance(offset: number, length: number): void {
    const isThere = offset >= this.#glanceAt && offset + length <= this.#glanceAt + this.#glanceLength
    if (!isThere) {
      this.#glanceLength = this.readInto(this.#glanced, offset)
      this.#glanceAt = offset
      if (length > this.#glanceLength) throw beyond(offset, length)
    }
    this.bytes = this.#glanced
    this.at = offset - this.#glanceAt
    this.#last = -1
  }

  #window(step: number): Buffer {
    this.#furthest = Math.max(this.#furthest, step)
    let bytes = this.#windows.get(step)
    if (bytes === undefined) {
      let room: Buffer | undefined
      for (const [oldest, held] of this.#windows) {
        if (this.#windows.size < this.#budget.windows) break
        this.#windows.delete(oldest)
        room = held
      }
      if (room?.length !== stepBytes + overlapBytes) room = Buffer.allocUnsafeSlow(stepBytes + overlapBytes)
      bytes = room.subarray(0, this.readInto(room, step * stepBytes))
    } else this.#windows.delete(step)
    this.#windows.set(step, bytes)
    return bytes
  }
}

function beyond(offset: number, length: number): ParseError {
  return new ParseError(`Cannot read ${length} bytes at ${offset}: the file ends before`)
}
