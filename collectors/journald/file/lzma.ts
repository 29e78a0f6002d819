/**
 * LZMA: a range coder of adaptive bits, over literals and copies of bytes that came before.
 * @see the LZMA specification (public domain), https://www.7-zip.org/sdk.html
 */
import { ParseError } from '../../../src/errors.ts'

const half = 1024
const literalStates = 7

function bits(count: number): Uint16Array {
  return new Uint16Array(count).fill(half)
}

/** Lengths of copies, 2 and more. */
interface LengthBits {
  readonly choice: Uint16Array
  readonly low: readonly Uint16Array[]
  readonly mid: readonly Uint16Array[]
  readonly high: Uint16Array
}

function lengthBits(): LengthBits {
  const trees = () => Array.from({ length: 16 }, () => bits(8))
  return { choice: bits(2), low: trees(), mid: trees(), high: bits(256) }
}

/** What is adapted to the bytes so far. */
function model(literals: number) {
  return {
    isMatch: bits(12 << 4),
    isRep: bits(12),
    isRepG0: bits(12),
    isRepG1: bits(12),
    isRepG2: bits(12),
    isRep0Long: bits(12 << 4),
    literal: bits(0x300 << literals),
    slots: Array.from({ length: 4 }, () => bits(64)),
    special: bits(115),
    align: bits(16),
    length: lengthBits(),
    repLength: lengthBits(),
  }
}

/** Decodes the chunks of one LZMA2 stream into one buffer, which is the dictionary too. */
export class Lzma {
  readonly out: Buffer
  made = 0
  /** Nothing before it may be copied. */
  dictionaryFrom = 0
  #model = model(0)
  #lc = 0
  #lpMask = 0
  #pbMask = 0
  #state = 0
  #reps = [0, 0, 0, 0]
  #in: Buffer = Buffer.alloc(0)
  #at = 0
  #range = 0
  #code = 0

  /** @param length the most bytes that are wanted */
  constructor(length: number) {
    this.out = Buffer.alloc(length)
  }

  /** @throws {ParseError} if the byte is none of lc, lp and pb */
  setProperties(byte: number): void {
    const lc = byte % 9
    const lp = Math.floor(byte / 9) % 5
    const pb = Math.floor(byte / 45)
    if (pb > 4 || lc + lp > 4) throw new ParseError(`Cannot decompress LZMA: properties ${byte}`)
    this.#lc = lc
    this.#lpMask = (1 << lp) - 1
    this.#pbMask = (1 << pb) - 1
    this.#model = model(lc + lp)
    this.resetState()
  }

  resetState(): void {
    this.#model = model(this.#lc + Math.log2(this.#lpMask + 1))
    this.#state = 0
    this.#reps = [0, 0, 0, 0]
  }

  copyPlain(chunk: Buffer): void {
    this.made += chunk.copy(this.out, this.made)
  }

  /** Decodes a chunk that makes `length` bytes, or as many as are wanted. @throws {ParseError} if it is malformed */
  decode(chunk: Buffer, length: number): void {
    if (chunk.length < 5) throw new ParseError('Cannot decompress LZMA: a chunk ends early')
    this.#in = chunk
    this.#range = 0xffffffff
    this.#code = chunk.readUInt32BE(1)
    this.#at = 5
    const until = Math.min(this.made + length, this.out.length)
    while (this.made < until) this.#next(until)
  }

