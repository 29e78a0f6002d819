import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Splitting, split } from '../../../collectors/files/lines.ts'
import { presets } from '../../../collectors/files/presets.ts'
import { recordOf } from '../../../collectors/files/record.ts'

const plain: Splitting = {
  start: undefined,
  mostBytes: 1000,
  mostRecords: 1000,
  isQuiet: false,
  isFinal: false,
}
const texts = (text: string | Buffer, how: Partial<Splitting> = {}) => {
  const { entries, consumed } = split(Buffer.from(text), { ...plain, ...how })
  const words = entries.map(
    ({ bytes, isCut, isPartial }) => `${bytes}${isCut ? '|cut' : ''}${isPartial ? '|partial' : ''}`,
  )
  return [words, consumed]
}

test('lines: whole ones are taken, a last one without a newline waits until it is final', () => {
  assert.deepEqual(texts('a\n\nbc\nd'), [['a', '', 'bc'], 6])
  assert.deepEqual(texts('a\nd', { isFinal: true }), [['a', 'd|partial'], 3])
  assert.deepEqual(texts(''), [[], 0])
})

test('lines: a long line goes on in the next record, never within a character', () => {
  assert.deepEqual(texts('abcdefgh\nx\n', { mostBytes: 3 }), [['abc|cut', 'def|cut', 'gh', 'x'], 11])
  assert.deepEqual(texts('ab\u00e9d\n', { mostBytes: 3 }), [['ab|cut', '\u00e9d'], 6])
  assert.deepEqual(texts('abcdefgh', { mostBytes: 3 }), [['abc|cut', 'def|cut'], 6])
})

test('lines: NUL bytes before a line, as a truncated file has them, are passed', () => {
  assert.deepEqual(texts('\0\0\0a\n\0\0'), [['a'], 7])
})

test('lines: those that do not begin an entry belong to the one before, which waits for the next', () => {
  const start = /^\d/
  const text = '1 panic\n  at x\n  at y\n2 ok\n  more'
  assert.deepEqual(texts(text, { start }), [['1 panic\n  at x\n  at y'], 22])
  assert.deepEqual(texts(text, { start, isQuiet: true }), [['1 panic\n  at x\n  at y', '2 ok'], 27])
  assert.deepEqual(texts(text, { start, isFinal: true }), [
    ['1 panic\n  at x\n  at y', '2 ok\n  more|partial'],
    33,
  ])
  assert.deepEqual(texts('  tail\n1 a\n2 b\n', { start }), [['  tail', '1 a'], 11])
  assert.deepEqual(texts('1 a\nb\nc\n2\n', { start, mostBytes: 6 }), [['1 a\nb|cut', 'c'], 8])
})

test('lines: whatever the bytes, records in their order lose no byte but newlines and leading NULs', () => {
  const bytes = fc.array(fc.constantFrom('a', '1', '\n', '\n1', '\0', '\u00e9', 'xyz '), { maxLength: 200 })
  const how = fc.record({
    mostBytes: fc.integer({ min: 4, max: 40 }),
    mostRecords: fc.integer({ min: 1, max: 50 }),
    isQuiet: fc.boolean(),
    isFinal: fc.boolean(),
    start: fc.constantFrom(undefined, /^1/),
  })
  fc.assert(
    fc.property(bytes, how, (pieces, splitting) => {
      const buffer = Buffer.from(pieces.join(''))
      let at = 0
      let taken = ''
      // Read in turns, as a file is.
      for (let turn = 0; turn < 2000; turn++) {
        const { entries, consumed } = split(buffer.subarray(at), splitting)
        assert.ok(entries.length <= splitting.mostRecords)
        for (const entry of entries) {
          assert.ok(entry.bytes.length <= splitting.mostBytes)
          taken += entry.bytes.toString('latin1')
        }
        at += consumed
        if (consumed === 0) break
      }
      if (splitting.isFinal) assert.equal(at, buffer.length)
      const kept = (text: string) => text.replace(/[\n\0]/g, '')
      assert.equal(kept(taken), kept(buffer.toString('latin1', 0, at)))
    }),
    { numRuns: 500 },
  )
})

const at = (text: string) => {
  const entry = { at: 0, bytes: Buffer.from(text), isCut: false, isPartial: false }
  return recordOf(entry, 'f', 12, ['log.file.path', Buffer.from('/x')], 5n)
}

test('records of files: the time of the line where it says its zone, else when it was read; a level where it is known', () => {
  assert.equal(at('plain').time, 5n)
  assert.equal(at('2026-01-02 03:04:05 no zone').time, 5n)
  assert.equal(at('2026-01-02T03:04:05.000001Z x').time, 1_767_323_045_000_001_000n)
  assert.equal(at('2026-01-02T03:04:05.123+0100 7f01 -1 osd.3 x').time, 1_767_319_445_123_000_000n)
  assert.equal(at('2026-99-02T03:04:05Z x').time, 5n)
  const gluster = at('[2026-01-02 03:04:05.123456] E [MSGID: 114058] [client.c:1] 0-v: failed')
  assert.equal(gluster.time, 1_767_323_045_123_456_000n)
  assert.deepEqual(
    gluster.fields.slice(2).map(([name, value]) => `${name}=${Buffer.from(value)}`),
    ['severity_number=17', 'severity_text=err'],
  )
  assert.equal(gluster.id, 'f:12')
})

test('presets: an entry of each software begins as its rule says', () => {
  const begins = {
    ceph: '2026-01-02T03:04:05.123+0000 7f6c1 -1 osd.3 12 heartbeat_check: no reply',
    glusterfs: '[2026-01-02 03:04:05.123456 +0000] W [MSGID: 106118] [glusterd.c:1] 0-management: lock',
    beegfs: '(1) Jan02 03:04:05 Main [App] >> Version: 7.4.2',
  }
  for (const [name, line] of Object.entries(begins)) {
    const preset = Object.entries(presets).find(([own]) => own === name)?.[1]
    assert.match(line, new RegExp(preset?.start ?? '$^'))
    assert.doesNotMatch(`  at ${line}`, new RegExp(preset?.start ?? ''))
  }
})
