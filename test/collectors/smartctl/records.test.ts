import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { newer } from '../../../collectors/smartctl/progress.ts'
import { batchOf } from '../../../collectors/smartctl/records.ts'
import { parseReport, type Report } from '../../../collectors/smartctl/report.ts'
import { smartctlCollector } from '../../../collectors/smartctl/smartctl.ts'
import type { LogRecord, SourceBatch } from '../../../src/model.ts'
import { view } from '../../../src/view.ts'
import { collectOnce, contextOf } from '../context.ts'
import { drives, fixture, four, sda } from './drives.ts'

const text = (name: string) => readFileSync(fixture(name), 'utf8')
const report = (json: string): Report => parseReport(sda, json, 0)
const day = 86400
const observed = 1_790_000_100_000_000_000n

const ids = (batch: SourceBatch | undefined) => batch?.records.map(({ id }) => id)
const seen = (record: LogRecord) => view('smartctl', record)

/** The ATA drive with its newest errors and self-tests changed. */
function ata(
  change: (log: { errors: unknown[]; tests: unknown[]; hours: { hours: number } }) => void,
): Report {
  const json = JSON.parse(text('ata-hdd.json'))
  const errors = json.ata_smart_error_log.extended
  const tests = json.ata_smart_self_test_log.extended
  change({ errors: errors.table, tests: tests.table, hours: json.power_on_time })
  errors.count = errors.table[0]?.error_number ?? 0
  return report(JSON.stringify(json))
}
const error = (number: number, hours: number) => ({
  error_number: number,
  lifetime_hours: hours,
  error_description: 'Error: UNC',
})
const selfTest = (hours: number, status = 0) => ({
  type: { value: 1, string: 'Short offline' },
  status: { value: status, string: status === 0 ? 'Completed without error' : 'other' },
  lifetime_hours: hours,
})

test('smartctl logs begin with what is at most as old as told, and count the rest', () => {
  const batch = batchOf(report(text('ata-hdd.json')), undefined, day, observed)
  assert.deepEqual(ids(batch), [
    'ZEX00A01:error:2.20109',
    'ZEX00A01:error:3.20110',
    'ZEX00A01:self_test:2.121.20092',
    'ZEX00A01:self_test:1.0.20100',
  ])
  // One error and one test that are years old.
  assert.deepEqual(batch?.missed, { before_start: 2 })
  const all = batchOf(report(text('ata-hdd.json')), undefined, undefined, observed)
  assert.equal(all?.records.length, 6)
  assert.deepEqual(all?.missed, {})
})

test('smartctl log records say what happened, when, to which drive', () => {
  const [uncorrectable, , failed, passed] =
    batchOf(report(text('ata-hdd.json')), undefined, day, observed)?.records ?? []
  assert.ok(uncorrectable && failed && passed)
  assert.equal(uncorrectable.stream, 'ZEX00A01')
  // Three hours before the drive was read.
  assert.equal(uncorrectable.time, (1_790_000_000n - 3n * 3600n) * 1_000_000_000n)
  assert.equal(uncorrectable.observed, observed)
  const { body, eventName, severityNumber, attributes } = seen(uncorrectable)
  assert.equal(eventName, 'drive.error')
  assert.equal(severityNumber, 13)
  assert.equal(
    body,
    'sda (EX8000NM0001, ZEX00A01): logged error 2: Error: UNC at LBA = 0x000f1b3b = 990011 (READ FPDMA QUEUED)',
  )
  const named = Object.fromEntries(attributes.map(({ name, value }) => [name, value]))
  assert.equal(named.serial, 'ZEX00A01')
  assert.equal(named.error_number, '2')
  assert.equal(named.power_on_hours, '20109')
  assert.equal(JSON.parse(String(named['smartctl.entry'])).completion_registers.lba, 990011)
  assert.deepEqual(
    [seen(failed).eventName, seen(failed).severityNumber, seen(failed).body],
    [
      'drive.self_test',
      17,
      'sda (EX8000NM0001, ZEX00A01): self-test "Extended offline": Completed: read failure',
    ],
  )
  assert.equal(seen(passed).severityNumber, 9)
})

