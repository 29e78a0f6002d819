import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JournalFile } from '../../../collectors/journald/files.ts'
import { Numbers } from '../../../collectors/journald/numbers.ts'
import type { Range } from '../../../collectors/journald/range.ts'
import { settled, Tails } from '../../../collectors/journald/tails.ts'

const folder = '/var/log/journal/m'
const file = (name: string, seqnumId: string, head: number, tail: number): JournalFile => ({
  path: `${folder}/${name}`,
  folder,
  seqnumId,
  isOrigin: head === 1,
  head,
  tail,
  entries: tail - head + 1,
  sizeBytes: 4096,
  isWhole: true,
  headMicroseconds: 1,
  tailMicroseconds: 2,
})
const nothing = { copies: 0, passed: [], isWhole: true }
const cursor = `s=${'a'.repeat(32)};i=1;b=${'b'.repeat(32)};m=1;t=1;x=1`

test('tails looks at what stands still, once it is due, and ever more rarely', async () => {
  const tails = new Tails()
  const asked: number[] = []
  const at = async (seconds: number, toCome: readonly Range[], due = toCome) => {
    const { ended, isStuck } = await tails.look(toCome, due, seconds * 1000, async () => {
      asked.push(seconds)
      return { ...nothing, isWhole: false }
    })
    assert.deepEqual([ended, isStuck], [[], false])
  }
  const range = { seqnumId: 'a', from: 5, to: 9 }
  for (let seconds = 0; seconds <= 120; seconds += 3) await at(seconds, [range], seconds < 20 ? [] : [range])
  assert.deepEqual(asked, [21, 39, 72])
  await at(123, [{ ...range, to: 10 }])
  await at(126, [range])
  await at(129, [range])
  assert.deepEqual(asked, [21, 39, 72], 'what moves has to stand still anew')
})

test('tails counts copies and what cannot be read, once, and leaves what may still come', () => {
  const files = [file('system@1.journal', 'old', 1, 100), file('system.journal', 'new', 1, 40)]
  const numbers = new Numbers({ old: 90, new: 40 }, files)
  const tail = { range: { seqnumId: 'old', from: 91, to: 100 }, copies: 4 }
  const position = { cursor, last: {} }
  const found = settled([tail], numbers, position, '', files)
  assert.deepEqual(found?.batch, {
    records: [],
    positions: [{ stream: 'default', position: JSON.stringify({ cursor, last: { old: 100, new: 40 } }) }],
    filtered: { copy: 4 },
    missed: { corrupted: 6 },
  })
  assert.equal(numbers.behind(files), 0)
  assert.equal(settled([tail], numbers, position, '', files), undefined, 'once')
  // The order tells which id came last: the gap of the living one is seen as before.
  assert.deepEqual(numbers.take('new', 110), { from: 41, to: 109, first: false })

  const shared = [file('system.journal', 's', 1, 100), file('user-7.journal', 'u', 50, 98)]
  const half = new Numbers({ s: 90, u: 80 }, shared)
  const ends = { range: { seqnumId: 's', from: 91, to: 100 }, copies: 0 }
  assert.equal(settled([ends], half, position, '', shared), undefined, 'the other id may have 91 to 98')
  const both = [ends, { range: { seqnumId: 'u', from: 91, to: 98 }, copies: 0 }]
  assert.deepEqual(settled(both, half, position, '', shared)?.batch.missed, { corrupted: 10 })
})
