/** The journald collector beside a real systemd-journald: what was delivered and missed is what it has numbered. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { journalFiles, journalFolders } from '../../collectors/journald/files.ts'
import { tree } from '../../src/tree.ts'
import { privateJournald } from '../private-journald.ts'
import { message, numbersOf, type Reading, reading } from './read.ts'

const lines = (count: number, word = 'line') =>
  Array.from({ length: count }, (_, index) => `${word} ${index}`)

const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0)

/** Waits for an entry with this message. */
const came = (read: Reading, wanted: string) =>
  read.until(wanted, () => read.records.findLast((record) => message(record) === wanted) !== undefined)

/** The highest number that journald has given, by sequence-number id, as the headers of its files say. */
async function issued(root: string): Promise<Map<string, number>> {
  const host = tree(root)
  const highest = new Map<string, number>()
  for (const { seqnumId, tail } of await journalFiles(host, await journalFolders(host)))
    highest.set(seqnumId, Math.max(tail, highest.get(seqnumId) ?? 0))
  return highest
}

/** Asserts that each id's numbers rise without a repeat. @returns how many came */
function assertNoRepeat(records: Reading['records']): number {
  for (const [id, numbers] of numbersOf(records))
    for (const [index, number] of numbers.entries())
      assert.ok(index === 0 || number > (numbers[index - 1] ?? 0), `${id}: ${number} again`)
  return records.length
}

/** How many processes read journals for this process. */
async function journalctls(): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']).catch(() => ({ stdout: '' }))
  return stdout.split('\n').filter((line) => line.includes(`remora-journal-${process.pid}-`)).length
}

test('journald follows 10,000 entries through rotation, one by one, and leaves no process', async () => {
  await using journal = await privateJournald()
  await journal.log(lines(5, 'before'))
  {
    await using read = reading(journal.root)
    await came(read, 'before 4')
    for (let turn = 0; turn < 4; turn++) {
      await journal.log(lines(2500, `turn ${turn} line`))
      await journal.journalctl('--rotate')
    }
    await journal.log(['the end'])
    await came(read, 'the end')
    assert.deepEqual(read.skipped, [])
    assert.deepEqual(read.missed, new Map())
    const [[id, highest] = ['', 0], ...more] = await issued(journal.root)
    assert.equal(more.length, 0)
    assert.equal(assertNoRepeat(read.records), highest)
    assert.deepEqual([...numbersOf(read.records).keys()], [id])
    assert.equal(read.records.filter((record) => /^turn \d line \d+$/.test(message(record))).length, 10_000)
    assert.ok(read.batches.length < 200, `${read.batches.length} batches`)
    assert.ok(Math.max(...read.batches) <= 4000)
  }
  assert.equal(await journalctls(), 0)
})

test('journald counts exactly what was vacuumed past its position', async () => {
  await using journal = await privateJournald({ settings: ['RuntimeMaxFileSize=512K'] })
  await journal.log(lines(10))
  const first = reading(journal.root)
  await came(first, 'line 9')
  await first[Symbol.asyncDispose]()
  for (let turn = 0; turn < 6; turn++) {
    await journal.log(lines(500, `unseen ${turn}`))
    await journal.journalctl('--rotate')
  }
  await journal.journalctl('--vacuum-files=2')
  await journal.log(['the end'])
  await using second = reading(journal.root, {}, first.positions)
  await came(second, 'the end')
  const records = [...first.records, ...second.records]
  const [[, highest] = ['', 0]] = await issued(journal.root)
  const missed = second.missed.get('vacuumed') ?? 0
  assert.ok(missed > 500, `${missed} missed`)
  assert.deepEqual([...second.missed.keys()], ['vacuumed'])
  assert.equal(assertNoRepeat(records) + missed, highest)
})

