/**
 * Bob Jenkins' lookup3 (hashlittle2, public domain) in 64 bits, as the journal uses it: an entry's xor_hash is the XOR of
 * this hash of each of its fields, in every file whatever hash its tables use.
 * @see https://burtleburtle.net/bob/c/lookup3.c and https://systemd.io/JOURNAL_FILE_FORMAT/#hash-tables
 */

/** The last hash: no object is made, since every field of a journal goes through it. */
export class Jenkins {
  high = 0
  low = 0

  /** Hashes the bytes from `from` to before `to`; the halves are signed. */
  of(bytes: Buffer, from: number, to: number): void {
    if (bytes.byteOffset % 4 === 0 && from % 4 === 0) this.ofWords(bytes, wordsOf(bytes), from, to)
    else {
      const aligned = Buffer.allocUnsafeSlow(to - from)
      bytes.copy(aligned, 0, from, to)
      this.ofWords(aligned, wordsOf(aligned), 0, to - from)
    }
  }

  /** The same with the bytes' words at hand; `from` is a multiple of 4. */
  ofWords(bytes: Buffer, words: Int32Array, from: number, to: number): void {
    let length = to - from
    let a = (0xdeadbeef + length) | 0
    let b = a
    let c = a
    let at = from
    while (length > 12) {
      const word = at >> 2
      a = (a + (words[word] ?? 0)) | 0
      b = (b + (words[word + 1] ?? 0)) | 0
      c = (c + (words[word + 2] ?? 0)) | 0
      a = (a - c) ^ ((c << 4) | (c >>> 28))
      c = (c + b) | 0
      b = (b - a) ^ ((a << 6) | (a >>> 26))
      a = (a + c) | 0
      c = (c - b) ^ ((b << 8) | (b >>> 24))
      b = (b + a) | 0
      a = (a - c) ^ ((c << 16) | (c >>> 16))
      c = (c + b) | 0
      b = (b - a) ^ ((a << 19) | (a >>> 13))
      a = (a + c) | 0
      c = (c - b) ^ ((b << 4) | (b >>> 28))
      b = (b + a) | 0
      length -= 12
      at += 12
    }
    if (length > 0) {
      a = (a + word(bytes, at, length)) | 0
      b = (b + word(bytes, at + 4, length - 4)) | 0
      c = (c + word(bytes, at + 8, length - 8)) | 0
      c = (c ^ b) - ((b << 14) | (b >>> 18))
      a = (a ^ c) - ((c << 11) | (c >>> 21))
      b = (b ^ a) - ((a << 25) | (a >>> 7))
      c = (c ^ b) - ((b << 16) | (b >>> 16))
      a = (a ^ c) - ((c << 4) | (c >>> 28))
      b = (b ^ a) - ((a << 14) | (a >>> 18))
      c = (c ^ b) - ((b << 24) | (b >>> 8))
    }
    this.high = c | 0
    this.low = b | 0
  }
}

function wordsOf(bytes: Buffer): Int32Array {
  const { byteOffset } = bytes
  return new Int32Array(bytes.buffer, byteOffset, bytes.length >> 2)
}

/** The next four bytes, or as many as are left, as a number; 0 where none are. */
function word(bytes: Buffer, at: number, left: number): number {
  const most = Math.min(left, 4)
  let value = 0
  for (let index = 0; index < most; index++) value |= (bytes[at + index] ?? 0) << (8 * index)
  return value
}
