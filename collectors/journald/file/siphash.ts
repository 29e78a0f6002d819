/**
 * SipHash-2-4 of 64 bits, the hash of a data object in files with the keyed-hash flag; the key is the file id.
 * @see https://www.aumasson.jp/siphash/siphash.pdf
 */

const mask = 0xffff_ffff_ffff_ffffn

/** Only for entries whose own hash does not tell that they are whole, so it may be slow. */
export function siphash24(key: Buffer, bytes: Buffer): bigint {
  const k0 = key.readBigUInt64LE(0)
  const k1 = key.readBigUInt64LE(8)
  let v0 = k0 ^ 0x736f6d6570736575n
  let v1 = k1 ^ 0x646f72616e646f6dn
  let v2 = k0 ^ 0x6c7967656e657261n
  let v3 = k1 ^ 0x7465646279746573n
  const rounds = (count: number) => {
    for (let round = 0; round < count; round++) {
      v0 = (v0 + v1) & mask
      v1 = rotate(v1, 13n) ^ v0
      v0 = rotate(v0, 32n)
      v2 = (v2 + v3) & mask
      v3 = rotate(v3, 16n) ^ v2
      v0 = (v0 + v3) & mask
      v3 = rotate(v3, 21n) ^ v0
      v2 = (v2 + v1) & mask
      v1 = rotate(v1, 17n) ^ v2
      v2 = rotate(v2, 32n)
    }
  }
  const take = (word: bigint) => {
    v3 ^= word
    rounds(2)
    v0 ^= word
  }
  const whole = bytes.length - (bytes.length % 8)
  for (let at = 0; at < whole; at += 8) take(bytes.readBigUInt64LE(at))
  const rest = Buffer.alloc(8)
  bytes.copy(rest, 0, whole)
  rest[7] = bytes.length & 0xff
  take(rest.readBigUInt64LE(0))
  v2 ^= 0xffn
  rounds(4)
  return v0 ^ v1 ^ v2 ^ v3
}

function rotate(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & mask
}
