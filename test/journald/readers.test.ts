/** The two readers of the journal, one after the other and against each other. */
import assert from 'node:assert/strict'
import { readdirSync, readlinkSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readDirectly } from '../../collectors/journald/direct.ts'
import { journalFolders } from '../../collectors/journald/files.ts'
import { options as schema } from '../../collectors/journald/journald.ts'
import type { LogRecord } from '../../src/model.ts'
import { tree } from '../../src/tree.ts'
import { boot, exportText, type Fields, writeJournal } from '../collectors/journald/journals.ts'
import { mutationSeed, mutations, random } from '../collectors/journald/mutations.ts'
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

for (const reader of ['direct', 'journalctl'] as const) {
  test(`the end of a boot that is past is not lost: journalctl -f --after-cursor loses it (${reader})`, async (t) => {
    const root = await mkdtemp(join(tmpdir(), 'remora-readers-'))
    t.after(() => rm(root, { recursive: true }))
    const path = join(root, 'var/log/journal', machine, 'system.journal')
    const entries = [...boot('1'.repeat(32), begin, 10), ...boot('2'.repeat(32), begin + 60_000_000, 10)]
    await writeJournal(path, exportText(entries.slice(0, 5)))
    const before = reading(root, { reader, initial: 'all' })
    await before.count(5)
    await before[Symbol.asyncDispose]()
    await writeJournal(path, exportText(entries.slice(5)))
    await using after = reading(root, { reader }, before.positions)
    await after.count(15)
    assert.deepEqual(
      [...before.records, ...after.records].map(message),
      entries.map(({ fields }) => fields[0]?.[1]),
    )
    assert.deepEqual(after.missed, new Map())
  })

  test(`where the position was vacuumed, what is left is read from its first entry (${reader})`, async () => {
    await using journal = await privateJournald({ settings: ['RuntimeMaxFileSize=512K'] })
    await journal.log(lines(20, 'taken'))
    const before = reading(journal.root, { reader })
    await before.until('taken 19', () => before.records.some((record) => message(record) === 'taken 19'))
    await before[Symbol.asyncDispose]()
    await journal.log(lines(20, 'vacuumed'))
    await journal.journalctl('--rotate')
    await journal.log(lines(20, 'left'))
    await journal.journalctl('--rotate')
    await journal.journalctl('--vacuum-files=2')
    await using after = reading(journal.root, { reader }, before.positions)
    await after.until('left 19', () => after.records.some((record) => message(record) === 'left 19'))
    assert.equal(after.records.filter((record) => message(record).startsWith('left ')).length, 20)
    const numbers = [...numbersOf([...before.records, ...after.records]).values()].flat()
    assert.equal(numbers.length + (after.missed.get('vacuumed') ?? 0), Math.max(...numbers))
    assert.ok((after.missed.get('vacuumed') ?? 0) >= 20)
  })
}