test('journald goes on over a restart of the daemon, and through a pause stops journalctl and resumes it', async () => {
  await using journal = await privateJournald()
  await journal.log(['begin'])
  await using read = reading(journal.root)
  await came(read, 'begin')
  await journal.stop()
  await journal.start()
  await journal.log(lines(100, 'again'))
  await came(read, 'again 99')
  read.held = true
  await journal.log(lines(20_000, 'held'))
  for (const end = Date.now() + 15_000; (await journalctls()) > 0; await sleep(100))
    assert.ok(Date.now() < end, 'journalctl is stopped while nothing is taken')
  await journal.log(['while paused'])
  read.held = false
  await came(read, 'while paused')
  assert.equal(sum(read.missed), 0)
  assert.equal(assertNoRepeat(read.records), sum(await issued(journal.root)))
  assert.equal(read.records.filter((record) => message(record).startsWith('held ')).length, 20_000)
})

test('journald takes the end of each boot and the begin of the next, while it is read and while nothing is taken', async () => {
  await using journal = await privateJournald({ storage: 'persistent' })
  await journal.log(lines(100, 'first'))
  await using read = reading(journal.root)
  await came(read, 'first 99')
  const boots = ['1', '2', '3'].map((digit) => `${digit.repeat(12)}4${digit.repeat(3)}8${digit.repeat(15)}`)
  for (const [turn, boot] of boots.entries()) {
    // What is written last before a boot is what the next one may forget to read.
    read.held = turn % 2 === 1
    await journal.log(lines(3000, `late ${turn}`))
    await journal.reboot(boot)
    await journal.log(lines(200, `early ${turn}`))
    read.held = false
    await came(read, `early ${turn} 199`)
  }
  assert.equal(sum(read.missed), 0)
  assert.deepEqual(read.skipped, [])
  assert.equal(assertNoRepeat(read.records), sum(await issued(journal.root)))
  const seen = read.records.map(({ fields }) =>
    Buffer.from(fields.find(([name]) => name === '_BOOT_ID')?.[1] ?? []).toString(),
  )
  assert.deepEqual([...new Set(seen)].slice(1), boots)
})

test('journald resumes by position in every one of many short lives', async () => {
  await using journal = await privateJournald()
  const records: Reading['records'] = []
  let positions: ReadonlyMap<string, string> = new Map()
  for (let life = 0; life < 8; life++) {
    await journal.log(lines(50, `life ${life}`))
    const read = reading(journal.root, {}, positions)
    await came(read, `life ${life} 49`)
    await journal.log(lines(30, `more ${life}`))
    await sleep(life * 15)
    await read[Symbol.asyncDispose]()
    assert.equal(sum(read.missed), 0)
    records.push(...read.records)
    positions = read.positions
  }
  await journal.log(['the end'])
  await using last = reading(journal.root, {}, positions)
  await came(last, 'the end')
  records.push(...last.records)
  assert.equal(assertNoRepeat(records), sum(await issued(journal.root)))
})

test('journald takes up a namespace that appears, and one that goes and comes again', async () => {
  await using journal = await privateJournald({ namespaces: ['tenant'] })
  await journal.log(['default'])
  await using read = reading(journal.root)
  await came(read, 'default')
  await journal.start('tenant')
  await journal.log(lines(20, 'tenant'), 'tenant')
  await came(read, 'tenant 19')
  assert.deepEqual([...read.positions.keys()].sort(), ['default', 'tenant'])
  await journal.stop('tenant')
  const folders = await journalFolders(tree(journal.root))
  const [gone] = folders.filter(({ namespace }) => namespace === 'tenant')
  await rm(gone?.path ?? '', { recursive: true })
  await journal.log(['default goes on'])
  await came(read, 'default goes on')
  await journal.start('tenant')
  await journal.log(lines(20, 'back'), 'tenant')
  await came(read, 'back 19')
  assertNoRepeat(read.records)
  assert.equal(read.records.filter((record) => /^(tenant|back) \d+$/.test(message(record))).length, 40)
  assert.equal(sum(read.missed), 0)
})

