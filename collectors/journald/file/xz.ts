/**
 * The first block of an .xz stream with the LZMA2 filter alone, which is what journald writes, one for each field.
 * @see https://tukaani.org/xz/xz-file-format.txt
 */
import { ParseError } from '../../../src/errors.ts'
import { Lzma } from './lzma.ts'

const magic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])
const streamHeaderBytes = 12
const lzma2 = 0x21

interface Chunk {
  readonly control: number
  readonly from: number
  readonly to: number
  /** What it makes. */
  readonly length: number
  readonly properties: number | undefined
}

/**
 * @param mostBytes what is made of it at most
 * @returns the first bytes, and how many there are
 * @throws {ParseError} if it is not such a stream
 */
export function xz(stream: Buffer, mostBytes: number): { bytes: Buffer; length: number } {
  const chunks = chunksOf(stream, blockData(stream))
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  const lzma = new Lzma(Math.min(length, mostBytes))
  let hasProperties = false
  for (const [index, { control, from, to, properties, length: makes }] of chunks.entries()) {
    if (lzma.made >= mostBytes) break
    const resets = control < 0x80 ? control === 1 : control >= 0xe0
    if (index === 0 && !resets) throw new ParseError('Cannot decompress XZ: the first chunk resets nothing')
    if (resets) lzma.dictionaryFrom = lzma.made
    const chunk = stream.subarray(from, to)
    if (control < 0x80) {
      lzma.copyPlain(chunk)
      continue
    }
    if (properties !== undefined) lzma.setProperties(properties)
    else if (!hasProperties) throw new ParseError('Cannot decompress XZ: a chunk without properties')
    else if (control >= 0xa0) lzma.resetState()
    hasProperties = true
    lzma.decode(chunk, makes)
  }
  return { bytes: lzma.out, length }
}

/** @returns where the data of the first block begins */
function blockData(stream: Buffer): number {
  const fail = (why: string) => new ParseError(`Cannot decompress XZ: ${why}`)
  if (stream.length < streamHeaderBytes + 8 || !stream.subarray(0, 6).equals(magic))
    throw fail('it does not begin as one')
  const at = streamHeaderBytes
  const size = (stream.readUInt8(at) + 1) * 4
  const flags = stream.readUInt8(at + 1)
  if ((flags & 3) !== 0) throw fail('it has further filters')
  let next = at + 2
  const varint = () => {
    while (next < stream.length && stream.readUInt8(next) >= 0x80) next += 1
    next += 1
  }
  if ((flags & 0x40) !== 0) varint()
  if ((flags & 0x80) !== 0) varint()
  if (stream[next] !== lzma2) throw fail(`filter ${stream[next]}, expected LZMA2`)
  return at + size
}

function chunksOf(stream: Buffer, begin: number): Chunk[] {
  const chunks: Chunk[] = []
  let at = begin
  const need = (bytes: number) => {
    if (at + bytes > stream.length) throw new ParseError('Cannot decompress XZ: a chunk ends early')
  }
  for (;;) {
    need(1)
    const control = stream.readUInt8(at)
    if (control === 0) return chunks
    if (control > 2 && control < 0x80) throw new ParseError(`Cannot decompress XZ: control byte ${control}`)
    const hasProperties = control >= 0xc0
    const head = control < 0x80 ? 3 : hasProperties ? 6 : 5
    need(head)
    const low = stream.readUInt16BE(at + 1) + 1
    const length = control < 0x80 ? low : low + (control & 0x1f) * 0x10000
    const packed = control < 0x80 ? low : stream.readUInt16BE(at + 3) + 1
    const properties = hasProperties ? stream.readUInt8(at + 5) : undefined
    at += head
    need(packed)
    chunks.push({ control, from: at, to: at + packed, length, properties })
    at += packed
  }
}
