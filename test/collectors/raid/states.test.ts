import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { judgeDrive } from '../../../collectors/raid/judge.ts'
import type { Drive, RaidPart } from '../../../collectors/raid/report.ts'
import { controllerPrefix, goneState, nameOf, placeOf, stateOf } from '../../../collectors/raid/states.ts'
import { stateRecords } from '../../../src/states.ts'
import { anyPart } from './parts.ts'

const drive: Drive = {
  kind: 'drive',
  vendor: 'broadcom',
  controller: '0',
  controllerSerial: 'SV1',
  enclosure: '252',
  slot: '3',
  status: judgeDrive('broadcom', 'Onln'),
  model: 'ST4000NM0023',
  serial: 'Z1Z0ABCD',
}

/** The words of a place that a name is made of. */
function wordsOf(part: RaidPart): Record<string, string> {
  const at = { vendor: part.vendor, controller: part.controllerSerial ?? part.controller, kind: part.kind }
  if (part.kind === 'array') return { ...at, array: part.array }
  if (part.kind === 'drive') return { ...at, enclosure: part.enclosure, slot: part.slot }
  return part.kind === 'battery' ? { ...at, technology: part.technology } : at
}

test('a name says where its part is, whatever is in the words', () => {
  fc.assert(
    fc.property(anyPart, (part) => {
      assert.deepEqual({ ...placeOf(nameOf(part)) }, wordsOf(part))
      assert.ok(nameOf(part).startsWith(controllerPrefix(part)))
    }),
  )
})

test('two parts have one name only when they are in one place', () => {
  fc.assert(
    fc.property(anyPart, anyPart, (one, other) => {
      const same = JSON.stringify(wordsOf(one)) === JSON.stringify(wordsOf(other))
      assert.equal(nameOf(one) === nameOf(other), same)
    }),
  )
})

test('what is no name has no place', () => {
  for (const name of ['', 'raid', 'raid:%', 'raid:lsi:0:fan:1', 'zram0:fill', 'raid:lsi:0:drive:1'])
    assert.equal(placeOf(name), undefined, name)
  fc.assert(fc.property(fc.string(), (name) => assert.doesNotThrow(() => goneState(name))))
})

test('a controller that is renumbered keeps the names of its parts', () => {
  fc.assert(
    fc.property(anyPart, fc.string(), (part, controller) => {
      fc.pre(part.controllerSerial !== undefined)
      assert.equal(nameOf({ ...part, controller }), nameOf(part))
    }),
  )
  const { controllerSerial: _, ...bare } = drive
  assert.notEqual(
    nameOf({ ...bare, controller: '1' }),
    nameOf(bare),
    'without a serial the number is all there is',
  )
})

test('a drive that is gone is missing, a controller has failed, an array nobody knows', () => {
  const controller: RaidPart = {
    kind: 'controller',
    vendor: 'broadcom',
    controller: '0',
    controllerSerial: 'SV1',
    status: { state: 'optimal', word: 'OK', known: true },
  }
  const pulled = goneState(nameOf(drive))
  assert.deepEqual([pulled?.state, pulled?.healthy, pulled?.severity], ['missing', false, 17])
  assert.equal(
    pulled?.body,
    'The drive at vendor broadcom, controller SV1, enclosure 252, slot 3 is no longer there',
  )
  assert.deepEqual(pulled?.attributes, { vendor: 'broadcom', controller: 'SV1', enclosure: '252', slot: '3' })
  const lost = goneState(nameOf(controller))
  assert.deepEqual([lost?.state, lost?.healthy, lost?.severity], ['failed', false, 17])
  const array: RaidPart = {
    ...controller,
    kind: 'array',
    array: '239',
    status: { state: 'optimal', word: 'Optl', known: true },
  }
  assert.deepEqual([goneState(nameOf(array))?.state, goneState(nameOf(array))?.severity], ['unknown', 13])
})

test('a part is told healthy or not by its state alone, and its severity goes with it', () => {
  const unhealthy = {
    controller: ['degraded', 'failed'],
    array: ['degraded', 'partially-degraded', 'failed', 'offline', 'rebuilding'],
    drive: ['rebuilding', 'failed', 'predictive-failure', 'missing', 'foreign'],
    battery: ['failed'],
  }
  fc.assert(
    fc.property(anyPart, (part) => {
      const reading = stateOf(part)
      assert.equal(reading.healthy, !unhealthy[part.kind].includes(part.status.state), part.status.state)
      assert.ok([9, 13, 17].includes(reading.severity))
      if (!reading.healthy) assert.ok(reading.severity > 9)
      for (const [name, value] of Object.entries(reading.attributes))
        assert.equal(typeof value, 'string', name)
    }),
    { numRuns: 500 },
  )
})

test('a first sight tells of an unhealthy part alone, as from unknown; a change is told once', () => {
  const failed = stateOf({ ...drive, status: judgeDrive('broadcom', 'UBad') })
  const first = stateRecords([stateOf(drive), { ...failed, part: 'other' }], new Map(), 0)
  assert.deepEqual(
    first.records.map(({ fields }) =>
      Object.fromEntries(
        fields
          .filter(([name]) => ['part', 'from', 'to'].includes(name))
          .map(([name, value]) => [name, String(value)]),
      ),
    ),
    [{ part: 'other', from: 'unknown', to: 'failed' }],
  )
  const known = new Map([[failed.part, 'online']])
  const [record] = stateRecords([failed], known, 0).records
  const said = Object.fromEntries((record?.fields ?? []).map(([name, value]) => [name, String(value)]))
  assert.deepEqual(said, {
    'event.name': 'raid.drive',
    severity_number: '17',
    severity_text: 'ERROR',
    body: 'Drive 252:3 (ST4000NM0023 Z1Z0ABCD) on broadcom controller 0 is failed (UBad)',
    part: 'raid:broadcom:SV1:drive:252:3',
    from: 'online',
    to: 'failed',
    vendor: 'broadcom',
    controller: '0',
    controller_serial: 'SV1',
    status: 'UBad',
    enclosure: '252',
    slot: '3',
    model: 'ST4000NM0023',
    serial: 'Z1Z0ABCD',
  })
  assert.equal(stateRecords([failed], new Map([[failed.part, 'failed']]), 0).records.length, 0)
})

test('a part that is gone is told under the label of its controller, its serial beside it', () => {
  const name = 'raid:broadcom:SV1:drive:252:7'
  const there = { controller: '1', controllerSerial: 'SV1' }
  assert.deepEqual(goneState(name, there)?.attributes, {
    vendor: 'broadcom',
    controller: '1',
    controller_serial: 'SV1',
    enclosure: '252',
    slot: '7',
  })
  assert.equal(goneState(name)?.attributes.controller, 'SV1')
})
