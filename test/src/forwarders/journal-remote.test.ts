import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import { systemClock } from '../../../src/clock.ts'
import { journalRemoteForwarder } from '../../../src/forwarders/journal-remote.ts'
import type { Field } from '../../../src/model.ts'
import { journalRemoteSink } from '../../../src/sink-schemas.ts'
import type { EventBatch, SpooledRecord } from '../../../src/spool/batch.ts'
import { type Entry, parseExport, startJournalRemote } from '../../journal-remote-server.ts'
import { folder, open, options, sink } from '../spool/spool.ts'
import { origin, sample, sampleBatch } from './batches.ts'
import { counts, deliver, until } from './deliveries.ts'
import { always, startReceiver } from './receiver.ts'

const never = new AbortController().signal
const boot = 'aaaabbbbccccddddeeeeffff00001111'
const start = 1_790_000_000_000_000n

function forwarder(url: string) {
  const made = journalRemoteForwarder(
    journalRemoteSink.parse({ type: 'journal-remote', url }),
    origin,
    systemClock,
  )
  return {
    send: (batch: Parameters<typeof made.send>[0]) => made.send(batch, never, false),
    [Symbol.asyncDispose]: () => made.close(),
  }
}

/** A journal entry as its collector gives it, number `number` of the sequence. */
function entry(number: number, fields: readonly (readonly [string, string | Uint8Array])[]): SpooledRecord {
  const realtime = start + BigInt(number) * 10n
  const own: Field[] = [
    ['__CURSOR', Buffer.from(`s=ab;i=${number.toString(16)}`)],
    ['__REALTIME_TIMESTAMP', Buffer.from(String(realtime))],
    ['__MONOTONIC_TIMESTAMP', Buffer.from(String(5_000_000 + number))],
    ['_BOOT_ID', Buffer.from(boot)],
  ]
  return {
    stream: 'ab',
    id: `ab:${number}`,
    number,
    time: realtime * 1000n,
    observed: realtime * 1000n,
    fields: [...own, ...fields.map(([name, value]) => [name, Buffer.from(value)] as const)],
  }
}

function batch(records: readonly SpooledRecord[], source = 'journald'): EventBatch {
  return { sequence: 1, source, count: records.length, bytes: 1, kind: 'events', records }
}

/** What must arrive: addresses and distinct fields, without Remora's. */
function expected(record: SpooledRecord) {
  const address = (name: string) => record.fields.find(([own]) => own === name)?.[1].toString() ?? ''
  const fields = new Set(
    record.fields
      .filter(([name]) => !name.startsWith('__'))
      .map(([name, value]) => `${name}=${Buffer.from(value).toString('latin1')}`),
  )
  return {
    realtime: address('__REALTIME_TIMESTAMP'),
    monotonic: address('__MONOTONIC_TIMESTAMP'),
    fields: [...fields].sort(),
  }
}

function arrived({ addresses, fields }: Entry) {
  return {
    realtime: addresses.get('__REALTIME_TIMESTAMP'),
    monotonic: addresses.get('__MONOTONIC_TIMESTAMP'),
    fields: fields.filter((field) => !field.startsWith('REMORA_')),
  }
}