/** Journal files that this process keeps although they were removed. */
function keptRemoved(): string[] {
  const links = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`)
    } catch {
      return '' // The one of the listing itself.
    }
  })
  return links.filter((path) => path.includes('.journal') && path.endsWith('(deleted)'))
}

test('no journal file that was vacuumed stays open, also while nothing is taken, and what it had is counted', async () => {
  await using journal = await privateJournald({ settings: ['RuntimeMaxFileSize=1M'] })
  await journal.log(lines(10, 'begin'))
  await using read = reading(journal.root, { reader: 'direct' })
  await read.until('begin 9', () => read.records.some((record) => message(record) === 'begin 9'))
  read.held = true
  for (let turn = 0; turn < 3; turn++) {
    await journal.log(lines(9000, `turn ${turn}`))
    await journal.journalctl('--rotate')
  }
  await journal.journalctl('--vacuum-files=1')
  await read.until('no removed file is open', () => keptRemoved().length === 0)
  read.held = false
  await journal.log(['the end'])
  await read.until('the end', () => read.records.some((record) => message(record) === 'the end'))
  const numbers = [...numbersOf(read.records).values()].flat()
  const missed = [...read.missed.values()].reduce((sum, count) => sum + count, 0)
  assert.equal(numbers.length + missed, Math.max(...numbers))
  await read.until('no removed file is open', () => keptRemoved().length === 0)
})

test('what a damaged file gives and what is counted of it is what was numbered, whatever the damage', async (t) => {
  await using journal = await privateJournald({ settings: ['RuntimeMaxFileSize=512K'] })
  await journal.log(lines(150, 'in the first file'))
  await journal.journalctl('--rotate')
  await journal.log(lines(10, 'in the second'))
  const [folder] = await journalFolders(tree(journal.root))
  const names = (await readdir(folder?.path ?? '')).sort()
  assert.equal(names.length, 2)
  const root = await mkdtemp(join(tmpdir(), 'remora-readers-'))
  t.after(() => rm(root, { recursive: true }))
  const copied = join(root, 'run/log/journal', machine)
  await mkdir(copied, { recursive: true })
  for (const name of names) await copyFile(join(folder?.path ?? '', name), join(copied, name))
  const path = join(copied, names.find((name) => name.startsWith('system@')) ?? '')
  const original = await readFile(path)
  const whole = await readOnce(root)
  const issued = whole.records.length
  assert.ok(issued >= 160)
  const next = random(mutationSeed + 3)
  let lost = 0
  for (let run = 0; run < mutations; run++) {
    const bytes = Buffer.from(original)
    for (let times = next(5); times >= 0; times--) {
      const at = next(10) === 0 ? next(272) : 272 + next(bytes.length - 272)
      if (at < 272) bytes[at] = next(256)
      else if (run % 3 === 0) bytes.subarray(Math.max(272, at - (at % 4096)), at - (at % 4096) + 4096).fill(0)
      else bytes.subarray(at, at + next(300)).fill(next(256))
    }
    await writeFile(path, run % 5 === 0 ? bytes.subarray(0, next(bytes.length)) : bytes)
    const { records, missed } = await readOnce(root)
    const numbers = [...numbersOf(records).values()].flat()
    assert.equal(new Set(numbers).size, numbers.length)
    assert.equal(
      numbers.length + missed,
      issued,
      `seed ${mutationSeed} run ${run}: ${numbers.length} delivered, ${missed} missed`,
    )
    lost += missed
  }
  assert.ok(lost > 2 * mutations, `${lost} lost`)
  t.diagnostic(
    `seed ${mutationSeed}: ${mutations} mutations, ${lost} of ${issued * mutations} entries lost and counted`,
  )
})

/** Everything there is, in one batch. */
async function readOnce(root: string): Promise<{ records: readonly LogRecord[]; missed: number }> {
  const options = schema.parse({ reader: 'direct', initial: 'all' })
  const what = {
    namespace: '',
    position: undefined,
    options,
    dropped: () => undefined,
    numbers: () => undefined,
  }
  const { batches } = readDirectly(
    what,
    { host: tree(root), skip: () => undefined },
    new AbortController().signal,
  )
  const { value } = await batches.next()
  await batches.return()
  const { records = [], missed = {} } = value ?? {}
  return { records: [...records], missed: Object.values(missed).reduce((sum, count) => sum + count, 0) }
}

test('whatever there is to read, others have their turn between two batches', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'remora-turns-'))
  t.after(() => rm(root, { recursive: true }))
  const text = exportText(boot('5'.repeat(32), begin, 13_000))
  await writeJournal(join(root, 'var/log/journal', machine, 'system.journal'), text)
  let turns = 0
  let isOver = false
  const count = () => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const between: number[] = []
  const stopping = new AbortController()
  const nothing = () => undefined
  const options = schema.parse({ initial: 'all' })
  const what = { namespace: '', position: undefined, options, dropped: nothing, numbers: nothing }
  let records = 0
  for await (const batch of readDirectly(what, { host: tree(root), skip: nothing }, stopping.signal)
    .batches) {
    between.push(turns)
    records += batch.records.length
    if (records === 13_000) break
  }
  isOver = true
  stopping.abort()
  assert.ok(between.length > 3)
  assert.equal(new Set(between).size, between.length)
})
