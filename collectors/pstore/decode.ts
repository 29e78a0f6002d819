/**
 * The text of a record that the kernel could not unpack (`.enc.z`): deflate with or without a header, zstd, or an LZ4
 * block. The name does not say which, so each is tried; what comes out must look like a log.
 * @see Linux fs/pstore/platform.c
 */
import { constants, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { decodeLz4Block } from './lz4.ts'

const mostBytes = 4 << 20
const partial = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: mostBytes }
const decoders: readonly ((bytes: Uint8Array) => Buffer)[] = [
  (bytes) => zstdDecompressSync(bytes, { maxOutputLength: mostBytes }),
  (bytes) => inflateSync(bytes, partial),
  (bytes) => inflateRawSync(bytes, partial),
  (bytes) => decodeLz4Block(bytes, mostBytes),
]

/** @returns undefined if it is packed in a way that is not known (lzo, 842), or damaged */
export function decode(bytes: Uint8Array): Buffer | undefined {
  for (const decoder of decoders) {
    try {
      const text = decoder(bytes)
      if (isLog(text)) return text
    } catch {
      // It is packed in another way, or damaged.
    }
  }
  return undefined
}

/** Nearly all of it prints. */
function isLog(text: Buffer): boolean {
  const sample = text.subarray(0, 4096)
  let printing = 0
  for (const byte of sample)
    if (byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) printing += 1
  return sample.length > 0 && printing >= sample.length * 0.95
}
