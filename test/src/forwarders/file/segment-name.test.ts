import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatName, ownerOf, parseName } from '../../../../src/forwarders/file/segment-name.ts'

test('formatName and parseName are each other’s reverse, open and closed', () => {
  const owner = ownerOf({ node: 'rack-7.example', bootId: 'AABBCCDD-eeff', ledger: '12' })
  const open = { ...owner, startMilliseconds: Date.UTC(2026, 10, 23, 12, 7, 59), counter: 17 }
  assert.equal(formatName(open), '20261123T120759Z-rack-7.example-aabbccdd-12-000017.ndjson.zst.partial')
  assert.deepEqual(parseName(formatName(open)), open)
  const closed = { ...open, records: 12345 }
  assert.equal(formatName(closed), '20261123T120759Z-rack-7.example-aabbccdd-12-000017-12345.ndjson.zst')
  assert.deepEqual(parseName(formatName(closed)), closed)
})

test('ownerOf makes any node name fit for a file', () => {
  assert.equal(ownerOf({ node: '../a b/ü', bootId: '', ledger: '-' }).node, '.._a_b_')
  assert.deepEqual(ownerOf({ node: '', bootId: '', ledger: '-' }), { node: '_', boot: '0', ledger: '0' })
})

test('parseName leaves files of others alone', () => {
  const names = [
    'notes.txt',
    'messages.ndjson.zst',
    '20261123T120759Z-n-b-l-000017.ndjson.zst',
    '20261123T120759Z-n-b-l-000017-5.ndjson.zst.partial',
    '20261123T120759Z-n-b-l-17-5.ndjson.zst',
    '20261123T120759Z-n-b-l-000017-5.ndjson.zst.bak',
    '20261123T250759Z-n-b-l-000017-5.ndjson.zst',
    '20261123T120759Z-n-b-l-000017-05.ndjson.zst',
  ]
  for (const name of names) assert.equal(parseName(name), undefined, name)
})
