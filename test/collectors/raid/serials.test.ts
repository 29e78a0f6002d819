import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withSerials } from '../../../collectors/raid/serials.ts'
import { tree } from '../../../src/tree.ts'

const part = (controllerSerial?: string) => ({
  kind: 'controller' as const,
  vendor: 'hpe' as const,
  controller: '1',
  controllerSerial,
  status: { state: 'optimal' as const, word: 'OK', known: true },
})
const serials = (items: ReturnType<typeof withSerials>) =>
  items.map((item) =>
    'complete' in item ? item.complete.controllerSerial : 'kind' in item ? item.controllerSerial : '?',
  )

test('a controller that leaves its serial number out of one answer keeps it, on its own host', () => {
  const host = tree('/')
  const complete = { complete: { vendor: 'hpe' as const, controller: '1' } }
  assert.deepEqual(serials(withSerials([part()], host)), [undefined])
  assert.deepEqual(serials(withSerials([part('S1')], host)), ['S1'])
  assert.deepEqual(serials(withSerials([part(), complete], host)), ['S1', 'S1'])
  assert.deepEqual(serials(withSerials([{ ...part(), controller: '2' }], host)), [undefined])
  assert.deepEqual(serials(withSerials([part()], tree('/'))), [undefined])
  assert.deepEqual(serials(withSerials([part('S2'), complete], host)), ['S2', 'S2'], 'a card was exchanged')
})

test('a serial number that two controllers share names neither, also while one of them cannot be read', () => {
  const host = tree('/')
  const both = [part('0'), { ...part('0'), controller: '2' }, { ...part('S3'), controller: '3' }]
  assert.deepEqual(serials(withSerials(both, host)), [undefined, undefined, 'S3'])
  assert.deepEqual(serials(withSerials([part('0')], host)), [undefined])
  assert.deepEqual(serials(withSerials([part('0')], tree('/'))), ['0'])
})
