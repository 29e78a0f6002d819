/** A namespace that the direct reader cannot read goes on through journalctl. */
import assert from 'node:assert/strict'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { boot, exportText, writeJournal } from '../collectors/journald/journals.ts'
import { message, reading } from './read.ts'

const machine = 'a'.repeat(32)
const begin = 1_700_000_000_000_000

async function setFlag(path: string, flag: number): Promise<void> {
  await using file = await open(path, 'r+')
  const flags = Buffer.alloc(4)
  await file.read(flags, 0, 4, 12)
  flags.writeUInt32LE(flags.readUInt32LE(0) | flag)
  await file.write(flags, 0, 4, 12)
}

test('a namespace whose live file has a flag of a newer systemd goes on through journalctl, and nothing is repeated', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'remora-hand-over-'))
  t.after(() => rm(root, { recursive: true }))
  const folder = join(root, 'var/log/journal', machine)
  const write = async (name: string, id: string, from: number, word: string) => {
    const text = exportText(boot(id, from, 20, (index) => [['MESSAGE', `${word} ${index}`]]))
    await writeJournal(join(folder, name), text)
    return join(folder, name)
  }
  await write(`system@${'1'.repeat(32)}-1.journal`, '1'.repeat(32), begin, 'archived')
  await using before = reading(root, { initial: 'all', reader: 'direct' })
  await before.count(20)
  await before[Symbol.asyncDispose]()
  await write(`system@${'2'.repeat(32)}-2.journal`, '2'.repeat(32), begin + 60_000_000, 'later')
  await setFlag(await write('system.journal', '3'.repeat(32), begin + 120_000_000, 'unknown'), 0x40)
  await using after = reading(root, { initial: 'all', reader: 'direct' }, before.positions)
  await after.count(20)
  await after.until('the flag named', () =>
    after.skipped.some(({ message: said }) => said.includes('incompatible flags 0x40')),
  )
  await after[Symbol.asyncDispose]()
  // The reader that goes on writes the same position, from which the same one would go on.
  await using again = reading(root, { initial: 'all', reader: 'journalctl' }, after.positions)
  await write('user-1000.journal', '4'.repeat(32), begin + 180_000_000, 'newest')
  await again.count(20)
  const words = [...before.records, ...after.records, ...again.records].map(message)
  assert.equal(new Set(words).size, words.length)
  assert.deepEqual(
    ['archived', 'later', 'newest', 'unknown'].map(
      (word) => words.filter((one) => one.startsWith(`${word} `)).length,
    ),
    [20, 20, 20, 0],
  )
})
