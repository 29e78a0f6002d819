import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adaptec } from '../../../../collectors/raid/adaptec/arcconf.ts'
import { deviceErrorsOf } from '../../../../collectors/raid/adaptec/device-errors.ts'
import { newEntries } from '../../../../collectors/raid/adaptec/events.ts'
import { type ControllerLog, parseLog } from '../../../../collectors/raid/adaptec/log.ts'
import { readVendorLogs } from '../../../../collectors/raid/logs.ts'
import type { SourceBatch } from '../../../../src/model.ts'
import { view } from '../../../../src/view.ts'
import { contextOf } from '../../context.ts'
import { fixture } from '../fuzz.ts'
import { machineWith } from '../replay.ts'

const two = 'arcconf-2.06-asr8885q'

test('arcconf GETLOGS in XML gives every entry with its words', () => {
  const log = parseLog(fixture(`${two}/GETLOGS_2_EVENT`))
  assert.equal(log.full, false)
  assert.deepEqual(log.entries[1], {
    name: 'eventEntry',
    words: [
      ['sequenceNumber', '902'],
      ['time', '1763991000'],
      ['severity', 'warning'],
      ['description', 'Drive 0,1: medium error & retry'],
    ],
  })
  assert.deepEqual(parseLog(fixture(`${two}/GETLOGS_2_STAT`)).entries, [
    {
      name: 'statisticsEntry',
      words: [
        ['name', 'rebuilds'],
        ['counter.started', '2'],
        ['counter.completed', '1'],
      ],
    },
  ])
  assert.deepEqual(parseLog('Controllers found: 1\n<ControllerLog tableFull="true"/>\n'), {
    full: true,
    entries: [],
  })
})

test('arcconf GETLOGS DEVICE counts by place in XML and by serial number in a table', () => {
  assert.deepEqual(deviceErrorsOf(parseLog(fixture(`${two}/GETLOGS_2_DEVICE`))), [
    { serial: undefined, channelDevice: '0,1', mediaErrors: 8, otherErrors: 38 },
    { serial: undefined, channelDevice: '0,0', mediaErrors: 0, otherErrors: 1 },
    { serial: undefined, channelDevice: '2,0', mediaErrors: 0, otherErrors: 47 },
  ])
  assert.deepEqual(deviceErrorsOf(parseLog(fixture(`${two}/GETLOGS_1_DEVICE`))), [
    { serial: 'HDD00C', channelDevice: undefined, mediaErrors: 21, otherErrors: 7 },
  ])
})

test('arcconf GETLOGS that is torn, nested without end or declares entities is refused', () => {
  const text = fixture(`${two}/GETLOGS_2_EVENT`)
  const refused = { name: 'ParseError', message: /^Cannot (parse ControllerLog|read log)/ }
  assert.throws(() => parseLog(text.slice(0, text.indexOf('</ControllerLog>'))), refused)
  assert.throws(
    () => parseLog(`<ControllerLog>${'<a>'.repeat(99)}${'</a>'.repeat(99)}</ControllerLog>`),
    refused,
  )
  assert.throws(() => parseLog('<ControllerLog><!DOCTYPE a [<!ENTITY b "c">]></ControllerLog>'), refused)
  assert.throws(() => parseLog('Command failed.'), refused)
  assert.throws(() => parseLog(''), refused)
  assert.throws(() => parseLog('\0\x01binary'), refused)
  const unsupported = fixture('arcconf-3.07-smartraid-3154/GETLOGS_1_EVENT')
  assert.throws(() => parseLog(unsupported), { name: 'ToolError', refusal: 'unsupported-version' })
})

/** A log as parsed: an entry for each number, or for each word. */
function log(words: readonly (number | string)[], full = false): ControllerLog {
  const entries = words.map((word) => ({
    name: 'eventEntry',
    words:
      typeof word === 'number'
        ? ([
            ['sequenceNumber', String(word)],
            ['time', String(1763990000 + word)],
          ] as const)
        : ([['description', word]] as const),
  }))
  return { full, entries }
}

const named = { controller: '1', stream: 'S1', log: 'EVENT' } as const

/** Reads one log after the other, each from where the last one ended. */
function follow(logs: readonly ControllerLog[], sinceMilliseconds = 0) {
  const positions = new Map<string, string>()
  return logs.map((one) => {
    const batches = [...newEntries(one, named, { positions, sinceMilliseconds })]
    for (const { positions: after } of batches)
      for (const { stream, position } of after) positions.set(stream, position)
    const records = batches.flatMap((batch) => [...batch.records])
    const words = records.map(({ id }) => id.split(':').slice(1, -1).join(':'))
    const missed = batches.map((batch) => batch.missed).find((given) => given !== undefined)
    return missed ? { words, missed } : words
  })
}

