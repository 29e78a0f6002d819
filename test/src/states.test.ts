import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogRecord } from '../../src/model.ts'
import { lastStates, stateRecords, statesOf } from '../../src/states.ts'
import { MovedClock } from '../moved-clock.ts'
import { engine, oneSink, open, state } from './engine.ts'

const at = 1_767_323_045_123
const nanoseconds = '1767323045123000000'

function fieldsOf(record: LogRecord | undefined) {
  return record?.fields.map(([name, value]) => [name, Buffer.from(value).toString()])
}

test('stateRecords makes a record of a change, in OpenTelemetry names and order, with an id of its own', () => {
  const { records, positions } = stateRecords(
    [state('a:power', 'off', false)],
    new Map([['a:power', 'on']]),
    at,
  )
  assert.equal(records.length, 1)
  assert.equal(records.at(0)?.id, `a:power:on:off:${nanoseconds}`)
  assert.equal(records.at(0)?.stream, 'state:a:power')
  assert.equal(records.at(0)?.time, BigInt(nanoseconds))
  assert.deepEqual(fieldsOf(records.at(0)), [
    ['event.name', 'part.state'],
    ['severity_number', '17'],
    ['severity_text', 'ERROR'],
    ['body', 'Part a:power is off'],
    ['part', 'a:power'],
    ['from', 'on'],
    ['to', 'off'],
    ['part_number', '7'],
  ])
  assert.deepEqual(positions, [{ stream: 'state:a:power', position: 'off' }])
})

test('stateRecords makes no record of a healthy part without an earlier state, and one from unknown of another', () => {
  const { records, positions } = stateRecords(
    [state('a', 'on', true), state('b', 'off', false)],
    new Map(),
    at,
  )
  assert.deepEqual(
    records.map(({ id }) => id),
    [`b:unknown:off:${nanoseconds}`],
  )
  assert.deepEqual(positions, [
    { stream: 'state:a', position: 'on' },
    { stream: 'state:b', position: 'off' },
  ])
})

test('stateRecords makes a record of a part that is healthy again, and nothing of one that stays', () => {
  const last = new Map([
    ['a', 'off'],
    ['b', 'on'],
  ])
  const { records, positions } = stateRecords([state('a', 'on', true), state('b', 'on', true)], last, at)
  assert.equal(records.length, 1)
  assert.equal(fieldsOf(records.at(0))?.[2]?.[1], 'INFO')
  assert.equal(positions.length, 1)
})

test('statesOf leaves positions that are no states', () => {
  const positions = new Map([
    ['state:a:power', 'on'],
    ['journal', 'state:x'],
  ])
  assert.deepEqual([...statesOf(positions)], [['a:power', 'on']])
})

test('lastStates commits each change once, over restarts', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock)
  const states = await lastStates('parts', running.spool)
  for (const to of ['on', 'on', 'off', 'off']) await states.offer([state('a', to, to === 'on')], at)
  await running.close()

  await using spool = await open(running.folder, clock)
  const again = await lastStates('parts', spool)
  assert.deepEqual([...again.known()], [['a', 'off']])
  await again.offer([state('a', 'off', false)], at)
  await again.offer([state('a', 'on', true)], at + 1)
  const counts = (await spool.snapshot()).sources.get('parts')
  assert.equal(counts?.read, 2)
  assert.equal(counts?.spooled, 2)
  const ids: string[] = []
  for (let after = 0; ; ) {
    const batch = await spool.next('sink', after)
    if (batch?.kind !== 'events') break
    ids.push(...batch.records.map(({ id }) => id))
    after = batch.sequence
  }
  assert.deepEqual(ids, [`a:on:off:${nanoseconds}`, `a:off:on:${BigInt(nanoseconds) + 1_000_000n}`])
})

test('lastStates keeps the last state while the spool has no room, and commits the change afterwards', async () => {
  const clock = new MovedClock()
  await using running = await engine(clock, 1 << 20)
  const { spool } = running
  const states = await lastStates('zz', spool)
  await states.offer([state('a', 'on', true)], at)
  let held = 0
  for (const _ of Array(200)) {
    const fields = [['body', crypto.getRandomValues(new Uint8Array(16_384))]] as const
    const record = { stream: 's', id: String(held), time: 1n, observed: 1n, fields }
    const batch = { records: [record], positions: [{ stream: 's', position: String(held) }] }
    const taken = await spool.commit('parts', batch).then(
      () => true,
      () => false,
    )
    if (!taken) break
    held++
  }
  assert.ok(held > 5 && held < 200, `${held} batches`)
  await states.offer([state('a', 'off', false)], at + 1)
  assert.deepEqual([...states.known()], [['a', 'on']])

  for (let after = 0; ; ) {
    const batch = await spool.next(oneSink.name, after)
    if (!batch) break
    await spool.settle(oneSink.name, [{ sequence: batch.sequence, acknowledged: batch.count }])
    after = batch.sequence
  }
  await states.offer([state('a', 'off', false)], at + 2)
  assert.deepEqual([...states.known()], [['a', 'off']])
  assert.equal((await spool.snapshot()).sources.get('zz')?.spooled, 1)
})
