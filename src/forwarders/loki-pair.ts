/**
 * One pair of structured metadata as the protobuf of an entry has it: field 3 of EntryAdapter, a LabelPairAdapter of
 * two strings (proto/loki/push.proto). Written by hand: most of what an event costs is its pairs.
 */

/** Metadata's field 3, and the strings' fields 1 and 2, all of wire type 2 (length-delimited). */
const pairTag = 0x1a
const nameTag = 0x0a
const valueTag = 0x12

export function pair(name: string, value: string): Uint8Array {
  const nameLength = Buffer.byteLength(name)
  const valueLength = Buffer.byteLength(value)
  const inner = 2 + varintLength(nameLength) + nameLength + varintLength(valueLength) + valueLength
  const bytes = Buffer.allocUnsafe(1 + varintLength(inner) + inner)
  let at = head(bytes, 0, pairTag, inner)
  at = head(bytes, at, nameTag, nameLength)
  at += bytes.write(name, at, nameLength, 'utf8')
  at = head(bytes, at, valueTag, valueLength)
  bytes.write(value, at, valueLength, 'utf8')
  return bytes
}

/** @returns the offset behind the tag and the length */
function head(bytes: Buffer, offset: number, tag: number, length: number): number {
  bytes[offset] = tag
  let at = offset + 1
  let rest = length
  for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80
  bytes[at] = rest
  return at + 1
}

function varintLength(length: number): number {
  let count = 1
  for (let rest = length; rest >= 0x80; rest >>>= 7) count += 1
  return count
}
