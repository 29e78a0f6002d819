import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JournalFile } from '../../../collectors/journald/files.ts'
import { Numbers } from '../../../collectors/journald/numbers.ts'

const folder = '/var/log/journal/m'
const file = (name: string, seqnumId: string, head: number, tail: number, isOrigin = false): JournalFile => ({
  path: `${folder}/${name}`,
  folder,
  seqnumId,
  isOrigin,
  head,
  tail,
  entries: tail - head + 1,
  sizeBytes: 4096,
  isWhole: true,
  headMicroseconds: 1,
  tailMicroseconds: 2,
})

test('journald finds no gap where a user journal has the numbers between', () => {
  const numbers = new Numbers({}, [
    file('system.journal', 's', 1, 9, true),
    file('user-7.journal', 'u', 3, 8, true),
  ])
  for (const [id, number] of [
    ['s', 1],
    ['s', 2],
    ['u', 3],
    ['s', 4],
    ['s', 5],
    ['u', 6],
    ['u', 7],
    ['u', 8],
    ['s', 9],
  ] as const)
    assert.equal(numbers.take(id, number), undefined, `${id} ${number}`)
})

test('journald finds the gap of a counter that began anew after an unclean end, below the numbers of the old one', () => {
  const files = [
    file('system@0001.journal~', 'old', 1, 1000, true),
    file('system.journal', 'new', 1, 200, true),
  ]
  const before = new Numbers({ old: 999 }, files)
  assert.equal(before.take('old', 1000), undefined)
  for (let number = 1; number <= 100; number++) assert.equal(before.take('new', number), undefined)
  // The order of a position is what tells an old counter from one that is shared.
  const after = new Numbers(JSON.parse(JSON.stringify(before)), files)
  assert.deepEqual(after.take('new', 150), { from: 101, to: 149, first: false })
  assert.deepEqual(after.take('new', 1200), { from: 151, to: 1199, first: false })
})

test('behind counts the numbers of a shared counter once, and those of one that began anew below the old', () => {
  const shared = [file('system.journal', 's', 1, 100, true), file('user-7.journal', 'u', 3, 98, true)]
  assert.equal(new Numbers({ s: 50 }, shared).behind(shared), 50)
  assert.equal(new Numbers({ s: 100, u: 98 }, shared).behind(shared), 0)
  assert.equal(new Numbers({}, shared).behind(shared), 100)
  const anew = [
    file('system@0001.journal~', 'old', 1, 1000, true),
    file('system.journal', 'new', 1, 200, true),
  ]
  assert.equal(new Numbers({ old: 1000, new: 100 }, anew).behind(anew), 100)
  assert.equal(new Numbers({ old: 1000 }, anew).behind(anew), 200)
})
