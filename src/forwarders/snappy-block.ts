/**
 * A snappy block that is written as its content is made: whoever makes it knows what it repeats, so nothing is searched
 * and what is repeated is never written out. It keeps to what the reference encoder uses: literals, and copies of up to 64
 * bytes from at most 65,535 bytes before.
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */

import { copyBytes } from '../copy-bytes.ts'

/** From so many bytes on a copy is shorter than the bytes. */
export const fewestCopied = 8
export const furthest = 65_535
const mostCopied = 64
const mostLiteral = 65_536
/** Tag and length before a literal. */
const literalHead = 3
const twoByteLength = 61 << 2
/** The longest whose length the tag itself has room for. */
const mostShort = 60
const twoByteOffset = 2

const none: Buffer = Buffer.alloc(0)
const roomBytes = 256 << 10

export class SnappyBlock {
  #out: Buffer = none
  #length = 0
  /** Where the literal in hand begins, behind its head; -1: there is none. */
  #literal = -1
  /** The copy in hand. */
  #distance = 0
  #copied = 0
  /** Bytes of the content so far. */
  at = 0

  /** Begins another block, whose content will have so many bytes. */
  begin(contentLength: number): void {
    if (this.#out.length === 0) this.#out = Buffer.allocUnsafeSlow(roomBytes)
    this.#length = 0
    this.#literal = -1
    this.#copied = 0
    this.at = 0
    let rest = contentLength
    while (rest >= 0x80) {
      this.#out[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#out[this.#length++] = rest
  }

  /** A byte of content. */
  byte(value: number): void {
    this.#open(1)
    this.#out[this.#length++] = value
    this.at += 1
  }

  /** A varint (LEB128) of a whole number below 2^53. */
  varint(value: number): void {
    this.#open(8)
    const out = this.#out
    const from = this.#length
    let at = from
    let rest = value
    while (rest > 0x7fff_ffff) {
      out[at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    while (rest >= 0x80) {
      out[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    out[at++] = rest
    this.#length = at
    this.at += at - from
  }

  bytes(bytes: Buffer, from: number, to: number): void {
    for (let next = from; next < to; next += mostLiteral)
      this.#some(bytes, next, Math.min(to, next + mostLiteral))
  }

  /** So many bytes again that lie so far before; the two may follow one another in one stretch. */
  repeat(distance: number, length: number): void {
    if (this.#copied > 0 && this.#distance === distance) this.#copied += length
    else {
      this.#flush()
      this.#distance = distance
      this.#copied = length
    }
    this.at += length
  }

  /** @returns the block. It is the caller's, unless that gives it back. */
  done(): Buffer {
    this.#shorten()
    this.#flush()
    const out = this.#out
    this.#out = none
    return out.subarray(0, this.#length)
  }

  /** What `done` returned last is used by nobody any more. */
  giveBack(block: Buffer): void {
    if (this.#out.length === 0) this.#out = Buffer.from(block.buffer)
  }

  #some(bytes: Buffer, from: number, to: number): void {
    const length = to - from
    if (length === 0) return
    this.#open(length)
    const out = this.#out
    const at = this.#length
    copyBytes(bytes, from, to, out, at)
    this.#length = at + length
    this.at += length
  }

  /** Makes room for so many bytes of a literal. */
  #open(length: number): void {
    if (this.#copied > 0 || (this.#literal >= 0 && this.#length - this.#literal + length > mostLiteral))
      this.#flush()
    if (this.#length + length + literalHead > this.#out.length) this.#grow(length + literalHead)
    if (this.#literal >= 0) return
    this.#length += literalHead
    this.#literal = this.#length
  }

  /** Readers (Rust's snap, snappyjs) look for four bytes behind a tag with a length of its own, even at the end. */
  #shorten(): void {
    const length = this.#length - this.#literal
    if (this.#literal < 0 || length > mostShort) return
    const head = this.#literal - literalHead
    this.#out[head] = (length - 1) << 2
    this.#out.copyWithin(head + 1, this.#literal, this.#length)
    this.#length = head + 1 + length
    this.#literal = -1
  }

  /** Ends the literal or the copy in hand. */
  #flush(): void {
    if (this.#copied > 0) this.#copy()
    if (this.#literal < 0) return
    const last = this.#length - this.#literal - 1
    const head = this.#literal - literalHead
    this.#out[head] = twoByteLength
    this.#out[head + 1] = last & 0xff
    this.#out[head + 2] = last >>> 8
    this.#literal = -1
  }

  #copy(): void {
    const parts = Math.ceil(this.#copied / mostCopied)
    if (this.#length + parts * 3 > this.#out.length) this.#grow(parts * 3)
    const out = this.#out
    let at = this.#length
    for (let left = this.#copied; left > 0; left -= mostCopied) {
      out[at++] = ((Math.min(left, mostCopied) - 1) << 2) | twoByteOffset
      out[at++] = this.#distance & 0xff
      out[at++] = this.#distance >>> 8
    }
    this.#length = at
    this.#copied = 0
  }

  #grow(by: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#out.length * 2, this.#length + by))
    this.#out.copy(larger, 0, 0, this.#length)
    this.#out = larger
  }
}
