import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { uncompress } from 'snappyjs'
import { numberedName, Runs } from '../../../src/forwarders/loki-runs.ts'
import { SnappyBlock } from '../../../src/forwarders/snappy-block.ts'

const plain = (block: Buffer): Buffer => Buffer.from(uncompress(new Uint8Array(block)))

test('a snappy block of runs unpacks to the runs, however far apart they come again', () => {
  const runs = new Runs()
  const block = new SnappyBlock()
  let packed = 0
  let unpacked = 0
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat({ max: 7 }), { maxLength: 60 }),
      (lengths, places) => {
        runs.clear()
        const made = lengths.map((length, index) => {
          const bytes = Buffer.alloc(length % (index % 2 === 0 ? 90_000 : 200), `run ${index} `)
          return { bytes, run: runs.addBytes(bytes) }
        })
        const chosen = places.flatMap((place) => made[place] ?? [])
        const whole = Buffer.concat(chosen.map(({ bytes }) => bytes))
        runs.beginBlock(block, whole.length + 3)
        for (const { run } of chosen) runs.writeRun(run, block)
        block.byte(7)
        block.varint(300)
        const bytes = block.done()
        assert.ok(plain(bytes).equals(Buffer.concat([whole, Buffer.from([7, 0xac, 2])])))
        packed += bytes.length
        unpacked += whole.length
      },
    ),
    { numRuns: 200 },
  )
  assert.ok(packed < unpacked, `${packed} of ${unpacked} bytes`)
})

test('a snappy block may end in a literal of any length, for readers that look ahead as well', () => {
  const block = new SnappyBlock()
  const content = Buffer.from('0123456789'.repeat(8))
  for (let literal = 0; literal <= 70; literal++) {
    const whole = Buffer.concat([content, content, content.subarray(0, literal)])
    block.begin(whole.length)
    block.bytes(content, 0, content.length)
    block.repeat(content.length, content.length)
    block.bytes(content, 0, literal)
    const bytes = block.done()
    assert.ok(plain(bytes).equals(whole), `a literal of ${literal} bytes`)
    block.giveBack(bytes)
  }
})

test('a snappy block has varints of every length', () => {
  const block = new SnappyBlock()
  const values = [0, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1]
  const expected = Buffer.from(
    values.flatMap((value) => {
      const bytes = []
      let rest = BigInt(value)
      for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
      return [...bytes, Number(rest)]
    }),
  )
  block.begin(expected.length)
  for (const value of values) block.varint(value)
  assert.deepEqual(plain(block.done()), expected)
})

test('a numbered pair has its number in all digits', () => {
  const runs = new Runs()
  const block = new SnappyBlock()
  runs.clear()
  const name = numberedName(Buffer.from([0x0a, 1, 0x6e]), 'é:')
  for (const value of [
    0,
    1,
    9,
    10,
    98,
    99,
    100,
    100,
    999_999,
    1_000_000,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 40 + 7,
    2 ** 53 - 1,
    0,
  ]) {
    runs.begin()
    runs.putNumber(name, value)
    runs.bound(9, 1000, Buffer.alloc(0))
    runs.beginBlock(block, runs.listBytes)
    runs.write(runs.listFrom, runs.listTo, block)
    const bytes = plain(block.done())
    const text = `é:${value}`
    const length = Buffer.byteLength(text)
    assert.deepEqual([...bytes.subarray(0, 7)], [0x1a, 5 + length, 0x0a, 1, 0x6e, 0x12, length])
    assert.equal(bytes.toString('utf8', 7), text)
  }
})

test('a pair of a known name and length is written with its value alone', () => {
  const runs = new Runs()
  const block = new SnappyBlock()
  runs.clear()
  const name = Buffer.from([0x0a, 20, ...Buffer.from('n'.repeat(20))])
  const head = runs.addHead()
  const values = ['first', 'other', 'third', 'other']
  const made = values.map((value) => runs.addPlain(name, Buffer.from(value), 0, 5, head))
  const whole = Buffer.concat(made.map((run) => runs.bytesOf(run)))
  runs.beginBlock(block, whole.length)
  for (const run of made) runs.writeRun(run, block)
  const bytes = block.done()
  assert.deepEqual(plain(bytes), whole)
  assert.ok(bytes.length < 80, `${bytes.length} of ${whole.length} bytes`)
})
