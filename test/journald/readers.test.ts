/** The two readers of the journal, one after the other and against each other. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LogRecord } from '../../src/model.ts'
import { boot, exportText, type Fields, writeJournal } from '../collectors/journald/journals.ts'
import { privateJournald } from '../private-journald.ts'
import { message, numbersOf, reading } from './read.ts'

const machine = 'a'.repeat(32)
const begin = 1_700_000_000_000_000
const lines = (count: number, word: string) => Array.from({ length: count }, (_, index) => `${word} ${index}`)

/** Everything of a record but when it was read. */
function shown({ stream, id, time, fields }: LogRecord): unknown {
  return [stream, id, time, fields.map(([name, value]) => `${name}=${Buffer.from(value).toString('latin1')}`)]
}

function byId(records: readonly LogRecord[]): Map<string, unknown> {
  return new Map(records.map((record) => [record.id, shown(record)]))
}

test('both readers make the same records of 100 files of 100 ids in four folders', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'remora-readers-'))
  t.after(() => rm(root, { recursive: true }))
  const fields =
    (file: number) =>
    (index: number): Fields => [
      ['MESSAGE', `${file} ${index}`],
      ['TAG', 'a'],
      ['TAG', 'b'],
      ['COREDUMP', 'left out'],
      ...(index === 3 ? ([['BYTES', Buffer.from([0, 10, 255])]] as const) : []),
    ]
  await Promise.all(
    Array.from({ length: 4 }, async (_, worker) => {
      for (let file = worker; file < 100; file += 4) {
        const folder = join(
          root,
          file % 2 === 0 ? 'var' : 'run',
          'log/journal',
          file % 3 === 0 ? machine : 'b'.repeat(32),
        )
        const id = file.toString(16).padStart(32, '0')
        const text = exportText(boot(id, begin + (file % 50) * 3_000_000 + file, 9, fields(file)))
        await writeJournal(join(folder, `system@${id}-${file}.journal`), text)
      }
    }),
  )
  await using direct = reading(root, { initial: 'all', reader: 'direct' })
  await using through = reading(root, { initial: 'all', reader: 'journalctl' })
  await direct.count(900)
  await through.count(900)
  assert.deepEqual(byId(direct.records), byId(through.records))
  assert.deepEqual(numbersOf(direct.records), numbersOf(through.records))
  assert.deepEqual([direct.missed, direct.filtered], [through.missed, through.filtered])
  assert.deepEqual(direct.records.map(message).sort(), through.records.map(message).sort())
})

test('each reader goes on where the other one was, through rotation and flushes to /var', async () => {
  await using journal = await privateJournald({ storage: 'persistent' })
  let positions: ReadonlyMap<string, string> = new Map()
  const seen = new Map<string, number>()
  let missed = 0
  for (let life = 0; life < 8; life++) {
    const reader = life % 2 === 0 ? 'direct' : 'journalctl'
    await journal.log(lines(60, `life ${life}`))
    if (life === 2) await journal.journalctl('--rotate')
    const read = reading(journal.root, { reader }, positions)
    await read.until(`life ${life}`, () =>
      read.records.some((record) => message(record) === `life ${life} 59`),
    )
    await journal.log(lines(30, `more ${life}`))
    await read[Symbol.asyncDispose]()
    for (const record of read.records) seen.set(message(record), (seen.get(message(record)) ?? 0) + 1)
    missed += [...read.missed.values()].reduce((sum, count) => sum + count, 0)
    positions = read.positions
    if (life === 2 || life === 5) await journal.journalctl('--relinquish-var')
    if (life === 3 || life === 6) await journal.journalctl('--flush')
  }
  await using last = reading(journal.root, { reader: 'direct' }, positions)
  await journal.log(['the end'])
  await last.until('the end', () => last.records.some((record) => message(record) === 'the end'))
  for (const record of last.records) seen.set(message(record), (seen.get(message(record)) ?? 0) + 1)
  assert.equal(missed, 0)
  for (let life = 0; life < 8; life++)
    for (const line of [...lines(60, `life ${life}`), ...lines(30, `more ${life}`)])
      assert.equal(seen.get(line), 1, line)
})
