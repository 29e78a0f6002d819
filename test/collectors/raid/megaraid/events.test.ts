import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readVendorLogs } from '../../../../collectors/raid/logs.ts'
import { parseEvents } from '../../../../collectors/raid/megaraid/events.ts'
import { megaraid } from '../../../../collectors/raid/megaraid/megaraid.ts'
import type { LogRecord, SourceBatch } from '../../../../src/model.ts'
import { view } from '../../../../src/view.ts'
import { contextOf } from '../../context.ts'
import { answersOf, madeController } from './answers.ts'
import { hostWith, type StandIn } from './host.ts'

const path = ':/usr/bin:/bin'
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

interface Made {
  readonly number: number
  readonly time?: Date
  readonly grade?: number
  readonly description?: string
}

function block({ number, time, grade = 0, description = `Event ${number}` }: Made): string {
  const clock = (date: Date) =>
    `${days[date.getDay()]} ${months[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${date.toTimeString().slice(0, 8)} ${date.getFullYear()}`
  const when = time ? `Time: ${clock(time)}\n` : `Seconds since last reboot: 17\n`
  return [
    `seqNum: 0x${number.toString(16).padStart(8, '0')}`,
    `${when}`,
    'Code: 0x00000072',
    `Class: ${grade}`,
    'Locale: 0x02',
    `Event Description: ${description}`,
    'Event Data:',
    '===========',
    'Device ID: 5',
    'Enclosure Index: 6',
    '\n\n',
  ].join('\n')
}

/** As the tools print it: the newest first, their own words behind. */
const log = (events: readonly Made[]) =>
  `${[...events]
    .sort((a, b) => b.number - a.number)
    .map(block)
    .join(
      '',
    )}CLI Version = 007.2310\nOperating system = Linux\nController = 0\nStatus = Success\nDescription = None\n\nEvents = GETEVENTS\n`

const minutesAgo = (minutes: number) => new Date(Math.floor(Date.now() / 1000) * 1000 - minutes * 60_000)
const between = (from: number, to: number, minutes = 5): Made[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ number: from + index, time: minutesAgo(minutes) }))

test('events are parsed field by field, in the order of their numbers, whatever stands around them', () => {
  const time = new Date(2014, 0, 4, 18, 22, 56)
  const events = parseEvents(
    log([
      { number: 0x1282, grade: 255 },
      {
        number: 0x1283,
        time,
        grade: 2,
        description: 'State change on PD 05(e0x06/s1): from ONLINE(18) to FAILED(11)',
      },
    ]).replace(/\n/g, '\r\n'),
    'storcli64 /c0 show events',
  )
  assert.deepEqual(
    events.map((event) => [event.number, event.milliseconds, event.class, event.description]),
    [
      [0x1282, undefined, -1, `Event ${0x1282}`],
      [0x1283, time.getTime(), 2, 'State change on PD 05(e0x06/s1): from ONLINE(18) to FAILED(11)'],
    ],
  )
  assert.deepEqual(
    events[1]?.fields.map(([name, value]) => [name, Buffer.from(value).toString()]),
    [
      ['seqNum', '0x00001283'],
      ['Time', 'Sat Jan  4 18:22:56 2014'],
      ['Code', '0x00000072'],
      ['Class', '2'],
      ['Locale', '0x02'],
      ['Event Description', 'State change on PD 05(e0x06/s1): from ONLINE(18) to FAILED(11)'],
      ['Device ID', '5'],
      ['Enclosure Index', '6'],
    ],
  )
  assert.throws(() => parseEvents('seqNum: 0xfffffffff\n', 'it'), {
    name: 'ParseError',
    message: 'Cannot parse it: seqNum "0xfffffffff" is no number',
  })
  assert.deepEqual(parseEvents('', 'it'), [])
})

/** Reads as the agent does, and commits. */
function reader(host: StandIn, initial = '24h') {
  const positions = new Map<string, string>()
  const context = contextOf({ folder: host.folder, path })
  return {
    context,
    positions,
    async next() {
      const batches: SourceBatch[] = []
      for await (const batch of readVendorLogs(megaraid, positions, initial, context)) {
        batches.push(batch)
        for (const { stream, position } of batch.positions) positions.set(stream, position)
      }
      const records: LogRecord[] = batches.flatMap((batch) => [...batch.records])
      const missed: Record<string, number> = {}
      for (const batch of batches)
        for (const [reason, count] of Object.entries(batch.missed ?? {}))
          missed[reason] = (missed[reason] ?? 0) + count
      return { batches, records, ids: records.map(({ id }) => id), missed }
    },
  }
}

const shown = (controllers: readonly number[]) => {
  const { cALL_show_all = '' } = answersOf(controllers.map((number) => madeController(number, 2)))
  return { cALL_show: cALL_show_all }
}
const serial = 'SK93610000'