test('journald reads once what journald flushes from /run to /var', async () => {
  await using journal = await privateJournald({ storage: 'persistent' })
  await journal.log(lines(10, 'persistent'))
  await using read = reading(journal.root)
  await came(read, 'persistent 9')
  await journal.journalctl('--relinquish-var')
  await journal.log(lines(50, 'volatile'))
  await came(read, 'volatile 49')
  await journal.journalctl('--flush')
  await journal.log(lines(10, 'flushed'))
  await came(read, 'flushed 9')
  for (const word of ['persistent 9', 'volatile 0', 'volatile 49', 'flushed 0', 'flushed 9'])
    assert.equal(read.records.filter((record) => message(record) === word).length, 1, word)
  assert.equal(sum(read.missed), 0, JSON.stringify([...read.missed]))
})

test('journald passes an empty, a short and a damaged file, and counts what a damaged one held', async () => {
  await using journal = await privateJournald({ storage: 'persistent' })
  await journal.log(lines(2000, 'first'))
  await journal.journalctl('--rotate')
  await journal.log(lines(2000, 'second'))
  await journal.journalctl('--rotate')
  await journal.log(['the end'])
  await journal.journalctl('--sync')
  const [folder] = await journalFolders(tree(journal.root))
  const archived = (await readdir(folder?.path ?? '')).filter((name) => name.startsWith('system@')).sort()
  assert.equal(archived.length, 2)
  await truncate(join(folder?.path ?? '', archived[1] ?? ''), 400_000)
  await writeFile(join(folder?.path ?? '', 'system@empty.journal'), '')
  await writeFile(join(folder?.path ?? '', 'system@noise.journal'), Buffer.alloc(100_000, 'noise'))
  await using read = reading(journal.root)
  await came(read, 'the end')
  const highest = sum(await issued(journal.root))
  assert.deepEqual([...read.missed.keys()], ['corrupted'])
  assert.equal(assertNoRepeat(read.records) + sum(read.missed), highest, JSON.stringify([...read.missed]))
  const [said, ...more] = read.skipped.filter(({ message }) =>
    /^Cannot read \d+ journal entries/.test(message),
  )
  assert.equal(more.length, 0)
  assert.match(
    said?.message ?? '',
    new RegExp(
      `^Cannot read ${sum(read.missed)} journal entries "[0-9a-f]{32}:\\d+" to \\d+: they did not come out of `,
    ),
  )
  assert.equal(said?.message.endsWith(String(archived[1])), true)
  const named = () =>
    read.skipped.filter(({ message }) => /^Cannot read (?:all of journal|journal file) /.test(message))
  await read.until('a line on the files', () => named().length > 0)
  assert.equal(named().length, 1)
})

test('journald counts the end of an id that nothing follows, and says so once', async () => {
  await using journal = await privateJournald({ storage: 'persistent' })
  await journal.log(lines(100, 'first'))
  const begun = reading(journal.root)
  await came(begun, 'first 99')
  await begun[Symbol.asyncDispose]()
  await journal.log(lines(3000, 'unseen'))
  await journal.journalctl('--sync')
  await journal.stop()
  const [folder] = await journalFolders(tree(journal.root))
  const old = await issued(journal.root)
  // Its end is gone and journald, which finds it so, begins a file and an id of its own.
  await truncate(join(folder?.path ?? '', 'system.journal'), 400_000)
  await journal.start()
  await journal.log(['the end'])
  await using read = reading(journal.root, {}, begun.positions)
  await came(read, 'the end')
  const all = () => begun.records.length + read.records.length + sum(read.missed)
  const ids = await issued(journal.root)
  assert.equal(ids.size, 2)
  await read.until('every number', () => all() >= sum(ids), 40)
  assert.equal(all(), sum(ids))
  assert.equal(assertNoRepeat([...begun.records, ...read.records]) + sum(read.missed), sum(ids))
  assert.deepEqual([...read.missed.keys()], ['corrupted'])
  assert.ok(sum(read.missed) > 1000)
  const [id = ''] = old.keys()
  const named = read.skipped.filter(({ message }) => message.startsWith('Cannot read '))
  assert.equal(named.filter(({ message }) => message.includes(id) && message.includes('entries')).length, 1)
  // What was counted is so in the position too.
  await using after = reading(journal.root, {}, new Map(read.positions))
  await journal.log(['later'])
  await came(after, 'later')
  assert.equal(sum(after.missed), 0)
})

