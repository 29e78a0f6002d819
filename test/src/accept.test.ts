import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accepting } from '../../src/accept.ts'
import { counter, gauge } from '../../src/model.ts'
import { collector, sample } from './engine.ts'

const first = gauge('parts_first', 'none', 'test', 'First.', ['part'])
const second = counter('parts_second_total', 'none', 'test', 'Second.', ['part'])
const third = gauge('parts_third', 'none', 'test', 'Third.', ['part'])
const parts = collector([first, second, third], undefined)
const six = [0, 1, 2].flatMap((index) => [
  sample(third, index, { part: `t${index}` }),
  sample(first, index, { part: `f${index}` }),
])
const shuffles = [six, [...six].reverse(), [...six].sort((a, b) => a.value - b.value)]

function names(samples: readonly { metric: { name: string } }[]) {
  return samples.map(({ metric }) => metric.name)
}

test('accepting keeps declared samples in the order of their declaration', () => {
  const accept = accepting(parts, 10)
  for (const one of six) accept.add(one)
  accept.add(sample(second, 4, { part: 'x' }))
  const { samples, dropped, refusedSeries } = accept.done()
  const expected = ['parts_first', 'parts_first', 'parts_first', 'parts_second_total']
  assert.deepEqual(names(samples), [...expected, 'parts_third', 'parts_third', 'parts_third'])
  assert.equal(dropped.size, 0)
  assert.equal(refusedSeries, 0)
})

test('accepting drops and counts what is undeclared, repeated or no value', () => {
  const accept = accepting(parts, 10)
  accept.add(sample(gauge('parts_fourth', 'none', 'test', 'Not declared.'), 1))
  accept.add(sample(first, 1, { part: 'a', colour: 'red' }))
  accept.add(sample(first, Number.NaN, { part: 'a' }))
  accept.add(sample(second, -1, { part: 'a' }))
  accept.add(sample(second, Number.POSITIVE_INFINITY, { part: 'a' }))
  accept.add(sample(first, -1, { part: 'a' }))
  accept.add(sample(first, 2, { part: 'a' }))
  const { samples, dropped } = accept.done()
  assert.deepEqual(samples, [sample(first, -1, { part: 'a' })])
  assert.deepEqual(
    [...dropped],
    [
      ['undeclared', 2],
      ['value', 3],
      ['duplicate', 1],
    ],
  )
})

test('accepting refuses whole metrics over the bound, the same ones in whatever order they come', () => {
  for (const bound of [5, 4, 3]) {
    for (const order of shuffles) {
      const accept = accepting(parts, bound)
      for (const one of order) accept.add(one)
      const { samples, refusedSeries, refusedFrom } = accept.done()
      assert.deepEqual(names(samples), ['parts_first', 'parts_first', 'parts_first'], `bound ${bound}`)
      assert.equal(refusedSeries, 3)
      assert.equal(refusedFrom, 2)
    }
  }
})

test('accepting refuses everything when the first metric alone is over the bound', () => {
  for (const order of shuffles) {
    const accept = accepting(parts, 2)
    for (const one of order) accept.add(one)
    const { samples, refusedSeries, refusedFrom } = accept.done()
    assert.equal(samples.length, 0)
    assert.equal(refusedSeries, 6)
    assert.equal(refusedFrom, 0)
  }
})

test('accepting goes on refusing a metric that an earlier run refused', () => {
  const accept = accepting(parts, 10, 2)
  for (const one of six.slice(0, 2)) accept.add(one)
  assert.deepEqual(names(accept.done().samples), ['parts_first'])
  assert.equal(accept.done().refusedSeries, 1)
})