test('journal-remote brings every kind of field to a real systemd-journal-remote byte for byte', async () => {
  await using server = await startJournalRemote()
  await using sink = forwarder(server.url)
  const every = Uint8Array.from({ length: 256 }, (_, index) => index)
  const records = [
    entry(1, [['MESSAGE', 'plain']]),
    entry(2, [['MESSAGE', every]]),
    entry(3, [['MESSAGE', Buffer.from([0xff, 0xfe, 0x41])]]),
    entry(4, [['MESSAGE', Buffer.from([0])]]),
    entry(5, [
      ['MESSAGE', 'twice'],
      ['A', '1'],
      ['A', '2'],
      ['A', '1'],
      ['A', ''],
    ]),
    entry(6, [
      ['MESSAGE', ''],
      ['EMPTY', ''],
    ]),
    entry(7, [['NO_MESSAGE', 'here']]),
    entry(8, [['MESSAGE', 'line\n'.repeat(5000)]]),
    entry(9, [['MESSAGE', randomBytes(1 << 20)]]),
    entry(10, [['MESSAGE', 'x'.repeat(1 << 20)]]),
    entry(11, [['MESSAGE', 'a=b\n\nc=d\n']]),
    entry(12, [[`N${'0'.repeat(63)}`, 'a name of 64 bytes']]),
    entry(13, [['MESSAGE', 'tab\there, Grüße, 日本']]),
    entry(
      14,
      Array.from({ length: 1021 }, (_, index) => [`F${index}`, String(index)] as const),
    ),
  ]
  assert.deepEqual(await sink.send(batch(records)), { is: 'accepted', endpoint: server.url })
  const found = parseExport(await server.read())
  assert.deepEqual(found.map(arrived), records.map(expected))
  assert.deepEqual(
    found.map(({ fields }) => fields.filter((field) => field.startsWith('REMORA_'))),
    records.map(({ number }) => [
      `REMORA_ID=ab:${number}`,
      `REMORA_RECORD=${origin.ledger}:journald:${number}`,
    ]),
  )
  assert.deepEqual(
    new Set(found.map(({ addresses }) => addresses.get('__CURSOR')?.split(';')[2])),
    new Set([`b=${boot}`]),
  )
})

test('journal-remote refuses the record of too many fields for the receiver, and brings its neighbours', async () => {
  await using server = await startJournalRemote()
  await using sink = forwarder(server.url)
  const many = Array.from({ length: 1022 }, (_, index) => [`F${index}`, 'x'] as const)
  const records = [entry(1, [['MESSAGE', 'before']]), entry(2, many), entry(3, [['MESSAGE', 'after']])]
  assert.deepEqual(await sink.send(batch(records)), {
    is: 'partly',
    refused: [{ index: 1, words: 'Not sent: 1025 fields with our own, journal-remote takes 1024' }],
    endpoint: server.url,
  })
  const alone = await sink.send(batch([entry(2, many)]))
  assert.equal(alone.is, 'partly')
  assert.equal(parseExport(await server.read()).length, 2)
})

test('journal-remote makes an entry of a state change, with its own names beside the journal ones', async () => {
  await using server = await startJournalRemote()
  await using sink = forwarder(server.url)
  const time = 1_790_000_000_123_000_000n
  const fields = [
    ['event.name', 'zram.fill'],
    ['severity_number', '13'],
    ['severity_text', 'WARN'],
    ['body', 'zram0 is 92 % full'],
    ['part', 'zram0:fill'],
    ['__odd', 'kept'],
    ['9lives', 'kept too'],
    ['_BOOT_ID', 'not a boot id'],
  ] as const
  const record: SpooledRecord = {
    stream: 'state:zram0:fill',
    id: `zram0:fill:ok:above-90:${time}`,
    number: 7,
    time,
    observed: time,
    fields: fields.map(([name, value]) => [name, Buffer.from(value)]),
  }
  assert.equal((await sink.send(batch([record], 'zram'))).is, 'accepted')
  const [found, ...others] = parseExport(await server.read())
  assert.equal(others.length, 0)
  assert.deepEqual(
    [found?.addresses.get('__REALTIME_TIMESTAMP'), found?.addresses.get('__MONOTONIC_TIMESTAMP')],
    ['1790000000123000', '0'],
  )
  assert.deepEqual(found?.fields, [
    'BOOT_ID=not a boot id',
    'EVENT_NAME=zram.fill',
    'MESSAGE=zram0 is 92 % full',
    'ODD=kept',
    'PART=zram0:fill',
    'PRIORITY=4',
    `REMORA_ID=zram0:fill:ok:above-90:${time}`,
    'REMORA_NAME=BOOT_ID=_BOOT_ID',
    'REMORA_NAME=EVENT_NAME=event.name',
    'REMORA_NAME=MESSAGE=body',
    'REMORA_NAME=ODD=__odd',
    'REMORA_NAME=PART=part',
    'REMORA_NAME=SEVERITY_NUMBER=severity_number',
    'REMORA_NAME=SEVERITY_TEXT=severity_text',
    'REMORA_NAME=X_9LIVES=9lives',
    `REMORA_RECORD=${origin.ledger}:zram:7`,
    'SEVERITY_NUMBER=13',
    'SEVERITY_TEXT=WARN',
    'SYSLOG_IDENTIFIER=remora',
    'X_9LIVES=kept too',
    `_BOOT_ID=${origin.bootId.replaceAll('-', '')}`,
    `_HOSTNAME=${origin.node}`,
  ])
})

