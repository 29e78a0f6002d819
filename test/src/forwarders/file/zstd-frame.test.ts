import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { constants, zstdCompressSync } from 'node:zlib'
import { wholeFrames } from '../../../../src/forwarders/file/repair.ts'
import { frameLength } from '../../../../src/forwarders/file/zstd-frame.ts'

const checksum = { [constants.ZSTD_c_checksumFlag]: 1 }

/** Frames of every header form: content sizes of 0, 1, 2, 4 bytes and unknown, with and without checksum. */
function frames(): Buffer[] {
  const contents = [0, 1, 200, 255, 256, 60_000, 66_000, 300_000].map((size) => randomBytes(size))
  contents.push(Buffer.alloc(500_000, 'a'), Buffer.from('line\n'.repeat(50_000)))
  return contents.flatMap((content) => [
    zstdCompressSync(content),
    zstdCompressSync(content, { params: checksum }),
    zstdCompressSync(content, { params: checksum, pledgedSrcSize: content.length }),
    zstdCompressSync(content, { params: { ...checksum, [constants.ZSTD_c_contentSizeFlag]: 0 } }),
  ])
}

test('frameLength ends every kind of frame exactly where zstd does', () => {
  let checked = 0
  for (const frame of frames()) {
    const between = Buffer.concat([randomBytes(7), frame, randomBytes(9)])
    assert.equal(frameLength(between, 7), frame.length)
    assert.equal(frameLength(frame, 0), frame.length)
    checked += 1
  }
  assert.equal(checked, 40)
})

test('frameLength finds no frame in one that is cut anywhere', () => {
  let checked = 0
  for (const frame of frames().filter(({ length }) => length < 2000)) {
    for (let length = 0; length < frame.length; length += 1) {
      assert.equal(frameLength(frame.subarray(0, length), 0), undefined)
      checked += 1
    }
  }
  assert.equal(checked > 3000, true)
})

test('frameLength refuses reserved bits, reserved blocks and other magic numbers', () => {
  const frame = zstdCompressSync(randomBytes(100), { pledgedSrcSize: 100 })
  const changed = (at: number, byte: number) => {
    const copy = Buffer.from(frame)
    copy[at] = byte
    return frameLength(copy, 0)
  }
  assert.equal(changed(0, 0x29), undefined)
  assert.equal(changed(4, (frame[4] ?? 0) | 0x08), undefined)
  assert.equal(changed(6, (frame[6] ?? 0) | 0x06), undefined)
  assert.equal(frameLength(Buffer.alloc(100), 0), undefined)
})

test('wholeFrames counts the lines of whole frames and ends behind the last, for a torn end of every length', async () => {
  const first = zstdCompressSync('a\nb\nc\n', { params: checksum })
  const second = zstdCompressSync(`${randomBytes(40).toString('hex')}\n`, { params: checksum })
  const file = Buffer.concat([first, second, first])
  for (let length = 0; length <= file.length; length += 1) {
    const expected =
      length < first.length
        ? { bytes: 0, records: 0 }
        : length < first.length + second.length
          ? { bytes: first.length, records: 3 }
          : length < file.length
            ? { bytes: first.length + second.length, records: 4 }
            : { bytes: file.length, records: 7 }
    assert.deepEqual(await wholeFrames(file.subarray(0, length)), expected, String(length))
  }
})

test('wholeFrames cuts zeros, noise and a last frame whose content is wrong', async () => {
  const good = zstdCompressSync('a\nb\n', { params: checksum })
  const bad = Buffer.from(zstdCompressSync('c\nd\n', { params: checksum }))
  bad[bad.length - 1] = (bad[bad.length - 1] ?? 0) ^ 0xff
  for (const end of [Buffer.alloc(4096), randomBytes(4096), bad]) {
    assert.deepEqual(await wholeFrames(Buffer.concat([good, end])), { bytes: good.length, records: 2 })
  }
})

test('wholeFrames keeps what lies behind a damaged frame, and does not count the damaged one', async () => {
  const good = zstdCompressSync('a\nb\n', { params: checksum, pledgedSrcSize: 4 })
  for (let at = 0; at < good.length; at += 1) {
    const damaged = Buffer.from(good)
    damaged[at] = (damaged[at] ?? 0) ^ 0x08
    const { bytes, records } = await wholeFrames(Buffer.concat([good, damaged, good]))
    assert.equal(bytes, 3 * good.length, String(at))
    assert.equal(records, 4, String(at))
  }
})
