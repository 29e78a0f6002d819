import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationOr, durationSeconds } from '../../src/duration.ts'

test('a duration is a whole number and a unit, and nothing else is one', () => {
  const cases = { '90s': 90, '15m': 900, '24h': 86_400, '7d': 604_800, '0s': 0 }
  for (const [text, seconds] of Object.entries(cases)) assert.equal(durationSeconds(text), seconds, text)
  for (const text of ['', 'all', '5', 'h', '1.5h', '-1h', '1w', '1h ', '1h\n', '1h2m', '1234567890s'])
    assert.equal(durationSeconds(text), undefined, JSON.stringify(text))
})

test('a pattern takes durations and the words beside them, whole', () => {
  const pattern = durationOr('all', 'end')
  for (const text of ['all', 'end', '12h']) assert.ok(pattern.test(text), text)
  for (const text of ['', 'alls', 'end1h', '1h all', 'previous-boot']) assert.ok(!pattern.test(text), text)
})
