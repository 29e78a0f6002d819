/** The journald collector on journal files at rest, made by systemd-journal-remote out of export text. */
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { journald } from '../../collectors/journald/journald.ts'
import { commandRunner } from '../../src/command.ts'
import { tree } from '../../src/tree.ts'
import { collectOnce, contextOf } from '../collectors/context.ts'
import { boot, exportText, type Fields, writeJournal } from '../collectors/journald/journals.ts'
import { message, reading } from './read.ts'

const machine = 'a'.repeat(32)
const boots = ['1', '2', '3'].map((digit) => digit.repeat(32))
const [first = '', second = '', third = ''] = boots
const day = 86_400_000_000
const begin = 1_700_000_000_000_000

async function root(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-journald-test-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

/** Three boots of 30, 20 and 10 entries in one file, a day apart. */
async function threeBoots(t: TestContext): Promise<string> {
  const folder = await root(t)
  const entries = [
    ...boot(first, begin, 30),
    ...boot(second, begin + day, 20),
    ...boot(third, begin + 2 * day, 10),
  ]
  await writeJournal(join(folder, 'var/log/journal', machine, 'system.journal'), exportText(entries))
  return folder
}

const counts = (map: ReadonlyMap<string, number>) => Object.fromEntries(map)

test('journald begins at the previous boot, at the first entry, or a duration ago, and counts what lies before', async (t) => {
  const folder = await threeBoots(t)
  const ago = Math.ceil((Date.now() * 1000 - (begin + day + day / 2)) / 1e6)
  for (const [options, records, missed] of [
    [{}, 30, { before_start: 30 }],
    [{ initial: 'previous-boot' }, 30, { before_start: 30 }],
    [{ initial: 'all' }, 60, {}],
    [{ initial: `${ago}s` }, 10, { before_start: 50 }],
  ] as const) {
    await using read = reading(folder, options)
    await read.count(records)
    assert.equal(read.records.length, records)
    assert.deepEqual(counts(read.missed), missed)
    assert.equal(message(read.records.at(-1) ?? assert.fail('no record')), '3333 9')
  }
})

test('journald takes the one boot there is from its first entry', async (t) => {
  const folder = await root(t)
  const text = exportText(boot(first, begin, 5))
  await writeJournal(join(folder, 'run/log/journal', machine, 'system.journal'), text)
  await using read = reading(folder)
  await read.count(5)
  assert.deepEqual(counts(read.missed), {})
})

test('journald counts older journals of other machine ids, and leaves out those that others sent', async (t) => {
  const folder = await root(t)
  const journals = join(folder, 'var/log/journal')
  await writeJournal(join(journals, 'b'.repeat(32), 'system.journal'), exportText(boot(first, begin, 40)))
  await writeJournal(
    join(journals, 'c'.repeat(32), 'system.journal'),
    exportText(boot(second, begin + day, 20)),
  )
  await writeJournal(join(journals, machine, 'system.journal'), exportText(boot(third, begin + 2 * day, 10)))
  await writeJournal(
    join(journals, 'remote/other.journal'),
    exportText(boot('4'.repeat(32), begin + 3 * day, 7)),
  )
  await using all = reading(folder, { initial: 'all' })
  await all.count(70)
  assert.deepEqual(counts(all.missed), {})
  await using previous = reading(folder)
  await previous.count(30)
  assert.deepEqual(counts(previous.missed), { before_start: 40 })
  assert.equal(new Set(previous.records.map(({ stream }) => stream)).size, 2)
  assert.equal(all.records.length, 70)
})

test('a record has the fields as they were written, with times and boot, and is the same in every run', async (t) => {
  const folder = await root(t)
  const fields: Fields = [
    ['MESSAGE', Buffer.from([0, 255, 10, 10])],
    ['MESSAGE', 'again'],
    ['PRIORITY', '3'],
    ['BIG', 'x'.repeat(3 << 20)],
    ['COREDUMP', Buffer.alloc(100_000)],
  ]
  const text = exportText([{ boot: first, realtime: begin + 7, monotonic: 42, fields }])
  await writeJournal(join(folder, 'var/log/journal', machine, 'system.journal'), text)
  const dropped = async () =>
    (await collectOnce(journald, contextOf({ folder }))).series.get('node_journald_fields_dropped_total') ?? 0
  const before = await dropped()
  await using read = reading(folder)
  await read.count(1)
  assert.equal(await dropped(), before + 1, 'the core dump is left out, and counted')
  const [record] = read.records
  assert.ok(record)
  assert.equal(record.time, BigInt(begin + 7) * 1000n)
  assert.match(record.id, /^[0-9a-f]{32}:1$/)
  assert.equal(record.id, `${record.stream}:1`)
  const found = record.fields.map(([name, value]) => [
    name,
    Buffer.from(value).subarray(0, 40).toString('latin1'),
  ])
  assert.deepEqual(
    found.sort().map(([name, value]) => `${name}=${value}`),
    [
      `BIG=${'x'.repeat(40)}`,
      'MESSAGE=\0ÿ\n\n',
      'MESSAGE=again',
      'PRIORITY=3',
      'REMORA_CUT=BIG:3145728',
      `_BOOT_ID=${first}`,
      '__MONOTONIC_TIMESTAMP=42',
      `__REALTIME_TIMESTAMP=${begin + 7}`,
    ],
  )
  assert.equal(record.fields.find(([name]) => name === 'BIG')?.[1].length, 2 << 20)
  await using again = reading(folder)
  await again.count(1)
  assert.deepEqual({ ...again.records[0], observed: 0n }, { ...record, observed: 0n })
})

test('journald filters by unit, identifier and priority after the position is known, and keeps the fields asked for', async (t) => {
  const folder = await root(t)
  const of = (index: number): Fields => [
    ['MESSAGE', `m${index}`],
    ['_SYSTEMD_UNIT', index % 2 === 0 ? 'ssh.service' : 'cron.service'],
    ['SYSLOG_IDENTIFIER', index % 5 === 0 ? 'noise-five' : 'quiet'],
    ['PRIORITY', String(index % 8)],
  ]
  const text = exportText(boot(first, begin, 40, of))
  await writeJournal(join(folder, 'var/log/journal', machine, 'system.journal'), text)
  const options = {
    units: { include: ['ssh*', 'x?.service'] },
    identifiers: { exclude: ['noise-*'] },
    priority: 5,
    fields: { keep: ['MESSAGE'] },
  }
  await using read = reading(folder, options)
  const total = () => read.records.length + [...read.filtered.values()].reduce((a, b) => a + b, 0)
  await read.until('all entries', () => total() === 40)
  // 0 to 39: 10 of priority 6 or 7; of the other 30 half are of cron; of the other 15 those of 0, 10, 20 go.
  assert.deepEqual(counts(read.filtered), { priority: 10, unit: 15, identifier: 3 })
  assert.equal(read.records.length, 12)
  for (const { fields } of read.records)
    assert.deepEqual(fields.map(([name]) => name).sort(), [
      'MESSAGE',
      '_BOOT_ID',
      '__MONOTONIC_TIMESTAMP',
      '__REALTIME_TIMESTAMP',
    ])
  assert.match(read.positions.get('default') ?? '', /"last":\{"[0-9a-f]{32}":40\}/)
})

test('journald counts what journald itself says it has dropped, and believes nobody else', async (t) => {
  const folder = await root(t)
  const suppressed = 'a596d6fe7bfa4994828e72309e95d61e'
  const kernel = 'e9bf28e6e834481bb6f48f548ad13606'
  const said: Fields[] = [
    [
      ['_TRANSPORT', 'driver'],
      ['MESSAGE_ID', suppressed],
      ['N_DROPPED', '17'],
      ['MESSAGE', 'Suppressed 17 messages from a.service'],
    ],
    [
      ['_TRANSPORT', 'journal'],
      ['MESSAGE_ID', suppressed],
      ['N_DROPPED', '1000'],
    ],
    [
      ['_TRANSPORT', 'driver'],
      ['MESSAGE_ID', kernel],
      ['MESSAGE', 'Missed 5 kernel messages'],
    ],
    [
      ['_TRANSPORT', 'driver'],
      ['MESSAGE_ID', suppressed],
      ['N_DROPPED', 'many'],
    ],
  ]
  const text = exportText(boot(first, begin, said.length, (index) => said[index] ?? []))
  await writeJournal(join(folder, 'var/log/journal', machine, 'system.journal'), text)
  await using read = reading(folder)
  await read.count(4)
  assert.deepEqual(counts(read.missed), { rate_limited: 17, kernel_overrun: 5 })
})

test('journald begins at initial where a position is not to be understood, and says so', async (t) => {
  const folder = await threeBoots(t)
  for (const bad of ['', '{}', '{"cursor":"s=1","last":{}}', '{"cursor":"x","last":{"a":-1}}']) {
    await using read = reading(folder, { initial: 'all' }, new Map([['default', bad]]))
    await read.count(60)
    assert.equal(read.records.length, 60)
    const [said, ...more] = read.skipped.map(({ message }) => message)
    assert.match(said ?? '', /^Cannot go on with journal "default" where it was, begun at all: Cannot parse /)
    assert.equal(more.length, 0)
  }
})

/** A folder with a journalctl of the test's own in front of the real one. */
async function standIn(t: TestContext, script: string): Promise<string> {
  const folder = await root(t)
  const path = join(folder, 'journalctl')
  await writeFile(path, `#!/bin/sh\nstate=${folder}\n${script}\n`)
  await chmod(path, 0o755)
  return folder
}

/** Passes everything but --follow on, and numbers the calls with it in $calls. */
const real = `
case "$*" in *--follow*) ;; *) exec /usr/bin/journalctl "$@";; esac
calls=$(($(cat "$state/calls" 2>/dev/null || echo 0) + 1)); echo $calls >"$state/calls"
`

test('journald goes on after a journalctl that ends, fails, or prints half an entry', async (t) => {
  const folder = await threeBoots(t)
  const tools = await standIn(
    t,
    `${real}
if [ $calls = 1 ]; then /usr/bin/journalctl "$@" | head -c 3000; exit 0; fi
if [ $calls = 2 ]; then /usr/bin/journalctl "$@" | head -c 5000; echo "Failed to iterate through journal: Bad message" >&2; exit 1; fi
if [ $calls = 3 ]; then exit 0; fi
exec /usr/bin/journalctl "$@"`,
  )
  await using read = reading(
    folder,
    { initial: 'all', reader: 'journalctl' },
    new Map(),
    commandRunner(`${tools}:/usr/bin:/bin`),
  )
  await read.count(60)
  assert.equal(new Set(read.records.map(({ id }) => id)).size, 60)
  assert.deepEqual(counts(read.missed), {})
  assert.deepEqual(
    read.skipped.map(({ message }) => message),
    ['Cannot run "journalctl": exit code 1: Failed to iterate through journal: Bad message'],
  )
})

test('journald ends a journalctl that hangs, and starts another', async (t) => {
  const folder = await threeBoots(t)
  const tools = await standIn(
    t,
    `${real}\n[ $calls -gt 1 ] || exec sleep 1000\nexec /usr/bin/journalctl "$@"`,
  )
  await using read = reading(
    folder,
    { initial: 'all', reader: 'journalctl' },
    new Map(),
    commandRunner(`${tools}:/usr/bin:/bin`),
  )
  await read.count(60)
  assert.deepEqual(
    read.skipped.map(({ message }) => message),
    ['Cannot go on with journal "default": journalctl is silent, begun anew'],
  )
})

test('journald says what is missing and how to mend it', async (t) => {
  const folder = await root(t)
  const ask = async (path?: string, reader = 'direct') => {
    const run = commandRunner(path)
    const found = await journald.probe?.({ ...contextOf(), options: { reader }, run, host: tree(folder) })
    return found?.here === false ? found.why : 'here'
  }
  assert.match(
    await ask('/nowhere', 'journalctl'),
    /^there is no journalctl that runs; `apt-get install systemd`/,
  )
  assert.match(
    await ask(),
    /^there is no \/run\/log\/journal .*`systemctl start systemd-journald` makes one$/,
  )
  await mkdir(join(folder, 'var/log/journal', machine), { recursive: true })
  assert.equal(await ask(), 'here')
})

test('journald shows the files of each namespace, and nothing without a journal', async (t) => {
  const folder = await threeBoots(t)
  const path = join(folder, 'run/log/journal', `${machine}.tenant`, 'system.journal')
  await writeJournal(path, exportText(boot(third, begin, 3)))
  const context = { ...contextOf({ options: {} }), host: tree(folder) }
  const { series } = await collectOnce(journald, context)
  assert.equal(series.get('node_journald_files{namespace="default"}'), 1)
  assert.equal(series.get('node_journald_files{namespace="tenant"}'), 1)
  assert.equal(series.get('node_journald_oldest_entry_timestamp_seconds{namespace="default"}'), begin / 1e6)
  assert.equal(
    series.get('node_journald_newest_entry_timestamp_seconds{namespace="default"}'),
    (begin + 2 * day + 9000) / 1e6,
  )
  assert.equal(series.get(`node_journald_behind_entries{namespace="default"}`), 30)
  assert.equal(
    series.get(`node_journald_position_timestamp_seconds{namespace="default"}`),
    (begin + day) / 1e6,
  )
  assert.equal(series.size, 13)
  const empty = { ...contextOf({ options: {} }), host: tree(await root(t)) }
  assert.equal((await collectOnce(journald, empty)).series.size, 1)
})
