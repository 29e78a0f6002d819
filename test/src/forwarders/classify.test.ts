import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classify, httpDate, retryAfter } from '../../../src/forwarders/classify.ts'

const now = Date.UTC(2026, 10, 23, 12, 0, 0)

test('classify gives every status its one meaning', () => {
  const meanings: Record<string, readonly number[]> = {
    accepted: [200, 202, 204, 299],
    retry: [408, 425, 429, 500, 502, 503, 504, 599],
    down: [301, 302, 304, 307, 308, 401, 403, 404, 405, 407],
    refused: [400, 402, 406, 409, 410, 413, 415, 418, 422, 431, 451, 499],
  }
  let checked = 0
  for (const [is, statuses] of Object.entries(meanings)) {
    for (const status of statuses) {
      assert.equal(classify(status, {}, 'words', now).is, is, String(status))
      checked += 1
    }
  }
  assert.equal(checked, 34)
})

test("classify keeps the receiver's words behind the status", () => {
  assert.deepEqual(classify(422, {}, 'bad label', now), { is: 'refused', words: '422 bad label' })
  assert.deepEqual(classify(400, {}, '', now), { is: 'refused', words: '400' })
})

test('classify calls a wrong scheme down, whatever its status', () => {
  for (const words of [
    'Client sent an HTTP request to an HTTPS server.',
    'The plain HTTP request was sent to HTTPS port',
  ]) {
    assert.equal(classify(400, {}, words, now).is, 'down')
  }
})

test('classify says where a redirect pointed and that it was not followed', () => {
  const outcome = classify(301, { location: 'https://elsewhere.example/write' }, 'Moved', now)
  assert.deepEqual(outcome, {
    is: 'down',
    words: '301 Moved (redirect to https://elsewhere.example/write not followed)',
    retryAfterSeconds: undefined,
  })
})

test('retryAfter reads seconds and all three forms of a date, and bounds both', () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ['0', 0],
    ['7', 7],
    [' 120 ', 120],
    ['999999', 3600],
    ['Mon, 23 Nov 2026 12:00:30 GMT', 30],
    ['Monday, 23-Nov-26 12:00:30 GMT', 30],
    ['Mon Nov 23 12:00:30 2026', 30],
    ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
    ['Tue, 24 Nov 2026 12:00:00 GMT', 3600],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['', undefined],
    ['2026-11-23T12:00:30Z', undefined],
    ['99999999999999999999', undefined],
    ['Mon, 99 Foo 2026 12:00:30 GMT', undefined],
  ]
  for (const [text, seconds] of cases) assert.equal(retryAfter({ 'retry-after': text }, now), seconds, text)
  assert.equal(retryAfter({}, now), undefined)
  assert.equal(cases.length, 16)
})

test("retryAfter counts a date from the receiver's own clock where it says it", () => {
  const headers = { 'retry-after': 'Mon, 23 Nov 2026 15:00:10 GMT', date: 'Mon, 23 Nov 2026 15:00:00 GMT' }
  assert.equal(retryAfter(headers, now), 10)
})

test('httpDate refuses what is no HTTP date', () => {
  assert.equal(httpDate('Mon, 23 Nov 2026 12:00:00 GMT'), now)
  for (const text of [undefined, '', '1', 'yesterday', '2026-11-23']) assert.equal(httpDate(text), undefined)
})
