import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  judgeArray,
  judgeBattery,
  judgeController,
  judgeDrive,
  wordTable,
} from '../../../collectors/raid/judge.ts'

const judges = { controller: judgeController, array: judgeArray, drive: judgeDrive, battery: judgeBattery }
const rows = wordTable.flatMap(({ vendor, kind, words }) =>
  Object.entries(words).flatMap(([state, list = []]) => list.map((word) => ({ vendor, kind, state, word }))),
)

test('every word of every vendor is judged as its table says, in any case and with any blanks around it', () => {
  assert.ok(rows.length > 200, `${rows.length} words`)
  for (const { vendor, kind, state, word } of rows) {
    const judge = judges[kind]
    assert.deepEqual(
      judge(vendor, word),
      { state, word: word.trim(), known: true },
      `${vendor} ${kind} ${word}`,
    )
    assert.equal(judge(vendor, `  ${word.toUpperCase().replace(/ /g, '  ')} `).state, state)
    assert.equal(judge(vendor, word.toLowerCase()).state, state)
  }
})

test('every vendor that has words for drives has one for online, and one for a drive that failed', () => {
  const vendors = new Set(rows.map(({ vendor }) => vendor))
  for (const vendor of vendors) {
    const states = new Set(
      rows.filter((row) => row.vendor === vendor && row.kind === 'drive').map(({ state }) => state),
    )
    if (states.size > 0)
      assert.ok(states.has('online') && states.has('failed'), `${vendor}: ${[...states].join()}`)
  }
})

test('a word that no table has is unknown and kept as the vendor wrote it', () => {
  const known = new Set(rows.map(({ word }) => word.trim().toLowerCase().replace(/\s+/g, ' ')))
  fc.assert(
    fc.property(fc.constantFrom(...rows), fc.string(), ({ vendor, kind }, word) => {
      fc.pre(!known.has(word.trim().toLowerCase().replace(/\s+/g, ' ')))
      assert.deepEqual(judges[kind](vendor, word), { state: 'unknown', word: word.trim(), known: false })
    }),
  )
  assert.equal(judgeDrive('areca', 'constructor').known, false)
})

test('words of one vendor are not those of another', () => {
  assert.equal(judgeDrive('broadcom', 'Onln').state, 'online')
  assert.equal(judgeDrive('3ware', 'Onln').state, 'unknown')
  assert.equal(judgeArray('3ware', 'OK').state, 'optimal')
  assert.equal(judgeArray('broadcom', 'OK').state, 'unknown')
})
