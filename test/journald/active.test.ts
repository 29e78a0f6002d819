/** The journal file that journald is writing, damaged while it is followed: nothing is misread, repeated or uncounted. */
import assert from 'node:assert/strict'
import { open, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { journalFiles, journalFolders } from '../../collectors/journald/files.ts'
import { tree } from '../../src/tree.ts'
import { privateJournald } from '../private-journald.ts'
import { message, reading } from './read.ts'

const lines = (count: number, word: string) => Array.from({ length: count }, (_, index) => `${word} ${index}`)

/** Bytes in the midst of what was written, and not yet read. */
async function scribble(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  const { size } = await file.stat()
  for (let at = 300_000; at < size - 64; at += 20_000) await file.write(Buffer.alloc(64, 0x55), 0, 64, at)
}

const damages = [
  ['cut short', (path: string) => truncate(path, 400_000), ['journalctl', 'direct']],
  ['emptied', (path: string) => truncate(path, 0), ['journalctl', 'direct']],
  ['overwritten', scribble, ['journalctl', 'direct']],
] as const

for (const [how, damage, readers] of damages) {
  for (const reader of readers) {
    test(`journald by ${reader} reads or counts every entry of an active file that is ${how}`, async (t) => {
      await using journal = await privateJournald({ storage: 'volatile' })
      await journal.log(lines(100, 'first'))
      await using read = reading(journal.root, { reader })
      await read.until('first', () => read.records.some((record) => message(record) === 'first 99'))
      const [folder] = await journalFolders(tree(journal.root))
      assert.ok(folder)
      read.held = true
      await journal.log(lines(3000, 'second'))
      await journal.journalctl('--sync')
      await damage(join(folder.path, 'system.journal'))
      read.held = false
      await journal.log(lines(100, 'third'))
      await journal.journalctl('--rotate')
      await journal.log(['the end'])
      await read.until('the end', () => read.records.some((record) => message(record) === 'the end'), 60)

      const files = await journalFiles(tree(journal.root), [folder])
      const issued = Math.max(...files.map(({ tail }) => tail))
      const missed = [...read.missed.values()].reduce((sum, count) => sum + count, 0)
      assert.equal(read.records.length + missed, issued, JSON.stringify([...read.missed]))
      assert.equal(new Set(read.records.map(({ id }) => id)).size, read.records.length, 'nothing twice')
      const wanted = new Set([
        ...lines(100, 'first'),
        ...lines(3000, 'second'),
        ...lines(100, 'third'),
        'the end',
      ])
      const strange = read.records.map(message).filter((text) => !wanted.has(text))
      assert.ok(
        strange.every((text) => /^(Journal|Runtime|System) /.test(text)),
        strange.join(),
      )
      assert.ok(missed > 0, 'the damage hit something')
      assert.ok(read.skipped.length > 0 || !read.missed.has('corrupted'), 'what cannot be read is named')
      t.diagnostic(`${read.records.length} read, ${missed} missed, ${read.skipped.length} said`)
    })
  }
}

test('journald takes every entry of an active file whose header went wild, and names the file', async () => {
  await using journal = await privateJournald({ storage: 'volatile' })
  await journal.log(lines(100, 'first'))
  await using read = reading(journal.root)
  await read.until('first', () => read.records.some((record) => message(record) === 'first 99'))
  const [folder] = await journalFolders(tree(journal.root))
  assert.ok(folder)
  {
    await using file = await open(join(folder.path, 'system.journal'), 'r+')
    await file.write(Buffer.alloc(272, 0x55), 0, 272, 0)
  }
  await journal.log(lines(100, 'second'))
  await journal.journalctl('--rotate')
  await journal.log(['the end'])
  await read.until('the end', () => read.records.some((record) => message(record) === 'the end'))
  const second = read.records.filter((record) => message(record).startsWith('second '))
  assert.deepEqual(second.map(message), lines(100, 'second'))
  assert.equal(new Set(read.records.map(({ id }) => id)).size, read.records.length, 'nothing twice')
  assert.deepEqual([...read.missed], [])
  await read.until('a line that names it', () => read.skipped.length > 0)
  const [said, ...more] = read.skipped.map(({ message }) => message)
  assert.match(
    said ?? '',
    /^Cannot read all of journal ".*system.*\.journal": no journal file, or not whole$/,
  )
  assert.equal(more.length, 0)
})