test('journal-remote sends nothing a real receiver leaves out in silence: times and boots of any kind', async () => {
  await using server = await startJournalRemote()
  await using sink = forwarder(server.url)
  const times = [0n, -5n, -7_000_000n, 1n, 1n << 62n, (1n << 65n) + 7n]
  const records = times.map((time, index): SpooledRecord => {
    const fields: Field[] = [['MESSAGE', Buffer.from(`time ${time}`)]]
    return { stream: 's', id: `s:${index}`, number: index + 1, time, observed: time, fields }
  })
  assert.equal((await sink.send(batch(records, 'files'))).is, 'accepted')
  const wrong = ['', 'x', '0', '99999999999999999999', '18446744073709551616', '-1']
  const entries = wrong.map((text, index): SpooledRecord => {
    const fields = entry(index, [['MESSAGE', `stamp ${text}`]]).fields.map(
      ([name, value]) => [name, name.endsWith('_TIMESTAMP') ? Buffer.from(text) : value] as const,
    )
    return { ...entry(index, []), fields }
  })
  assert.equal((await sink.send(batch(entries))).is, 'accepted')
  const nowhere = journalRemoteForwarder(
    journalRemoteSink.parse({ type: 'journal-remote', url: server.url }),
    { ...origin, bootId: 'unknown' },
    systemClock,
  )
  assert.equal((await nowhere.send(batch(records.slice(0, 1), 'files'), never, false)).is, 'accepted')
  await nowhere.close()
  assert.equal(parseExport(await server.read()).length, times.length + wrong.length + 1)
  assert.doesNotMatch(server.said(), /invalid|ignoring|aborting/i)
})

test('journal-remote brings any fields of any names and bytes to a real receiver', async () => {
  await using server = await startJournalRemote()
  await using sink = forwarder(server.url)
  const name = fc.oneof(
    fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,70}$/),
    fc.string({ minLength: 1, maxLength: 80 }).filter((text) => !text.includes('=')),
    fc.constantFrom('MESSAGE', '_BOOT_ID', '__CURSOR', '__SEQNUM', '__X', '_', '9', 'body', 'REMORA_ID'),
  )
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(Buffer.from(''), Buffer.from('\n\n=\n')),
  )
  const records = fc
    .sample(fc.array(fc.tuple(name, value), { maxLength: 12 }), { numRuns: 400, seed: 42 })
    .map((fields, index) => ({ ...entry(index, []), fields: [...entry(index, []).fields, ...fields] }))
  assert.equal((await sink.send(batch(records))).is, 'accepted')
  const found = parseExport(await server.read())
  assert.equal(found.length, 400)
  for (const [index, record] of records.entries()) {
    const kept = new Set(found[index]?.fields)
    for (const [own, bytes] of record.fields) {
      if (['__CURSOR', '__SEQNUM', '__REALTIME_TIMESTAMP', '__MONOTONIC_TIMESTAMP'].includes(own)) continue
      const text = Buffer.from(bytes).toString('latin1')
      const renamed = [...kept]
        .filter((field) => field.startsWith('REMORA_NAME='))
        .map((field) => Buffer.from(field.slice(12), 'latin1').toString())
        .filter((field) => field.slice(field.indexOf('=') + 1) === own.toWellFormed())
        .map((field) => field.slice(0, field.indexOf('=')))
      const names = [own, ...renamed]
      assert.ok(
        names.some((one) => kept.has(`${one}=${text}`)),
        `${JSON.stringify(own)} of record ${index}`,
      )
    }
  }
  assert.doesNotMatch(server.said(), /invalid|ignoring|aborting|skipping/i)
})