test('arcconf events are read once, by their sequence number, oldest first', () => {
  assert.deepEqual(follow([log([1, 2]), log([1, 2]), log([1, 2, 3, 4]), log([5, 4, 3, 2])]), [
    ['1', '2'],
    [],
    ['3', '4'],
    ['5'],
  ])
})

test('arcconf events that were overwritten between two readings are counted as missed', () => {
  assert.deepEqual(follow([log([1, 2, 3]), log([7, 8, 9], true)]), [
    ['1', '2', '3'],
    { words: ['7', '8', '9'], missed: { overwritten: 3 } },
  ])
})

test('arcconf events of a cleared log are new, whether its numbers go on or begin again', () => {
  assert.deepEqual(follow([log([8, 9]), log([]), log([10])]), [['8', '9'], [], ['10']])
  const again = log([1, 2])
  // The same number, another event: a log that begins again is told by what it says.
  const later = { ...again, entries: again.entries.map((entry) => ({ ...entry, name: 'laterEntry' })) }
  assert.deepEqual(follow([log([1, 2]), later, later]), [['1', '2'], ['1', '2'], []])
})

test('arcconf events without numbers are told apart by what they say', () => {
  const count = (given: ReturnType<typeof follow>) =>
    given.map((one) => (Array.isArray(one) ? one.length : [one.words.length, one.missed]))
  assert.deepEqual(count(follow([log(['a', 'b']), log(['a', 'b', 'c']), log(['d'])])), [2, 1, 1])
  // Full, and the last one read is no longer in it: at least one was overwritten.
  assert.deepEqual(count(follow([log(['a', 'b']), log(['x', 'y'], true)])), [2, [2, { overwritten: 1 }]])
})

test('arcconf events before the start are counted, and those that do not say when are read', () => {
  const mixed = { full: false, entries: [...log([1, 2, 3]).entries, ...log(['when?']).entries] }
  const [first] = follow([mixed], (1763990000 + 3) * 1000)
  assert.deepEqual(first, { words: ['3', ''], missed: { before_start: 2 } })
})

test('arcconf events come in bounded batches, each with the position after it', () => {
  const many = log(Array.from({ length: 4100 }, (_, index) => index + 1))
  const batches = [...newEntries(many, named, { positions: new Map(), sinceMilliseconds: 0 })]
  assert.deepEqual(
    batches.map(({ records }) => records.length),
    [2000, 2000, 100],
  )
  const positions = new Map(batches[0]?.positions.map(({ stream, position }) => [stream, position]))
  const rest = [...newEntries(many, named, { positions, sinceMilliseconds: 0 })]
  assert.equal(rest.flatMap(({ records }) => [...records]).length, 2100)
})

test('raid reads the logs of every arcconf controller by its serial number', async (t) => {
  const refused = fixture('arcconf-3.07-smartraid-3154/GETLOGS_1_EVENT')
  const machine = await machineWith(t, {
    arcconf: {
      LIST: fixture(`${two}/LIST`),
      'GETCONFIG 1 AD': fixture(`${two}/GETCONFIG_1_AL`),
      'GETCONFIG 2 AD': fixture(`${two}/GETCONFIG_2_AL`),
      'GETLOGS 1 EVENT': refused,
      'GETLOGS 1 DEAD': refused,
      'GETLOGS 2 EVENT': fixture(`${two}/GETLOGS_2_EVENT`),
      'GETLOGS 2 DEAD': fixture(`${two}/GETLOGS_2_DEAD`),
    },
  })
  const context = contextOf({ path: machine.path, folder: machine.folder })
  const positions = new Map<string, string>()
  const read = async () => {
    const batches: SourceBatch[] = []
    for await (const batch of readVendorLogs(adaptec, positions, 'all', context)) {
      batches.push(batch)
      for (const { stream, position } of batch.positions) positions.set(stream, position)
    }
    return batches.flatMap(({ records }) => [...records])
  }
  const records = await read()
  assert.deepEqual(context.skipped, [])
  assert.deepEqual(
    records.map(({ stream }) => stream),
    ['4E22A7', '4E22A7', '4E22A7', '4E22A7:dead'],
  )
  const [, warning, , dead] = records.map((record) => view('raid', record))
  assert.deepEqual(
    [warning?.eventName, warning?.severityNumber, warning?.severityText, warning?.time],
    ['raid.log.event', 13, 'warning', 1763991000n * 1_000_000_000n],
  )
  assert.match(warning?.body ?? '', /description=Drive 0,1: medium error & retry/)
  assert.deepEqual([dead?.eventName, dead?.severityNumber], ['raid.log.dead', 17])
  assert.deepEqual(await read(), [])

  // Without its serial number a log is not read under another name.
  await machine.answer('arcconf', { 'GETCONFIG 2 AD': 'Command aborted.\n' })
  assert.deepEqual(await read(), [])
  assert.deepEqual(
    context.skipped.map(({ message }) => message),
    Array(2).fill('Cannot read the log of controller "2": it does not say its serial number'),
  )
})
