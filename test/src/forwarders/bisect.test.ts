import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { resolve } from '../../../src/forwarders/bisect.ts'
import type { Answer } from '../../../src/forwarders/forwarder.ts'
import type { SpooledBatch } from '../../../src/spool/batch.ts'
import { eventBatch } from './batches.ts'

const numbers = (batch: SpooledBatch) =>
  batch.kind === 'events' ? batch.records.map(({ number }) => number - 1) : []

/** A receiver that takes whole requests without poison, and keeps what it took. */
function receiver(poison: ReadonlySet<number>, refusal: (parts: number[]) => Answer = () => no) {
  const taken: number[] = []
  const lost: number[] = []
  let requests = 0
  return {
    taken,
    lost,
    requests: () => requests,
    async send(part: SpooledBatch): Promise<Answer> {
      requests += 1
      const parts = numbers(part)
      assert.equal(parts.length, part.count)
      if (!parts.some((number) => poison.has(number))) {
        taken.push(...parts)
        return { is: 'accepted', endpoint: 'r' }
      }
      const answer = refusal(parts)
      if (answer.is === 'lost') lost.push(...parts)
      if (answer.is === 'partly')
        taken.push(...parts.filter((_, at) => !answer.refused.some(({ index }) => index === at)))
      return answer
    },
  }
}
const no: Answer = { is: 'refused', words: '400 no' }

test('bisection finds three poison records among 1,000 in at most 64 requests', async () => {
  const { send, taken, requests } = receiver(new Set([0, 500, 999]))
  const result = await resolve(eventBatch(1, 1000), send)
  assert.ok(result.is === 'resolved')
  assert.deepEqual(result, {
    is: 'resolved',
    acknowledged: 997,
    lost: undefined,
    quarantined: [0, 500, 999].map((index) => ({ index, words: '400 no' })),
    endpoints: new Set(['r']),
  })
  assert.equal(taken.length, 997)
  assert.ok(requests() <= 64, `${requests()} requests`)
})

test('any three poison records among 1,000 are told from the rest', async () => {
  const place = fc.integer({ min: 0, max: 999 })
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(place, { minLength: 1, maxLength: 3 }), async (places) => {
      const { send, requests } = receiver(new Set(places))
      const result = await resolve(eventBatch(1, 1000), send)
      assert.ok(result.is === 'resolved' && requests() <= 64)
      assert.deepEqual(
        result.quarantined.map(({ index }) => index),
        places.toSorted((a, b) => a - b),
      )
    }),
    { numRuns: 60 },
  )
})

test('bisection of 1 to 40 poison records accounts for each record once, in at most 64 requests', async () => {
  let [resolved, whole, bounded] = [0, 0, 0]
  const cases = fc.integer({ min: 1, max: 600 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      poison: fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { minLength: 1, maxLength: 40 }),
    }),
  )
  await fc.assert(
    fc.asyncProperty(cases, async ({ count, poison }) => {
      const { send, taken, requests } = receiver(new Set(poison))
      const result = await resolve(eventBatch(1, count), send)
      assert.ok(requests() <= 64, `${requests()} requests`)
      if (result.is === 'refuses-everything') {
        assert.deepEqual([taken.length, requests(), count >= 16], [0, 8, true])
        whole += 1
        return
      }
      assert.equal(result.acknowledged, taken.length)
      assert.equal(result.lost, undefined)
      const quarantined = result.quarantined.map(({ index }) => index)
      assert.deepEqual(
        [...quarantined, ...taken].sort((a, b) => a - b),
        Array.from({ length: count }, (_, index) => index),
      )
      for (const index of poison) assert.ok(quarantined.includes(index))
      if (requests() === 64) bounded += 1
      resolved += 1
    }),
    { numRuns: 300, seed: 2 },
  )
  assert.ok(resolved > 50 && whole > 10 && bounded > 10, `${resolved} ${whole} ${bounded}`)
})

test('bisection counts what is partly taken or lost once, too', async () => {
  let [partly, lost] = [0, 0]
  const cases = fc.integer({ min: 2, max: 200 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      poison: fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { minLength: 1, maxLength: 6 }),
      atMost: fc.integer({ min: 1, max: 40 }),
      is: fc.constantFrom('partly' as const, 'lost' as const),
    }),
  )
  await fc.assert(
    fc.asyncProperty(cases, async ({ count, poison, atMost, is }) => {
      const bad = new Set(poison)
      const { send, ...receiving } = receiver(bad, (parts) => {
        if (parts.length > atMost) return no
        if (is === 'lost') return { is, reason: 'too_old', words: 'old' }
        const refused = parts.flatMap((number, index) => (bad.has(number) ? [{ index, words: 'bad' }] : []))
        return { is, refused }
      })
      const result = await resolve(eventBatch(1, count), send)
      if (result.is === 'refuses-everything') return
      assert.equal(result.acknowledged, receiving.taken.length)
      assert.equal(result.lost?.count ?? 0, receiving.lost.length)
      const quarantined = result.quarantined.map(({ index }) => index)
      assert.deepEqual(
        [...quarantined, ...receiving.taken, ...receiving.lost].sort((a, b) => a - b),
        Array.from({ length: count }, (_, index) => index),
      )
      if (is === 'partly') partly += 1
      else lost += 1
    }),
    { numRuns: 200, seed: 3 },
  )
  assert.ok(partly > 20 && lost > 20, `${partly} ${lost}`)
})

test('a receiver that refuses everything of 16 or more is known after 8 refusals, of fewer each is refused', async () => {
  for (const count of [16, 17, 1000]) {
    const { send, requests } = receiver(new Set(Array.from({ length: count }, (_, index) => index)))
    assert.deepEqual(await resolve(eventBatch(1, count), send), {
      is: 'refuses-everything',
      words: '400 no',
    })
    assert.equal(requests(), 8)
  }
  const few = receiver(new Set(Array.from({ length: 15 }, (_, index) => index)))
  const result = await resolve(eventBatch(1, 15), few.send)
  assert.ok(result.is === 'resolved')
  assert.equal(result.quarantined.length, 15)
  assert.equal(few.requests(), 29)
})

test('a receiver that calls a part lost does not refuse everything', async () => {
  const everything = new Set(Array.from({ length: 64 }, (_, index) => index))
  const { send, lost } = receiver(everything, (parts) =>
    parts.length <= 32 && parts.includes(0) ? { is: 'lost', reason: 'too_old', words: 'old' } : no,
  )
  const result = await resolve(eventBatch(1, 64), send)
  assert.ok(result.is === 'resolved')
  assert.deepEqual(result.lost, { reason: 'too_old', count: 32 })
  assert.equal(lost.length, 32)
  assert.equal(result.quarantined.length, 32)
})
