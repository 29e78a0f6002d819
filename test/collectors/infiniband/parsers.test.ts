import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bestOf } from '../../../collectors/infiniband/states.ts'
import { parseMillidegrees, parseTempsense } from '../../../collectors/infiniband/temperature.ts'
import { parseCounter, parseNumberedWord, parseRate } from '../../../collectors/infiniband/values.ts'
import { ParseError } from '../../../src/errors.ts'
import { binaryText } from '../../binary-text.ts'

test('a counter is decimal or hexadecimal, and nothing when the device does not count it', () => {
  assert.equal(parseCounter('0'), 0n)
  assert.equal(parseCounter('0x1F\n'), 31n)
  assert.equal(parseCounter('18446744073709551614'), 2n ** 64n - 2n)
  for (const none of ['18446744073709551615', '0xffffffffffffffff', 'N/A (no PMA)', 'N/A'])
    assert.equal(parseCounter(none), undefined, none)
  for (const bad of ['', '-1', '1.5', '18446744073709551616', '0x', '1 2', 'NaN', '9'.repeat(400)])
    assert.throws(() => parseCounter(bad), ParseError, bad)
})

test('a rate is what the kernel prints for any speed and width', () => {
  assert.deepEqual(parseRate('2.5 Gb/sec (1X SDR)'), { bytesPerSecond: 312_500_000, lanes: 1, speed: 'SDR' })
  assert.deepEqual(parseRate('40 Gb/sec (4X)'), { bytesPerSecond: 5e9, lanes: 4 })
  assert.deepEqual(parseRate('800 Gb/sec (4X XDR)\n'), { bytesPerSecond: 1e11, lanes: 4, speed: 'XDR' })
  assert.deepEqual(parseRate('100 Gb/sec'), { bytesPerSecond: 125e8 })
  for (const bad of ['', 'Gb/sec', '-40 Gb/sec (4X QDR)', '40 Mb/sec (4X QDR)', '1e9 Gb/sec'])
    assert.throws(() => parseRate(bad), ParseError, bad)
})

test('a state is a number and a word', () => {
  assert.deepEqual(parseNumberedWord('5: ACTIVE_DEFER\n'), { id: 5, word: 'ACTIVE_DEFER' })
  assert.deepEqual(parseNumberedWord('4: <unknown>'.replace(/[<>]/g, '')), { id: 4, word: 'unknown' })
  assert.deepEqual(parseNumberedWord('6: LinkErrorRecovery'), { id: 6, word: 'LinkErrorRecovery' })
  assert.throws(() => parseNumberedWord('ACTIVE'), ParseError)
})

test('infiniband parsers throw nothing but ParseError, and give finite numbers, whatever the text', () => {
  const parsers: ((text: string) => unknown)[] = [
    (text) => (parseCounter(text) ?? 0n) >= 0n,
    (text) => parseRate(text).bytesPerSecond >= 0,
    (text) => parseNumberedWord(text).id >= 0,
    (text) => Number.isFinite(parseMillidegrees(text)),
    (text) => Number.isFinite(parseTempsense(text).now) && Number.isFinite(parseTempsense(text).critical),
    (text) => (bestOf(text)?.bytesPerSecond ?? 0) >= 0,
  ]
  const good = [
    '18446744073709551615',
    '0x2a',
    '400 Gb/sec (4X NDR)',
    '4: ACTIVE',
    '41500',
    '52.50 0.00 105.00 110.00 0',
  ]
  const mutated = fc
    .tuple(fc.constantFrom(...good), fc.nat(30), fc.nat(5), binaryText(8))
    .map(([text, at, cut, piece]) => text.slice(0, at) + piece + text.slice(at + cut))
  fc.assert(
    fc.property(fc.oneof(mutated, binaryText()), (text) => {
      for (const parse of parsers)
        try {
          assert.ok(parse(text))
        } catch (error) {
          assert.ok(error instanceof ParseError, String(error))
        }
    }),
    { numRuns: 300 },
  )
})
