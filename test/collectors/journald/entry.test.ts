import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cursorAt, parseCursor } from '../../../collectors/journald/cursor.ts'
import { locate } from '../../../collectors/journald/entry.ts'
import { ParseError } from '../../../src/errors.ts'

const cursor = (seqnum: string, realtime: string) =>
  `s=${'a'.repeat(32)};i=${seqnum};b=${'b'.repeat(32)};m=1f;t=${realtime};x=7`

test('a cursor says where an entry is, also beyond what any journald counts', () => {
  const { seqnumId, seqnum, id, bootId, monotonicMicroseconds } = parseCursor(cursor('ff', '66'))
  assert.deepEqual(
    { seqnumId, seqnum, id, bootId, monotonicMicroseconds },
    {
      seqnumId: 'a'.repeat(32),
      seqnum: 255,
      id: `${'a'.repeat(32)}:255`,
      bootId: 'b'.repeat(32),
      monotonicMicroseconds: 31,
    },
  )
  const wild = parseCursor(cursor('5555555555555556', '66'))
  assert.deepEqual([wild.seqnum, wild.id], [undefined, `${'a'.repeat(32)}:6148914691236517206`])
  assert.equal(cursorAt(cursor('ffffffffffffff', '66'), 1n), cursor('100000000000000', '66'))
  for (const bad of ['', 's=1', cursor('', '1'), cursor('12345678901234567', '1'), cursor('g', '1')])
    assert.throws(() => parseCursor(bad), ParseError)
})

test('an entry of a clock gone wrong has the last time that a record can have', () => {
  const fields = [['__CURSOR', Buffer.from(cursor('1', '7fffffffffffff'))]] as const
  const { time } = locate({ fields, cut: [], bytes: 0 })
  assert.equal(time, BigInt(2 ** 53 - 1) * 1000n)
  assert.ok(time < 2n ** 63n)
})
