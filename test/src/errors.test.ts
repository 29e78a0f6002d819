import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe } from '../../src/errors.ts'

test('describe says every cause, each once, whatever was thrown', () => {
  const inner = new Error('no such file', { cause: 'ENOENT' })
  assert.equal(describe(inner), 'no such file: ENOENT')
  assert.equal(
    describe(new Error('Cannot read "a"', { cause: inner })),
    'Cannot read "a": no such file: ENOENT',
  )
  const said = new Error(`Cannot read "a": ${describe(inner)}`, { cause: inner })
  assert.equal(describe(said), 'Cannot read "a": no such file: ENOENT')
  assert.equal(describe('text'), 'text')
})
