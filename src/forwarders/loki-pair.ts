/**
 * One pair of structured metadata as the protobuf of an entry has it: field 3 of EntryAdapter, a LabelPairAdapter of
 * two strings (proto/loki/push.proto). Written by hand: most of what an event costs is its pairs.
 */

/** Metadata's field 3, and the strings' fields 1 and 2, all of wire type 2 (length-delimited). */
export const pairTag = 0x1a
const nameTag = 0x0a
export const valueTag = 0x12

/** A name with its tag and length, as every pair of that name begins. */
export function nameOfPair(name: string): Buffer {
  const length = Buffer.byteLength(name)
  const bytes = Buffer.allocUnsafe(1 + varintLength(length) + length)
  bytes.write(name, head(bytes, 0, nameTag, length), length, 'utf8')
  return bytes
}

export function pair(name: string, value: string): Buffer {
  return pairOf(nameOfPair(name), value)
}

export function pairOf(name: Buffer, value: string): Buffer {
  const length = Buffer.byteLength(value)
  const inner = name.length + 1 + varintLength(length) + length
  const bytes = Buffer.allocUnsafe(1 + varintLength(inner) + inner)
  let at = head(bytes, 0, pairTag, inner)
  bytes.set(name, at)
  at = head(bytes, at + name.length, valueTag, length)
  bytes.write(value, at, length, 'utf8')
  return bytes
}

/** Writes a tag and a length. @returns the offset behind them */
export function head(bytes: Buffer, offset: number, tag: number, length: number): number {
  bytes[offset] = tag
  return varint(bytes, offset + 1, length)
}

/** Writes a whole number below 2^53. @returns the offset behind it */
export function varint(bytes: Buffer, offset: number, value: number): number {
  let at = offset
  let rest = value
  while (rest >= 0x80) {
    bytes[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  bytes[at] = rest
  return at + 1
}

export function varintLength(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  let count = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) count += 1
  return count
}

/** At most so many bytes of UTF-8, the marker that says the full length included. */
export function cut(whole: string, mostBytes: number, marker?: string): string {
  // No character of a string has more than three bytes of UTF-8 to its UTF-16 unit.
  if (whole.length * 3 <= mostBytes) return whole.toWellFormed()
  const bytes = Buffer.from(whole)
  if (bytes.length <= mostBytes) return whole.toWellFormed()
  const end = marker ?? ` … [cut: ${bytes.length} bytes]`
  let length = mostBytes - Buffer.byteLength(end)
  while (length > 0 && ((bytes[length] ?? 0) & 0xc0) === 0x80) length -= 1
  return bytes.toString('utf8', 0, length) + end
}