  #next(until: number): void {
    const { isMatch, isRep, isRepG0, isRepG1, isRepG2, isRep0Long, length, repLength } = this.#model
    const posState = (this.made - this.dictionaryFrom) & this.#pbMask
    const state = this.#state
    if (this.#bit(isMatch, (state << 4) + posState) === 0) {
      this.#literal()
      return
    }
    const reps = this.#reps
    let copied: number
    if (this.#bit(isRep, state) === 0) {
      copied = this.#length(length, posState)
      this.#state = state < literalStates ? 7 : 10
      this.#reps = [this.#distance(copied), reps[0] ?? 0, reps[1] ?? 0, reps[2] ?? 0]
    } else if (this.#bit(isRepG0, state) === 0) {
      if (this.#bit(isRep0Long, (state << 4) + posState) === 0) {
        this.#state = state < literalStates ? 9 : 11
        this.#copy(reps[0] ?? 0, 1, until)
        return
      }
      copied = this.#length(repLength, posState)
      this.#state = state < literalStates ? 8 : 11
    } else {
      const which = this.#bit(isRepG1, state) === 0 ? 1 : this.#bit(isRepG2, state) === 0 ? 2 : 3
      const [chosen = 0] = reps.splice(which, 1)
      reps.unshift(chosen)
      copied = this.#length(repLength, posState)
      this.#state = state < literalStates ? 8 : 11
    }
    this.#copy(this.#reps[0] ?? 0, copied, until)
  }

  #copy(distance: number, length: number, until: number): void {
    if (distance >= this.made - this.dictionaryFrom)
      throw new ParseError(`Cannot decompress LZMA: distance ${distance} after ${this.made} bytes`)
    for (let left = Math.min(length, until - this.made); left > 0; left--) {
      this.out[this.made] = this.out[this.made - distance - 1] ?? 0
      this.made += 1
    }
  }

  #literal(): void {
    const at = this.made - this.dictionaryFrom
    const before = at > 0 ? (this.out[this.made - 1] ?? 0) : 0
    const base = 0x300 * (((at & this.#lpMask) << this.#lc) + (before >> (8 - this.#lc)))
    const { literal } = this.#model
    let symbol = 1
    if (this.#state >= literalStates) {
      const distance = this.#reps[0] ?? 0
      if (distance >= at) throw new ParseError(`Cannot decompress LZMA: distance ${distance} at byte ${at}`)
      let match = this.out[this.made - distance - 1] ?? 0
      while (symbol < 0x100) {
        const matchBit = (match >> 7) & 1
        match <<= 1
        const bit = this.#bit(literal, base + ((1 + matchBit) << 8) + symbol)
        symbol = (symbol << 1) | bit
        if (bit !== matchBit) break
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(literal, base + symbol)
    this.out[this.made++] = symbol & 0xff
    const state = this.#state
    this.#state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6
  }

  #length({ choice, low, mid, high }: LengthBits, posState: number): number {
    if (this.#bit(choice, 0) === 0) return 2 + this.#tree(low[posState] ?? high, 3)
    if (this.#bit(choice, 1) === 0) return 10 + this.#tree(mid[posState] ?? high, 3)
    return 18 + this.#tree(high, 8)
  }

  #distance(length: number): number {
    const { slots, special, align } = this.#model
    const slot = this.#tree(slots[Math.min(length - 2, 3)] ?? special, 6)
    if (slot < 4) return slot
    const direct = (slot >> 1) - 1
    const base = (2 | (slot & 1)) * 2 ** direct
    if (slot < 14) return base + this.#reverse(special, base - slot, direct)
    let value = 0
    for (let count = direct - 4; count > 0; count--) {
      this.#range >>>= 1
      const bit = this.#code >= this.#range ? 1 : 0
      if (bit === 1) this.#code -= this.#range
      value = value * 2 + bit
      this.#normalise()
    }
    return base + value * 16 + this.#reverse(align, 0, 4)
  }

  #tree(probabilities: Uint16Array, count: number): number {
    let symbol = 1
    for (let index = 0; index < count; index++) symbol = (symbol << 1) | this.#bit(probabilities, symbol)
    return symbol - (1 << count)
  }

  /** The lowest bit first. */
  #reverse(probabilities: Uint16Array, base: number, count: number): number {
    let symbol = 1
    let value = 0
    for (let index = 0; index < count; index++) {
      const bit = this.#bit(probabilities, base + symbol)
      symbol = (symbol << 1) | bit
      value |= bit << index
    }
    return value
  }

  #bit(probabilities: Uint16Array, index: number): number {
    const probability = probabilities[index] ?? half
    const bound = (this.#range >>> 11) * probability
    let bit = 0
    if (this.#code < bound) {
      this.#range = bound
      probabilities[index] = probability + ((2048 - probability) >> 5)
    } else {
      this.#range -= bound
      this.#code -= bound
      probabilities[index] = probability - (probability >> 5)
      bit = 1
    }
    this.#normalise()
    return bit
  }

  #normalise(): void {
    if (this.#range >= 0x1000000) return
    const byte = this.#in[this.#at++]
    if (byte === undefined) throw new ParseError('Cannot decompress LZMA: a chunk ends early')
    this.#range = (this.#range * 256) >>> 0
    this.#code = (this.#code * 256 + byte) >>> 0
  }
}
