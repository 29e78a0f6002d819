/**
 * One LZ4 block without a frame, as pstore has it.
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
import { ParseError } from '../../src/errors.ts'

/** @throws {ParseError} if it is no block, or one of more than `mostBytes` */
export function decodeLz4Block(bytes: Uint8Array, mostBytes: number): Buffer {
  const out = Buffer.allocUnsafe(mostBytes)
  let length = 0
  let at = 0
  const next = () => {
    const byte = bytes[at++]
    if (byte === undefined) throw new ParseError('Cannot decode LZ4 block: it ends too early')
    return byte
  }
  /** Fifteen in the token means that more bytes follow, each of 255 but the last. */
  const extended = (half: number) => {
    let total = half
    if (half === 15) for (let byte = 255; byte === 255; total += byte) byte = next()
    if (length + total > mostBytes)
      throw new ParseError(`Cannot decode LZ4 block: more than ${mostBytes} bytes`)
    return total
  }
  while (at < bytes.length) {
    const token = next()
    const literals = extended(token >>> 4)
    if (at + literals > bytes.length) throw new ParseError('Cannot decode LZ4 block: it ends within literals')
    out.set(bytes.subarray(at, at + literals), length)
    at += literals
    length += literals
    if (at >= bytes.length) break // The last sequence has no match.
    const offset = next() | (next() << 8)
    const matched = extended(token & 15) + 4
    if (offset === 0 || offset > length)
      throw new ParseError(`Cannot decode LZ4 block: a match ${offset} bytes back, of ${length}`)
    if (length + matched > mostBytes)
      throw new ParseError(`Cannot decode LZ4 block: more than ${mostBytes} bytes`)
    // Byte by byte: a match may overlap what it makes.
    for (const end = length + matched; length < end; length++) out[length] = out[length - offset] ?? 0
  }
  return Buffer.from(out.subarray(0, length))
}