test('journald counts by one counter what it keeps apart for the system and for users', async () => {
  await using journal = await privateJournald({ storage: 'persistent' })
  await journal.log(['begin'])
  const asUser = (uid: number, text: readonly string[]) =>
    journal.inside(
      'setpriv',
      [`--reuid=${uid}`, '--clear-groups', 'logger', '--socket', '/run/systemd/journal/dev-log'],
      text.join('\n'),
    )
  await using read = reading(journal.root)
  await came(read, 'begin')
  for (let turn = 0; turn < 5; turn++) {
    await journal.log(lines(20, `root ${turn}`))
    await asUser(1000, lines(10, `user ${turn}`))
    await asUser(1001, lines(5, `other ${turn}`))
  }
  await journal.log(['the end'])
  await came(read, 'the end')
  assert.equal(sum(read.missed), 0, JSON.stringify([...read.missed]))
  assertNoRepeat(read.records)
  const ids = await issued(journal.root)
  assert.equal(ids.size, 3)
  assert.equal(
    read.records.filter((record) => /^(root|user|other) \d \d+$/.test(message(record))).length,
    175,
  )
  assert.equal(read.records.length, Math.max(...ids.values()))
})

test('journald counts every number of a storm whose journal is vacuumed faster than it is taken', async () => {
  await using journal = await privateJournald({ settings: ['RuntimeMaxUse=6M', 'RuntimeMaxFileSize=1M'] })
  await using read = reading(journal.root)
  await journal.log(['begin'])
  await came(read, 'begin')
  for (let turn = 0; turn < 12; turn++) {
    read.held = turn % 3 !== 0
    await journal.log(lines(10_000, `turn ${turn}`))
  }
  read.held = false
  await journal.log(['the end'])
  await came(read, 'the end')
  const highest = sum(await issued(journal.root))
  assert.ok(highest >= 120_000)
  assert.ok(sum(read.missed) > 0)
  assert.equal(assertNoRepeat(read.records) + sum(read.missed), highest, JSON.stringify([...read.missed]))
})

test('journald rejoins the lines that journald has split, on request', async () => {
  await using journal = await privateJournald({ settings: ['LineMax=1K'] })
  const say = 'print "x" x 5000, "\\nshort\\n", "y" x 2500'
  await journal.inside('systemd-cat', ['perl', '-e', say])
  await journal.log(['the end'])
  await using split = reading(journal.root)
  await came(split, 'the end')
  await using read = reading(journal.root, { rejoin_lines: true })
  await came(read, 'the end')
  const lengths = (records: Reading['records'], letter: RegExp) =>
    records.map(message).flatMap((text) => (letter.test(text) ? [text.length] : []))
  assert.deepEqual(lengths(split.records, /^x+$/), [1024, 1024, 1024, 1024, 904])
  assert.deepEqual(lengths(read.records, /^x+$/), [5000])
  assert.deepEqual(lengths(read.records, /^y+$/), [2500])
  assert.deepEqual(lengths(read.records, /^short$/), [5])
  const breaks = (letter: RegExp) =>
    read.records
      .filter((record) => letter.test(message(record)))
      .flatMap(({ fields }) => fields.filter(([name]) => name === '_LINE_BREAK'))
      .map(([, value]) => Buffer.from(value).toString())
  assert.deepEqual(breaks(/^x/), [])
  assert.deepEqual(breaks(/^y/), ['eof'])
  const joined = read.filtered.get('rejoined') ?? 0
  assert.equal(joined, split.records.length - read.records.length)
  assert.equal(joined, 4 + 2)
})
