import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StateReading } from '../../src/model.ts'
import { Unwell } from '../../src/unwell.ts'

function part(name: string, state: string, healthy: boolean): StateReading {
  return {
    part: name,
    state,
    healthy,
    event: 'test.part',
    severity: 17,
    body: `${name} is ${state}`,
    attributes: {},
  }
}

const names = (unwell: Unwell, now = 0) => unwell.current(now).map(({ body }) => body)

test('unwell: a part is listed until it is well, or no longer mentioned by a whole reading', () => {
  const unwell = new Unwell()
  unwell.take([part('a', 'failed', false), part('b', 'degraded', false), part('c', 'online', true)], true, 0)
  assert.deepEqual(names(unwell), ['a is failed', 'b is degraded'])
  unwell.take([part('b', 'rebuilding', false)], false, 1)
  assert.deepEqual(names(unwell), ['a is failed', 'b is rebuilding'])
  unwell.take([part('b', 'optimal', true)], true, 2)
  assert.deepEqual(names(unwell), [])
})

test('unwell: a part told of once as gone stays for an hour, or until it is back', () => {
  const unwell = new Unwell()
  unwell.take([part('a', 'gone', false), part('b', 'gone', false)], true, 0)
  unwell.take([part('b', 'present', true)], true, 1000)
  assert.deepEqual(names(unwell, 3_599_000), ['a is gone'])
  assert.deepEqual(names(unwell, 3_601_000), [])
})
