/** Drives with one serial number, and drives for which a round has no time. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseReport } from '../../../collectors/smartctl/report.ts'
import { smartctlCollector } from '../../../collectors/smartctl/smartctl.ts'
import { toldApart } from '../../../collectors/smartctl/twins.ts'
import type { StateReading } from '../../../src/model.ts'
import { collectOnce, contextOf } from '../context.ts'
import { drives, fixture, four, type Replay } from './drives.ts'

const ssd = JSON.parse(readFileSync(fixture('ata-ssd.json'), 'utf8'))
const failing = { smart_status: { passed: false } }

/** A drive of one serial number at a path, with more keys. */
const drive = (letter: string, more: object) =>
  JSON.stringify({ ...ssd, device: { ...ssd.device, name: `/dev/sd${letter}` }, ...more })

function pair(one: object, other: object): Record<string, Replay> {
  const devices = ['a', 'b'].map((letter) => ({ name: `/dev/sd${letter}`, type: 'scsi' }))
  return {
    '--scan': { text: JSON.stringify({ smartctl: {}, devices }) },
    '.dev.sda': { text: drive('a', one) },
    '.dev.sdb': { text: drive('b', other) },
  }
}

const health = (states: readonly StateReading[]) =>
  states.filter(({ event }) => event === 'drive.health').map(({ part, state }) => `${part} ${state}`)

test('smartctl tells of both drives that were sold with one serial number', async (t) => {
  const wwn = (id: number) => ({ wwn: { naa: 5, oui: 3152, id } })
  const { path } = await drives(t, pair(wwn(1), { ...wwn(2), ...failing }))
  const { states } = await collectOnce(smartctlCollector(), contextOf({ path }))
  assert.deepEqual(health(states), [
    'SSD0B02@0x5000c50000000001:health passed',
    'SSD0B02@0x5000c50000000002:health failing',
  ])
  assert.equal(new Set(states.map(({ part }) => part)).size, states.length)
})

test('smartctl tells twins apart by their hours where they have no name of their own, and paths not at all', () => {
  const keys = (...all: object[]) =>
    toldApart(
      all.map((more, index) => {
        const name = `/dev/sd${'abc'[index]}`
        return parseReport({ name, type: 'auto' }, drive('abc'[index] ?? '', { wwn: undefined, ...more }), 0)
      }),
      new Set(),
    ).map(({ key }) => key)
  const hours = (count: number) => ({ power_on_time: { hours: count } })
  assert.deepEqual(keys(hours(10), hours(500)), ['SSD0B02@sda', 'SSD0B02@sdb'])
  assert.deepEqual(keys(hours(10), hours(11)), ['SSD0B02', 'SSD0B02'])
  const unit = (logical_unit_id: string) => ({ logical_unit_id })
  assert.deepEqual(keys(unit('0x5000c1'), unit('0x5000c1'), unit('0x5000c9')), [
    'SSD0B02@0x5000c1',
    'SSD0B02@0x5000c1',
    'SSD0B02@0x5000c9',
  ])
  const space = (ext_id: number) => ({ nvme_namespaces: [{ id: 1, eui64: { oui: 9528, ext_id } }] })
  assert.deepEqual(keys(space(7), space(8)), ['SSD0B02@0x0025380000000007', 'SSD0B02@0x0025380000000008'])
  // One drive, asked as the disk that a controller makes of it, and by itself.
  const wwn = { naa: 5, oui: 0x0014ee, id: 0x2b1234567 }
  assert.deepEqual(keys({ logical_unit_id: '0x50014EE2B1234567' }, { wwn }), ['SSD0B02', 'SSD0B02'])
  // All zeros name nobody.
  assert.deepEqual(keys({ wwn: { naa: 0, oui: 0, id: 0 } }, { wwn: { naa: 5, oui: 1, id: 1 } }), [
    'SSD0B02',
    'SSD0B02',
  ])
})

test('smartctl goes on calling a twin by its own name when the other sleeps or is gone', async (t) => {
  const wwn = (id: number) => ({ wwn: { naa: 5, oui: 3152, id } })
  const { path, set } = await drives(t, pair(wwn(1), wwn(2)))
  const collector = smartctlCollector(0)
  const before = await collectOnce(collector, contextOf({ path }))
  const states = new Map(before.states.map(({ part, state }) => [part, state]))
  await set('.dev.sda', { file: fixture('standby.json'), exit: 2 })
  const asleep = await collectOnce(collector, contextOf({ path, states }))
  assert.deepEqual(
    asleep.states.filter(({ part, state }) => states.get(part) !== state),
    [],
  )
})

test('smartctl comes to every drive in the end, and calls none unreadable for which there was no time', async (t) => {
  const { path, calls } = await drives(t, four)
  // Each round has time for one, which may take its own.
  const collector = smartctlCollector(0, 0)
  const states = new Map<string, string>([['SAS0C03:present', 'present']])
  const told: string[][] = []
  for (let round = 0; round < 5; round++) {
    const context = contextOf({ path, states })
    const { states: read, series } = await collectOnce(collector, context)
    assert.deepEqual(
      context.skipped.map(({ message }) => message),
      ['Cannot read all drives in 0 s: 3 wait for the next round'],
    )
    assert.equal(series.get('smartctl_devices'), 4)
    // What was read before still says what drive it is.
    const known = [...series.keys()].filter((key) => key.startsWith('smartctl_device{')).length
    assert.equal(known, Math.min(4, round + 1))
    told.push(
      read.filter(({ event }) => event === 'drive.present').map(({ part, state }) => `${part} ${state}`),
    )
    for (const { part, state } of read) states.set(part, state)
  }
  assert.deepEqual(told, [
    ['ZEX00A01:present present'],
    ['SSD0B02:present present'],
    ['SAS0C03:present present'],
    ['NVM0D04:present present'],
    ['ZEX00A01:present present'],
  ])
  assert.equal((await calls()).filter((call) => !call.includes('--scan')).length, 5)
})

test('smartctl kills no drive for the time that the others took', async (t) => {
  const { path } = await drives(t, { ...four, '.dev.sda': { file: fixture('ata-hdd.json'), mode: 'slow' } })
  const context = contextOf({ path })
  const { states } = await collectOnce(smartctlCollector(0, 0), context)
  assert.deepEqual(
    states.filter(({ event }) => event === 'drive.present').map(({ part, state }) => `${part} ${state}`),
    ['ZEX00A01:present present'],
  )
  assert.equal(context.skipped.length, 1)
})
