import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { covers, Growing, mostStretches, newestEnd } from '../../../collectors/kmsg/stretches.ts'

test('stretches grow record by record, and a record of the other source begins another', () => {
  const growing = new Growing()
  for (const stamp of [5, 9, 9]) growing.take(stamp)
  growing.leave(15)
  growing.take(20)
  assert.deepEqual(growing.all, [
    [5, 9],
    [20, 20],
  ])
  assert.equal(newestEnd(growing.all), 20)
  assert.equal(newestEnd([]), -1)
})

test('an edge beside missing records lies outside', () => {
  const growing = new Growing()
  for (const stamp of [5, 9]) growing.take(stamp)
  growing.tear()
  growing.take(20)
  assert.deepEqual(growing.all, [
    [5, 8],
    [21, 20],
  ])
  assert.ok(![9, 20].some((stamp) => covers(growing.all, stamp)))
  growing.take(30)
  assert.ok(covers(growing.all, 21) && !covers(growing.all, 20))
})

test('a record of the other source beside what is missing keeps its stamp outside', () => {
  const growing = new Growing()
  growing.take(5)
  growing.take(9)
  growing.leave(9)
  growing.tear()
  growing.leave(20)
  growing.take(20)
  growing.take(25)
  assert.deepEqual(growing.all, [
    [5, 8],
    [21, 25],
  ])
})

test('a start goes on beside the stretches of before, which a gap right behind them shortens', () => {
  const same = new Growing([[5, 9]])
  same.take(10)
  assert.deepEqual(same.all, [
    [5, 9],
    [10, 10],
  ])
  const torn = new Growing([[5, 9]])
  torn.tear()
  torn.take(10)
  assert.deepEqual(torn.all, [
    [5, 8],
    [11, 10],
  ])
})

test('every stretch that ends with the stamp beside what is missing is shortened', () => {
  const growing = new Growing()
  growing.take(5)
  growing.take(9)
  growing.leave(9)
  growing.take(9)
  growing.tear()
  assert.deepEqual(growing.all, [[5, 8]])
})

test('the oldest stretch is forgotten, and counted, beyond 64', () => {
  const growing = new Growing()
  for (let stamp = 0; stamp < mostStretches + 3; stamp++) {
    growing.take(stamp)
    growing.leave(stamp)
  }
  assert.equal(growing.all.length, mostStretches)
  assert.equal(newestEnd(growing.all), mostStretches + 2)
  assert.ok(!covers(growing.all, 2) && covers(growing.all, 3))
  assert.equal(growing.takeForgotten(), 3)
  assert.equal(growing.takeForgotten(), 0)
})

type Step = { readonly does: 'take' | 'other' | 'miss'; readonly later: number }

const step: fc.Arbitrary<Step> = fc.record({
  does: fc.constantFrom('take', 'take', 'take', 'other', 'miss'),
  later: fc.integer({ min: 0, max: 5 }),
})

test('whatever is taken, left and missing: no stamp of a missing record is inside, and every inner one taken is', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const growing = new Growing()
      let stamp = 10
      const taken: { stamp: number; inner: boolean }[] = []
      const gone: number[] = []
      let before: Step['does'] | undefined
      for (const [index, { does, later }] of steps.entries()) {
        const next = steps.slice(index + 1).find((one) => one.does !== 'other')?.does
        stamp += later
        if (does === 'take') {
          growing.take(stamp)
          taken.push({ stamp, inner: before !== 'miss' && next !== 'miss' })
        } else if (does === 'other') growing.leave(stamp)
        else {
          growing.tear()
          gone.push(stamp)
        }
        if (does !== 'other') before = does
      }
      for (const one of gone) assert.ok(!covers(growing.all, one), `${one} is missing`)
      const edges = new Set(gone)
      for (const { stamp: one, inner } of taken)
        if (inner && !edges.has(one) && !isEdge(one, taken))
          assert.ok(covers(growing.all, one), `${one} is taken`)
    }),
    { numRuns: 5000 },
  )
})

/** Whether a record beside a gap has the same stamp. */
function isEdge(stamp: number, taken: readonly { stamp: number; inner: boolean }[]): boolean {
  return taken.some((one) => !one.inner && one.stamp === stamp)
}
