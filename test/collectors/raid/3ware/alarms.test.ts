import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newAlarms, parseAlarms } from '../../../../collectors/raid/3ware/alarms.ts'
import { threeware } from '../../../../collectors/raid/3ware/threeware.ts'
import { readVendorLogs } from '../../../../collectors/raid/logs.ts'
import type { SourceBatch } from '../../../../src/model.ts'
import { contextOf } from '../../context.ts'
import { fixture, fuzzParser } from '../fuzz.ts'
import { machineWith } from '../replay.ts'

const text = fixture('tw_cli-9.5-9650se/c0_show_alarms')
const named = { stream: 'L1', controller: '0' }
const body = (batch: SourceBatch | undefined) =>
  batch?.records.map(({ fields }) => String(fields.find(([name]) => name === 'body')?.[1]))
const readOn = (said: string, position?: string) => {
  const positions = new Map(position === undefined ? [] : [['L1', position]])
  return [...newAlarms(parseAlarms(said), named, { positions, sinceMilliseconds: 0 })]
}

test('alarms are read in order, whichever end the version prints first', () => {
  const alarms = parseAlarms(text)
  assert.equal(alarms.length, 6)
  assert.equal(alarms[0]?.milliseconds, new Date(2014, 2, 14, 1, 0, 3).getTime())
  const [header, rule, ...lines] = text.trim().split('\n')
  const turned = [header, rule, ...lines.toReversed()].join('\n')
  assert.deepEqual(parseAlarms(turned), alarms)
  const old = parseAlarms('c1   [Tue Jul  8 14:52:10 2008]  INFO      Battery charging completed\n')
  assert.deepEqual(
    [old[0]?.milliseconds, old[0]?.severity, old[0]?.message],
    [new Date(2008, 6, 8, 14, 52, 10).getTime(), 'INFO', 'Battery charging completed'],
  )
})

test('alarms are read on behind the last one, two same ones of a second being two', () => {
  const [all] = readOn(text)
  assert.equal(all?.records.length, 6)
  assert.equal(new Set(all?.records.map(({ id }) => id)).size, 6)
  const last = all?.positions[0]?.position
  assert.deepEqual(readOn(text, last), [])
  const lines = text.trimEnd().split('\n')
  const [half] = readOn(lines.slice(0, 5).join('\n'))
  const [rest] = readOn(text, half?.positions[0]?.position)
  assert.deepEqual(body(rest), [
    'Sector repair completed: port=1, LBA=0x3A1F0042',
    'Drive timeout detected: port=1',
    'Degraded unit: unit=0, port=1',
    'Rebuild started: unit=0',
  ])
  assert.deepEqual(
    rest?.records.map(({ id }) => id),
    all?.records.map(({ id }) => id).slice(2),
    'replays carry the same ids',
  )
})

test('alarms of a log that was cleared or overwritten are all new', () => {
  const [all] = readOn(text)
  const later = 'c0   [Sat Mar 15 2014 04:13:02]  INFO      Rebuild completed: unit=0\n'
  assert.deepEqual(body(readOn(later, all?.positions[0]?.position)[0]), ['Rebuild completed: unit=0'])
  const empty = text.split('\n').slice(0, 3).join('\n')
  assert.deepEqual(readOn(empty, all?.positions[0]?.position), [])
  // Of two same lines at the position the first was overwritten.
  const lines = text.trimEnd().split('\n')
  const [two] = readOn(lines.slice(0, 6).join('\n'))
  const [rest] = readOn([...lines.slice(0, 3), ...lines.slice(5)].join('\n'), two?.positions[0]?.position)
  assert.equal(rest?.records.length, 3)
})

test('alarms from before the start are counted, not read', async (t) => {
  const context = contextOf(await machineWith(t, { tw_cli: 'tw_cli-9.5-9650se' }))
  const batches: SourceBatch[] = []
  for await (const batch of readVendorLogs(threeware, new Map(), '24h', context)) batches.push(batch)
  assert.deepEqual(
    batches.map(({ records, missed, positions }) => [records.length, missed, positions[0]?.stream]),
    [[0, { before_start: 6 }, 'L340807B9240011']],
  )
  const all: SourceBatch[] = []
  for await (const batch of readVendorLogs(threeware, new Map(), 'all', context)) all.push(batch)
  const [first] = all
  const fields = first?.records.at(3)?.fields.map(([name, value]) => `${name}=${value}`)
  assert.deepEqual(fields, [
    'event.name=raid.log',
    'severity_number=17',
    'severity_text=ERROR',
    'body=Drive timeout detected: port=1',
    'vendor=3ware',
    'controller=0',
    'controller_serial=L340807B9240011',
  ])
  assert.deepEqual(context.skipped, [])
})

fuzzParser('tw_cli show alarms', [text], (said) =>
  parseAlarms(said).map(({ milliseconds, ordinal }) => [milliseconds, ordinal]),
)