test('smartctl logs of NVMe and SAS drives are read too, and a test that still runs is not', () => {
  assert.deepEqual(ids(batchOf(report(text('nvme.json')), undefined, day, observed)), [
    'NVM0D04:error:11.',
    'NVM0D04:error:12.',
    'NVM0D04:self_test:1.0.6990',
  ])
  const sas = batchOf(report(text('sas-megaraid.json')), undefined, undefined, observed)
  assert.deepEqual(ids(sas), ['SAS0C03:self_test:2.7.30000', 'SAS0C03:self_test:1.0.30205'])
  assert.deepEqual(
    sas?.records.map((record) => seen(record).severityNumber),
    [17, 9],
  )
})

/** Reads one state of the drive after the other, each from the position of the one before. */
function sequence(...reports: Report[]) {
  let position: string | undefined
  return reports.map((one) => {
    const batch = batchOf(one, position, day, observed)
    position = batch?.positions[0]?.position ?? position
    return batch === undefined
      ? 'nothing'
      : [...batch.records.map(({ id }) => id.replace('ZEX00A01:', '')), batch.missed]
  })
}

test('smartctl logs go on where they were left, and only then', () => {
  const first = ata(() => undefined)
  const [, same, next, lost] = sequence(
    first,
    ata(({ hours }) => {
      hours.hours += 1
    }),
    ata(({ errors, tests }) => {
      errors.unshift(error(4, 20112))
      tests.unshift(selfTest(20112))
    }),
    // The log holds four; five came.
    ata(({ errors }) => errors.splice(0, 3, ...[9, 8, 7, 6].map((number) => error(number, 20113)))),
  )
  assert.equal(same, 'nothing')
  assert.deepEqual(next, ['error:4.20112', 'self_test:1.0.20112', {}])
  // Of the tests the newest is gone again, so that log was cleared.
  assert.deepEqual(lost?.slice(0, 4), ['error:6.20113', 'error:7.20113', 'error:8.20113', 'error:9.20113'])
  assert.deepEqual(lost?.at(-1), { overwritten: 1 })
})

test('smartctl logs that were cleared begin anew, said once', () => {
  const first = ata(() => undefined)
  const empty = ata(({ errors, tests }) => {
    errors.length = 0
    tests.length = 0
  })
  const refilled = ata(({ errors, tests }) => {
    errors.splice(0, 3, error(1, 20111))
    tests.splice(0, 3, selfTest(20111))
  })
  assert.deepEqual(sequence(first, empty, empty, refilled).slice(1), [
    ['error:cleared:3.20110:', 'self_test:cleared:1.0.20100:', {}],
    'nothing',
    ['error:1.20111', 'self_test:1.0.20111', {}],
  ])
  // Cleared and refilled between two looks.
  assert.deepEqual(sequence(first, refilled)[1], [
    'error:cleared:3.20110:1.20111',
    'error:1.20111',
    'self_test:cleared:1.0.20100:1.0.20111',
    'self_test:1.0.20111',
    {},
  ])
})

test('smartctl error numbers that wrap go on', () => {
  const numbered = (...numbers: number[]) =>
    ata(({ errors, tests }) => {
      tests.length = 0
      errors.splice(0, 3, ...numbers.map((number) => error(number, 20111)))
    })
  assert.deepEqual(sequence(numbered(65535, 65534), numbered(2, 1, 65535, 65534))[1], [
    'error:1.20111',
    'error:2.20111',
    {},
  ])
})

test('smartctl self-tests that look alike within an hour are told apart', () => {
  const twice = ata(({ errors, tests }) => {
    errors.length = 0
    tests.splice(0, 3, selfTest(20111), selfTest(20111), selfTest(20111, 249))
  })
  assert.deepEqual(sequence(twice)[0], ['self_test:1.0.20111', 'self_test:1.0.20111:2', {}])
})

test('smartctl self-tests that look alike have their own ids also when they are read one after the other', () => {
  const logOf = (...hours: number[]) =>
    ata(({ errors, tests }) => {
      errors.length = 0
      tests.splice(0, 3, ...hours.map((hour) => selfTest(hour)))
    })
  assert.deepEqual(sequence(logOf(20111), logOf(20111, 20111), logOf(20112, 20111, 20111)), [
    ['self_test:1.0.20111', {}],
    ['self_test:1.0.20111:2', {}],
    ['self_test:1.0.20112', {}],
  ])
})

test('an NVMe error that stands in several places of the log is one', () => {
  const json = JSON.parse(text('nvme.json'))
  const row = { error_count: 20, status_field: { string: 'Internal Error' } }
  json.nvme_error_information_log.table = [row, { ...row, error_count: 19 }, row, { ...row, error_count: 0 }]
  json.nvme_self_test_log.table = []
  assert.deepEqual(ids(batchOf(report(JSON.stringify(json)), undefined, day, observed)), [
    'NVM0D04:error:19.',
    'NVM0D04:error:20.',
  ])
})

