/** Real outputs of tw_cli, each read as the eye reads it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  parseTwBattery,
  parseTwDrives,
  parseTwEnclosure,
  parseTwFields,
  parseTwList,
  parseTwUnits,
} from '../../../../collectors/raid/3ware/tw.ts'
import { twParts } from '../../../../collectors/raid/3ware/tw-parts.ts'
import type { RaidPart } from '../../../../collectors/raid/report.ts'
import { checkCaptures } from '../../../captures.ts'
import { nothing, type Tally, tallyOf } from '../tally.ts'

const text = (path: string) => readFileSync(path, 'utf8')
/** Everything a text tells of controller 0. */
const parts = (path: string): RaidPart[] =>
  twParts({
    controller: '0',
    fields: parseTwFields(text(path), '/c0'),
    units: parseTwUnits(text(path)) ?? [],
    drives: parseTwDrives(text(path)) ?? [],
    batteries: parseTwBattery(text(path)) ?? [],
    enclosures: [],
    details: new Map(),
    batteryDetails: new Map(),
  })
const holds = (expected: Partial<Tally>) => (path: string) =>
  assert.deepEqual(tallyOf(parts(path)), { ...nothing, controllers: ['0 optimal'], ...expected })

checkCaptures('hwraid/tw_cli', {
  '2_c0_show_all.txt': (path) => {
    holds({ arrays: { checking: ['0:u0 raid5'] }, drives: { online: 4 }, batteries: ['optimal'] })(path)
    const [card, unit, drive] = parts(path)
    assert.ok(card?.kind === 'controller' && unit?.kind === 'array' && drive?.kind === 'drive')
    assert.deepEqual(
      [card.model, card.controllerSerial, card.firmware, card.driver],
      ['9750-4i', 'SV12115702', 'FH9X 5.12.00.007', '3.26.00.028-2.6.32RH'],
    )
    assert.deepEqual(unit.tasks, [{ operation: 'check', ratio: 0.16 }])
    assert.deepEqual([unit.sizeBytes, unit.driveCount], [Math.round(5587.9 * 2 ** 30), 4])
    assert.deepEqual(
      [drive.enclosure, drive.slot, drive.model, drive.interface, drive.array],
      ['', 'p0', 'SEAGATE ST32000444SS', 'sas', 'u0'],
    )
  },
  '2_c0_unitstatus.txt': holds({ arrays: { checking: ['0:u0 raid5'] } }),
  'bohr_c0_bbustatus.txt': holds({ batteries: ['optimal'] }),
  'bohr_c0_drivestatus.txt': (path) => {
    holds({ drives: { online: 6 } })(path)
    assert.deepEqual(
      parts(path).map((part) => (part.kind === 'drive' ? [part.slot, part.array, part.sizeBytes] : [])),
      [
        [],
        ...['p0', 'p1', 'p2', 'p3'].map((port) => [port, 'u0', Math.round(3.63 * 2 ** 40)]),
        ['p4', 'u1', Math.round(5.45 * 2 ** 40)],
        ['p5', 'u2', Math.round(5.45 * 2 ** 40)],
      ],
    )
  },
  'bohr_c0_unitstatus.txt': (path) => {
    holds({ arrays: { optimal: ['0:u0 raid10', '0:u1 jbod', '0:u2 jbod'] } })(path)
    const caches = parts(path).flatMap((part) => (part.kind === 'array' ? [part.cache] : []))
    assert.deepEqual(caches, ['write-back', 'write-through', 'write-through'])
  },
  'bohr_info.txt': (path) =>
    assert.deepEqual(parseTwList(text(path)), {
      controllers: [{ name: 'c0', battery: 'OK' }],
      enclosures: [],
    }),
  'grubbs_c0_e0_show_all.txt': (path) =>
    assert.deepEqual(parseTwEnclosure(text(path)), {
      enclosure: 'e0',
      controller: '0',
      status: 'ALARM-ACTIVATED',
      celsius: { temp0: 22 },
      slots: { slot3: '/c0/p8', slot6: '/c0/p9' },
    }),
  'rover_drivestatus.txt': (path) => {
    // The two empty ports are no drives.
    holds({ drives: { online: 6 } })(path)
    const [, first] = parts(path)
    assert.ok(first?.kind === 'drive')
    assert.deepEqual([first.serial, first.sizeBytes], ['3NF07VGV', Math.round(279.46 * 2 ** 30)])
    assert.equal(parseTwDrives(text(path))?.filter((row) => row.Status === 'NOT-PRESENT').length, 2)
  },
  'rover_unitstatus.txt': holds({ arrays: { optimal: ['0:u0 raid5'] } }),
  // No error: the enclosure as older versions show it.
  'unsupported_e0_show.txt': (path) =>
    assert.deepEqual(parseTwEnclosure(text(path)), {
      enclosure: 'e0',
      controller: '0',
      status: undefined,
      celsius: { temp0: 24 },
      slots: { slot0: '/c0/p0', slot1: '/c0/p1' },
    }),
})
