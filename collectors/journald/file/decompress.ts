/** The payload of a data object, whichever of three ways it is compressed; never more of it than is wanted. */
import { constants, zstdDecompressSync } from 'node:zlib'
import { ParseError } from '../../../src/errors.ts'
import { lz4Block } from './lz4.ts'
import { xz } from './xz.ts'

/** The flags of a data object. At most one is set. */
export const compressed = { xz: 1, lz4: 2, zstd: 4 } as const

/** journald takes no larger field. */
export const largestField = 768 << 20
/** A zstd block makes no more. */
const blockBytes = 128 << 10

export interface Payload {
  readonly bytes: Buffer
  /** How many there are; `bytes` are the first of them. */
  readonly length: number
}

/**
 * @param mostBytes what is made of it at most
 * @throws {ParseError} if it is not what the flag says, or would be larger than a field can be
 */
export function decompress(flag: number, packed: Buffer, mostBytes: number): Payload {
  if (flag === compressed.zstd) return zstd(packed, mostBytes)
  if (flag === compressed.xz) return xz(packed, mostBytes)
  if (flag !== compressed.lz4) throw new ParseError(`Cannot decompress field: flags ${flag}`)
  if (packed.length < 8) throw new ParseError('Cannot decompress LZ4: it has no size')
  const length = Number(packed.readBigUInt64LE(0))
  if (length > largestField) throw new ParseError(`Cannot decompress LZ4: a size of ${length}`)
  return { bytes: lz4Block(packed.subarray(8), Math.min(length, mostBytes)), length }
}

function zstd(packed: Buffer, mostBytes: number): Payload {
  const length = zstdLength(packed)
  try {
    if (length <= mostBytes) {
      const bytes = zstdDecompressSync(packed, { maxOutputLength: Math.max(1, length) })
      if (bytes.length !== length) throw new RangeError(`${bytes.length} bytes, expected ${length}`)
      return { bytes, length }
    }
    return { bytes: zstdBegin(packed, mostBytes), length }
  } catch (cause) {
    if (cause instanceof ParseError) throw cause
    throw new ParseError('Cannot decompress zstd', { cause })
  }
}

/** The first bytes, out of the part of the frame that makes them: it is found by halves. */
function zstdBegin(packed: Buffer, mostBytes: number): Buffer {
  const maxOutputLength = mostBytes + 2 * blockBytes
  let least = 0
  let most = packed.length
  while (least < most) {
    const middle = Math.ceil((least + most) / 2)
    const made = zstdOf(packed.subarray(0, middle), maxOutputLength)
    if (made === undefined) most = middle - 1
    else if (made.length < mostBytes) least = middle
    else return Buffer.from(made.subarray(0, mostBytes))
  }
  throw new ParseError(`Cannot decompress zstd: it does not make ${mostBytes} bytes`)
}

/** @returns undefined if it makes more than that */
function zstdOf(part: Buffer, maxOutputLength: number): Buffer | undefined {
  try {
    return zstdDecompressSync(part, { maxOutputLength, finishFlush: constants.ZSTD_e_flush })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw error
  }
}

/** The content size out of a frame's header. @see RFC 8878, section 3.1.1.1 */
function zstdLength(packed: Buffer): number {
  const fail = (why: string) => new ParseError(`Cannot decompress zstd: ${why}`)
  if (packed.length < 6) throw fail(`a frame of ${packed.length} bytes`)
  if (packed.readUInt32LE(0) !== 0xfd2fb528) throw fail('it does not begin as a frame')
  const descriptor = packed.readUInt8(4)
  const isSingle = (descriptor & 0x20) !== 0
  const at = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0)
  const kind = descriptor >> 6
  if (kind === 0 && !isSingle) throw fail('its size is not known')
  const width = [1, 2, 4, 8][kind] ?? 1
  if (at + width > packed.length) throw fail('its header ends early')
  const length =
    width === 8 ? Number(packed.readBigUInt64LE(at)) : packed.readUIntLE(at, width) + (kind === 1 ? 256 : 0)
  if (length > largestField) throw fail(`a size of ${length}`)
  return length
}
