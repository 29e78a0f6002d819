/** The pure parts of the reader of journal files, each with known answers and on any bytes. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { compressed, decompress } from '../../../../collectors/journald/file/decompress.ts'
import { parseHeader } from '../../../../collectors/journald/file/header.ts'
import { Jenkins } from '../../../../collectors/journald/file/jenkins.ts'
import { siphash24 } from '../../../../collectors/journald/file/siphash.ts'
import { ParseError } from '../../../../src/errors.ts'

const source = readFileSync(new URL(import.meta.url))
const text = Buffer.concat(Array.from({ length: 40 }, () => source))

test("Jenkins' hash has the values of lookup3", () => {
  const jenkins = new Jenkins()
  const hash = (words: string) => {
    const bytes = Buffer.from(`..${words}.`)
    jenkins.of(bytes, 2, bytes.length - 1)
    return [jenkins.high >>> 0, jenkins.low >>> 0].map((half) => half.toString(16))
  }
  // driver5 of lookup3.c
  assert.deepEqual(hash(''), ['deadbeef', 'deadbeef'])
  assert.deepEqual(hash('Four score and seven years ago'), ['17770551', 'ce7226e6'])
})

test('SipHash-2-4 has the values of its paper', () => {
  const key = Buffer.from(Array.from({ length: 16 }, (_, index) => index))
  const bytes = Buffer.from(Array.from({ length: 15 }, (_, index) => index))
  assert.equal(siphash24(key, bytes), 0xa129ca6149be45e5n)
  assert.equal(siphash24(key, Buffer.alloc(0)), 0x726fdb47dd0e0e31n)
})

/** As the LZ4 tool makes it, without its frame, behind the size. */
function lz4(bytes: Buffer): Buffer {
  const frame = execFileSync('lz4', ['-q', '-c', '--no-frame-crc', '-B7'], { input: bytes })
  const at = 7 + ((frame.readUInt8(4) & 8) !== 0 ? 8 : 0)
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(bytes.length))
  return Buffer.concat([size, frame.subarray(at + 4, at + 4 + frame.readUInt32LE(at))])
}

const xz = (...options: string[]) =>
  execFileSync('xz', ['--stdout', '--check=none', ...options], { input: text })

const packed: readonly (readonly [number, Buffer])[] = [
  [compressed.zstd, zstdCompressSync(text, { pledgedSrcSize: text.length })],
  [
    compressed.zstd,
    zstdCompressSync(text, {
      pledgedSrcSize: text.length,
      params: { [constants.ZSTD_c_compressionLevel]: 9, [constants.ZSTD_c_checksumFlag]: 1 },
    }),
  ],
  [compressed.lz4, lz4(text)],
  [compressed.xz, xz('-6')],
  [compressed.xz, xz('-0')],
  [compressed.xz, xz('--lzma2=preset=6,lc=1,lp=2,pb=0')],
]

test('a packed field is unpacked whole, or its begin alone', () => {
  for (const [flag, bytes] of packed)
    for (const most of [1 << 30, text.length, text.length - 1, 5000, 1]) {
      const { bytes: found, length } = decompress(flag, bytes, most)
      assert.equal(length, text.length)
      assert.ok(found.equals(text.subarray(0, most)), `${flag} ${most}`)
    }
})

test('a damaged packed field is refused or makes no more than it may', () => {
  const run = fc.tuple(
    fc.nat(packed.length - 1),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
    fc.nat(),
  )
  fc.assert(
    fc.property(run, fc.nat(2 * text.length), ([which, changes, end], most) => {
      const [flag, whole] = packed[which] ?? [0, Buffer.alloc(0)]
      const bytes = Buffer.from(changes.length % 2 === 1 ? whole.subarray(0, end % whole.length) : whole)
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % Math.min(bytes.length, 600)] = value
      try {
        assert.ok(decompress(flag, bytes, most).bytes.length <= most)
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error))
      }
    }),
    { numRuns: 400 },
  )
})

test('any bytes are no packed field, or a small one', () => {
  fc.assert(
    fc.property(fc.nat(8), fc.uint8Array({ maxLength: 200 }), (flag, bytes) => {
      try {
        assert.ok(decompress(flag, Buffer.from(bytes), 1 << 20).bytes.length <= 1 << 20)
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})

test('any bytes are no header, or one with whole numbers', () => {
  const signature = Buffer.from('LPKSHHRH')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, signed) => {
      const all = signed ? Buffer.concat([signature, bytes]) : Buffer.from(bytes)
      try {
        const header = parseHeader(all, 'some.journal')
        for (const value of Object.values(header))
          assert.ok(typeof value !== 'number' || (value >= 0 && Number.isFinite(value)))
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error))
        assert.match(error.message, /some\.journal/)
      }
    }),
    { numRuns: 1000 },
  )
})