test('journal-remote brings batches of 2,000 across a receiver killed and restarted: none missing', async () => {
  await using server = await startJournalRemote()
  await using sink = forwarder(server.url)
  const count = 2000
  const batches = [0, 1, 2, 3].map((index) =>
    batch(
      Array.from({ length: count }, (_, at) =>
        entry(index * count + at + 1, [
          ['MESSAGE', `event ${index * count + at + 1} ${'text '.repeat(10)}`],
          ['PRIORITY', String(at % 8)],
        ]),
      ),
    ),
  )
  const outcomes: string[] = []
  for (const [index, one] of batches.entries()) {
    if (index === 1) await server.stop('SIGKILL')
    const killed = index === 2 ? server.stop('SIGKILL') : undefined // While it is being sent.
    let answer = await sink.send(one)
    await killed
    outcomes.push(answer.is)
    if (answer.is !== 'accepted') {
      assert.equal(answer.is, 'retry')
      await server.start()
      answer = await sink.send(one)
      assert.equal(answer.is, 'accepted')
    } else if (index === 2) await server.start()
  }
  assert.deepEqual([outcomes[0], outcomes[1], outcomes[3]], ['accepted', 'retry', 'accepted'])
  const found = parseExport(await server.read())
  const distinct = new Map(
    found.map((one) => [one.fields.find((field) => field.startsWith('REMORA_ID=')), one]),
  )
  assert.equal(distinct.size, 4 * count)
  for (const record of batches.flatMap(({ records }) => [...records])) {
    const one = distinct.get(`REMORA_ID=${record.id}`)
    assert.deepEqual(one && arrived(one), expected(record))
  }
  // Only the batch under way when it was killed can be there twice.
  assert.ok(found.length <= 5 * count, `${found.length} entries`)
})

test('journal-remote tells what the receiver says: a wrong path, no receiver, too much at once', async () => {
  await using server = await startJournalRemote()
  const one = batch([entry(1, [['MESSAGE', 'x']])])
  await using lost = forwarder(server.url.replace('/upload', '/elsewhere'))
  const nothing = await lost.send(one)
  assert.deepEqual([nothing.is, 'words' in nothing && nothing.words], ['down', '404 Not found.'])
  await server.stop()
  await using gone = forwarder(server.url)
  const silent = await gone.send(one)
  assert.equal(silent.is, 'retry')
  await using large = await startReceiver(always(413, 'Payload larger than maximum size of 807403520 bytes'))
  await using refused = forwarder(large.url)
  assert.equal((await refused.send(one)).is, 'refused')
  assert.equal((await refused.send(sampleBatch(1, [sample('a', 1)]))).is, 'refused')
  assert.equal((await refused.send(batch([]))).is, 'accepted')
  assert.equal(large.posts.length, 1)
  assert.equal(large.posts[0]?.headers['content-type'], 'application/vnd.fdo.journal')
})

test('a real receiver killed and restarted seven times has every event in the end, and the ledger is exact', async (t) => {
  await using server = await startJournalRemote()
  const spool = await open(t, options(await folder(t)), [sink('far')])
  const size = 2000
  const batches = 10
  const records = Array.from({ length: batches * size }, (_, at) =>
    entry(at + 1, [
      ['MESSAGE', `event ${at + 1}`],
      ['DATA', at % 100 === 0 ? randomBytes(2000) : 'x'],
    ]),
  )
  const config = journalRemoteSink.parse({ type: 'journal-remote', url: server.url })
  const { delivery } = deliver(t, spool, journalRemoteForwarder(config, origin, systemClock), {
    clock: systemClock,
    firstRetryMilliseconds: 20,
    mostRetryMilliseconds: 100,
  })
  for (let index = 0; index < batches; index += 1) {
    const part = records.slice(index * size, (index + 1) * size)
    await spool.commit('journald', { records: part, positions: [{ stream: 's', position: String(index) }] })
    if (index % 3 === 2) continue
    await wait(Math.random() * 60)
    await server.stop('SIGKILL')
    await server.start()
  }
  await until('all is delivered', () => delivery.idle)
  const all = { routed: 20_000, acknowledged: 20_000, held: 0, quarantined: 0, lost: {} }
  assert.deepEqual(await counts(spool, 'far', 'journald'), all)
  const found = new Map(
    parseExport(await server.read()).map((one) => [
      one.fields.find((field) => field.startsWith('REMORA_ID=')),
      one,
    ]),
  )
  assert.equal(found.size, records.length)
  for (const record of records) {
    const one = found.get(`REMORA_ID=${record.id}`)
    assert.deepEqual(one && arrived(one), expected(record))
  }
})
