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

/** Bytes of a file, and the same as numbers of 32 bits. */
class Window {
  readonly bytes: Buffer
  readonly words: Int32Array

  /** @param room its own memory, of which so much is filled */
  constructor(room: Buffer, length: number) {
    this.bytes = room.length === length ? room : room.subarray(0, length)
    this.words = new Int32Array(room.buffer, room.byteOffset, length >> 2)
  }
}

const nothing = new Window(Buffer.allocUnsafeSlow(0), 0)

export class Windows {
  readonly #descriptor: number
  readonly #budget: Budget
  /** By step; the least recently used first. */
  readonly #windows = new Map<number, Window>()
  #furthest = 0
  #glanced = nothing
  /** What is lent must not be written over. */
  #isLent = false
  /** The window that `load` found, and where in the file it begins. */
  #shown = nothing
  #from = 0
  #length = 0
  /** Where in the window the offset is. */
  at = 0

  constructor(descriptor: number, budget: Budget) {
    this.#budget = budget
    this.#descriptor = descriptor
  }

  get fileBytes(): number {
    return fstatSync(this.#descriptor).size
  }

  /** What `load` found, from `at` on. */
  get bytes(): Buffer {
    return this.#shown.bytes
  }

  /** The same in numbers of 32 bits, from `at / 4` on: `at` is a multiple of 8 where the offset is. */
  get words(): Int32Array {
    return this.#shown.words
  }

  /**
   * Makes `bytes` and `at` show this part of the file; they are valid until the next call, or as long as they are lent.
   * @throws {ParseError} if the file ends before
   */
  load(offset: number, length: number): void {
    const at = offset - this.#from
    if (at >= 0 && at + length <= this.#length) this.at = at
    else this.#find(offset, length)
  }

  #find(offset: number, length: number): void {
    const step = Math.floor(offset / stepBytes)
    const from = step * stepBytes
    if (offset - from + length > stepBytes + overlapBytes) {
      const bytes = this.fresh(offset, length)
      this.#show(new Window(bytes, length), offset, offset)
      return
    }
    if (step < this.#furthest && length <= glanceBytes && !this.#windows.has(step)) {
      this.#glance(offset, length)
      return
    }
    const window = this.#window(step)
    if (offset - from + length > window.bytes.length) throw beyond(offset, length)
    this.#show(window, from, offset)
  }

  #show(window: Window, from: number, offset: number): void {
    this.#shown = window
    this.#from = from
    this.#length = window.bytes.length
    this.at = offset - from
  }

  /** What `load` has shown stays as it is until `takeBack`. */
  lend(): void {
    this.#isLent = true
  }

  takeBack(): void {
    this.#isLent = false
  }

  /** Reads from the file as it is now, past the windows. @throws {ParseError} if the file ends before */
  fresh(offset: number, length: number): Buffer {
    if (length > 1 << 20 && offset + length > this.fileBytes) throw beyond(offset, length)
    const bytes = Buffer.allocUnsafeSlow(length)
    if (this.readInto(bytes, offset) < length) throw beyond(offset, length)
    return bytes
  }

  /** @returns how many bytes there were */
  readInto(bytes: Buffer, offset: number): number {
    return Number.isSafeInteger(offset) ? readSync(this.#descriptor, bytes, 0, bytes.length, offset) : 0
  }

  /** Reading goes on elsewhere: what was looked at to find that place says nothing of what comes. */
  startAnew(): void {
    this.#furthest = 0
  }

  /** Forgets what lies at this offset and behind, since it was written to. */
  forgetFrom(offset: number): void {
    this.#show(nothing, 0, 0)
    for (const [step, { bytes }] of this.#windows)
      if (step * stepBytes + bytes.length > offset) this.#windows.delete(step)
  }

  /** Reads little, where a window would mostly be read for nothing. */
  #glance(offset: number, length: number): void {
    const room = this.#isLent || this.#glanced === nothing ? undefined : this.#glanced
    const bytes = Buffer.from(room?.words.buffer ?? new ArrayBuffer(glanceBytes))
    const there = this.readInto(bytes, offset)
    if (length > there) throw beyond(offset, length)
    this.#glanced = new Window(bytes, there)
    this.#show(this.#glanced, offset, offset)
  }

  #window(step: number): Window {
    this.#furthest = Math.max(this.#furthest, step)
    let window = this.#windows.get(step)
    if (window === undefined) {
      let room: Buffer | undefined
      for (const [oldest, { bytes }] of this.#windows) {
        if (this.#windows.size < this.#budget.windows) break
        this.#windows.delete(oldest)
        room = bytes
      }
      this.#show(nothing, 0, 0) // It may be what is read over.
      if (this.#isLent || room?.length !== stepBytes + overlapBytes)
        room = Buffer.allocUnsafeSlow(stepBytes + overlapBytes)
      window = new Window(room, this.readInto(room, step * stepBytes))
    } else this.#windows.delete(step)
    this.#windows.set(step, window)
    return window
  }
}

function beyond(offset: number, length: number): ParseError {
  return new ParseError(`Cannot read ${length} bytes at ${offset}: the file ends before`)
}
