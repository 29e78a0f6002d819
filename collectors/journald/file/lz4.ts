/**
 * An LZ4 block: sequences of a token, literal bytes, and a copy of bytes that came before.
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
import { ParseError } from '../../../src/errors.ts'

/**
 * @param length the bytes it makes, or the first of them that are wanted
 * @throws {ParseError} if it makes fewer, or is no LZ4 block
 */
export function lz4Block(block: Buffer, length: number): Buffer {
  const fail = (at: number, why: string) => new ParseError(`Cannot decompress LZ4 at byte ${at}: ${why}`)
  // What a short block claims to hold is not believed: 255 bytes a byte is all that LZ4 can.
  const out = Buffer.alloc(Math.min(length, block.length * 255))
  let at = 0
  let made = 0
  /** A length that goes on in further bytes, each up to 255. */
  const extended = (base: number): number => {
    let value = base
    if (base !== 15) return value
    for (;;) {
      const byte = block[at++]
      if (byte === undefined) throw fail(at, 'a length ends early')
      value += byte
      if (byte < 255) return value
    }
  }
  while (made < out.length) {
    const token = block[at++]
    if (token === undefined) break
    const literals = extended(token >> 4)
    if (at + literals > block.length) throw fail(at, `${literals} literal bytes beyond its end`)
    made += block.copy(out, made, at, at + literals)
    at += literals
    if (made >= out.length || at >= block.length) break
    if (at + 2 > block.length) throw fail(at, 'an offset ends early')
    const distance = block.readUInt16LE(at)
    at += 2
    if (distance === 0 || distance > made) throw fail(at, `offset ${distance} after ${made} bytes`)
    const copied = Math.min(extended(token & 15) + 4, out.length - made)
    if (distance >= copied) out.copyWithin(made, made - distance, made - distance + copied)
    else for (let index = 0; index < copied; index++) out[made + index] = out[made + index - distance] ?? 0
    made += copied
  }
  if (made < length) throw fail(at, `${made} bytes, expected ${length}`)
  return out
}
