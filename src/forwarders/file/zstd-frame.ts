/** Where a zstd frame ends, without decoding it: RFC 8878 section 3.1.1. */

/** 0xFD2FB528, little endian. */
export const zstdMagic = Buffer.of(0x28, 0xb5, 0x2f, 0xfd)

const rle = 1
const reserved = 3

/** @returns the length of the frame that begins at `start`; undefined when there is no whole one */
export function frameLength(bytes: Uint8Array, start: number): number | undefined {
  if (!zstdMagic.every((byte, index) => bytes[start + index] === byte)) return undefined
  const descriptor = bytes[start + 4]
  if (descriptor === undefined || (descriptor & 0x08) !== 0) return undefined
  const singleSegment = (descriptor & 0x20) !== 0
  const hasChecksum = (descriptor & 0x04) !== 0
  const windowBytes = singleSegment ? 0 : 1
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 0x03] ?? 0
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 ? Number(singleSegment) : 2 ** sizeFlag
  let at = start + 5 + windowBytes + dictionaryBytes + sizeBytes
  for (let last = false; !last; ) {
    const [low, middle, high] = bytes.subarray(at, at + 3)
    if (low === undefined || middle === undefined || high === undefined) return undefined
    const header = low | (middle << 8) | (high << 16)
    last = (header & 1) !== 0
    const type = (header >> 1) & 3
    if (type === reserved) return undefined
    at += 3 + (type === rle ? 1 : header >> 3)
  }
  if (hasChecksum) at += 4
  return at <= bytes.length ? at - start : undefined
}