test('an NVMe drive that was asked for what it does not have is none the worse for it', () => {
  const logged = (status_field: object) => {
    const json = JSON.parse(text('nvme.json'))
    json.nvme_error_information_log.table = [{ error_count: 20, status_field }]
    const record = batchOf(report(JSON.stringify(json)), undefined, day, observed)?.records.at(0)
    assert.ok(record)
    return seen(record).severityNumber
  }
  assert.equal(logged({ status_code_type: 0, status_code: 2, string: 'Invalid Field in Command' }), 9)
  assert.equal(logged({ status_code_type: 1, status_code: 9, string: 'Invalid Log Page' }), 9)
  assert.equal(logged({ string: 'Invalid Field in Command' }), 9)
  assert.equal(logged({ status_code_type: 2, status_code: 0x81, string: 'Unrecovered Read Error' }), 13)
  assert.equal(logged({ status_code_type: 0, status_code: 6, string: 'Internal Error' }), 13)
  assert.equal(logged({}), 13)
})

test('self-test logs are aligned by what is left of them', () => {
  assert.equal(newer([], []), 0)
  assert.equal(newer(['a'], []), 1)
  assert.equal(newer(['a', 'b'], ['a', 'b']), 0)
  assert.equal(newer(['c', 'a', 'b'], ['a', 'b']), 1)
  assert.equal(newer(['d', 'c', 'a'], ['a', 'b', 'z']), 2)
  assert.equal(newer(['x', 'y'], ['a', 'b']), 2)
  assert.equal(newer(['a', 'a', 'a'], ['a', 'a']), 1)
})

test('smartctl positions that are not its own are refused', () => {
  assert.throws(() => batchOf(report(text('nvme.json')), '{"error":1}', day, observed), {
    name: 'ParseError',
    message: /^Cannot parse the position of "NVM0D04" "\{"error":1\}"$/,
  })
})

test('smartctl reads the logs out of the round that the metrics came from', async (t) => {
  const { path, set, calls } = await drives(t, four)
  const collector = smartctlCollector()
  const context = contextOf({ path })
  const stop = new AbortController()
  const reading = collector
    .read?.({
      ...context,
      signal: stop.signal,
      positions: new Map([['NVM0D04', '{"error":{"number":11,"key":"11."},"self_test":["1.0.6990"]}']]),
      positionsOf: async () => new Map(),
    })
    [Symbol.asyncIterator]()
  assert.ok(reading)
  const [first, { samples }] = await Promise.all([reading.next(), collectOnce(collector, context)])
  assert.ok(samples.length > 100)
  const batches = [first, await reading.next(), await reading.next(), await reading.next()].map(
    ({ value }) => value,
  )
  assert.deepEqual(
    batches.map((batch) => [batch.positions[0].stream, batch.records.length, batch.missed]),
    [
      ['ZEX00A01', 4, { before_start: 2 }],
      ['SSD0B02', 0, {}],
      ['SAS0C03', 1, { before_start: 1 }],
      ['NVM0D04', 1, {}],
    ],
  )
  assert.equal((await calls()).length, 5)
  // It waits for the next round, and leaves at once when it is told to.
  const waiting = reading.next()
  await set('.dev.sdb_sat', { file: fixture('standby.json'), exit: 2 })
  stop.abort(new Error('stopped'))
  await assert.rejects(waiting, { name: 'AbortError' })
})

test('smartctl goes on reading logs with the next round of the metrics', async (t) => {
  const { path, set } = await drives(t, four)
  const collector = smartctlCollector(0)
  const context = contextOf({ path })
  const reading = collector
    .read?.({ ...context, positions: new Map(), positionsOf: async () => new Map() })
    [Symbol.asyncIterator]()
  assert.ok(reading)
  for (let drive = 0; drive < 4; drive++) await reading.next()
  const waiting = reading.next()
  const json = JSON.parse(text('nvme.json'))
  json.nvme_error_information_log.table.unshift({
    error_count: 13,
    status_field: { string: 'Internal Error' },
  })
  await set('.dev.nvme0_nvme', { text: JSON.stringify(json) })
  await collectOnce(collector, context)
  const { value } = await waiting
  assert.deepEqual(
    value.records.map(({ id }: LogRecord) => id),
    ['NVM0D04:error:13.'],
  )
  await reading.return?.()
})