test('the event log is read once, each event as a record, from a day ago on', async (t) => {
  const old = between(1, 9, 60 * 30)
  const failure = {
    number: 11,
    time: minutesAgo(1),
    grade: 2,
    description: 'State change on PD 05 to FAILED(11)',
  }
  const host = await hostWith(t, {
    ...shown([0]),
    c0_show_events: log([...old, ...between(10, 10), failure]),
  })
  const read = reader(host)
  const first = await read.next()
  assert.deepEqual(first.ids, [`${serial}:10`, `${serial}:11`])
  assert.deepEqual(first.missed, { before_start: 9 })
  assert.equal(first.records[1]?.stream, serial)
  assert.equal(first.records[1]?.time, BigInt(failure.time.getTime()) * 1_000_000n)
  const [, record] = first.records
  assert.ok(record)
  const seen = view('raid', record)
  assert.deepEqual(
    [seen.severityNumber, seen.severityText, seen.body, seen.eventName],
    [17, 'ERROR', failure.description, 'raid.log'],
  )
  assert.ok(seen.attributes.some(({ name, value }) => name === 'Enclosure Index' && value === '6'))
  assert.deepEqual((await read.next()).batches, [], 'nothing new, nothing committed')
  await host.answer({ c0_show_events: log([...old, ...between(10, 10), failure, ...between(12, 14)]) })
  assert.deepEqual(
    (await read.next()).ids,
    [12, 13, 14].map((number) => `${serial}:${number}`),
  )
  assert.deepEqual(read.context.skipped, [])
})

test('the event log is read whole when it is to be, more at a time until it reaches the last one known', async (t) => {
  const host = await hostWith(t, { ...shown([0]), c0_show_events: log(between(1, 700, 60 * 48)) })
  const read = reader(host, 'all')
  const first = await read.next()
  assert.deepEqual([first.records.length, first.batches.length, first.missed], [700, 2, {}])
  assert.deepEqual(
    (await host.lines('calls')).filter((line) => line.startsWith('c0')),
    [64, 512, 4096].map((count) => `c0_show_events latest ${count} nolog`),
  )
  await host.answer({ c0_show_events: log(between(300, 800)) })
  const second = await read.next()
  assert.deepEqual([second.records.length, second.ids[0], second.missed], [100, `${serial}:701`, {}])
})

test('an event log that wrapped, was cleared or begins anew is recognised, and what is gone is counted', async (t) => {
  const host = await hostWith(t, { ...shown([0]), c0_show_events: log(between(1, 10)) })
  const read = reader(host)
  assert.equal((await read.next()).records.length, 10)
  await host.answer({ c0_show_events: log(between(31, 40)) })
  const wrapped = await read.next()
  assert.deepEqual([wrapped.records.length, wrapped.missed], [10, { wrapped: 20 }])
  await host.answer({
    c0_show_events: log([
      { number: 46, time: minutesAgo(1), description: 'Event log cleared' },
      ...between(47, 48),
    ]),
  })
  const cleared = await read.next()
  assert.deepEqual([cleared.records.length, cleared.missed], [3, { cleared: 5 }])
  await host.answer({ c0_show_events: log(between(3, 5)) })
  const anew = await read.next()
  assert.deepEqual(
    [anew.ids, anew.missed],
    [[3, 4, 5].map((number) => `${serial}:${number}`), { renumbered: 2 }],
  )
  await host.answer({ c0_show_events: log(between(1, 6).filter(({ number }) => number !== 2)) })
  const skipping = await read.next()
  assert.deepEqual(
    [skipping.ids, skipping.missed],
    [[`${serial}:6`], {}],
    'numbers that nobody is shown are not missed',
  )
})

test('the event logs of two controllers are two streams, and one that fails leaves the other', async (t) => {
  const host = await hostWith(t, {
    ...shown([0, 1]),
    c0_show_events: 'CLI Version = 007\nStatus = Failure\nDescription = Get Events Failed\n',
    c1_show_events: log(between(7, 8)),
  })
  const read = reader(host)
  const { ids } = await read.next()
  assert.deepEqual(ids, ['SK93610001:7', 'SK93610001:8'])
  assert.deepEqual(
    read.context.skipped.map(({ message }) => message.slice(0, 70)),
    ['Cannot read storcli64 /c0 show events type=latest=64: CLI Version = 00'],
  )
  await host.answer({ c0_show_events: log(between(1, 2)) })
  assert.deepEqual((await read.next()).ids, ['SK93610000:1', 'SK93610000:2'])
})

test('the event logs of two controllers of one serial number are read each once, by the number of the controller', async (t) => {
  const both = shown([0, 1])
  const host = await hostWith(t, {
    cALL_show: both.cALL_show.replaceAll('SK93610001', serial),
    c0_show_events: log(between(101, 102)),
    c1_show_events: log(between(7, 8)),
  })
  const read = reader(host)
  assert.deepEqual((await read.next()).ids, ['c0:101', 'c0:102', 'c1:7', 'c1:8'])
  assert.deepEqual((await read.next()).batches, [])
})

test('the event log of MegaCli comes in a file, under the same stream', async (t) => {
  const info = 'Adapter #0\n\nProduct Name    : LSI MegaRAID SAS 9361-8i\nSerial No       : SK93610000\n'
  const host = await hostWith(
    t,
    { '-AdpAllInfo_-aALL': info, '-AdpEventLog_-a0': log(between(1, 3)) },
    'opt/MegaRAID/MegaCli/MegaCli64',
  )
  const read = reader(host)
  assert.deepEqual(
    (await read.next()).ids,
    [1, 2, 3].map((number) => `${serial}:${number}`),
  )
  assert.deepEqual(read.context.skipped, [])
})
