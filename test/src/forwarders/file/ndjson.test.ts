import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ndjson } from '../../../../src/forwarders/file/ndjson.ts'
import { origin, record, sample, sampleBatch, stale } from '../batches.ts'

const from = { node: origin.node, boot_id: origin.bootId, ledger: origin.ledger }

function lines(text: Buffer): unknown[] {
  return text
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

test('ndjson keeps fields byte for byte, in order, repeated ones too', () => {
  const values: readonly (readonly [Buffer, unknown])[] = [
    [Buffer.from('plain'), 'plain'],
    [Buffer.from(''), ''],
    [Buffer.from('two\nlines "quoted" \\ \u2028 \u0000 ü 🦈'), 'two\nlines "quoted" \\ \u2028 \u0000 ü 🦈'],
    [Buffer.from('\ufeffmark'), '\ufeffmark'],
    [Buffer.of(0xff, 0x00), { base64: '/wA=' }],
    [Buffer.of(0xed, 0xa0, 0x80), { base64: '7aCA' }],
    [Buffer.of(0xc0, 0xaf), { base64: 'wK8=' }],
    [Buffer.of(0xf0, 0x9f, 0xa6), { base64: '8J+m' }],
  ]
  const fields = values.map(([bytes]) => ['SAME', new Uint8Array(bytes)] as const)
  const events = { kind: 'events', sequence: 1, source: 'test', count: 1, bytes: 1 } as const
  const text = ndjson({ ...events, records: [record(42, fields)] }, origin)
  assert.deepEqual(lines(text), [
    {
      ...from,
      source: 'test',
      stream: 'stream',
      number: 42,
      id: 'stream:42',
      time: '1700000000000000042',
      observed: '1700000000000000047',
      fields: values.map(([, value]) => ['SAME', value]),
    },
  ])
})

test('ndjson writes one line a sample, with words for what JSON has no number for', () => {
  const values = [1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324]
  const samples = [...values.map((value) => sample('m', value, { a: 'b' })), stale('m', { a: 'b' })]
  const found = lines(ndjson(sampleBatch(1_700_000_000_123, samples), origin))
  const words = [1.5, '-0', 'NaN', '+Inf', '-Inf', 5e-324, 'stale']
  const common = { ...from, source: 'metrics', time_ms: 1_700_000_000_123, name: 'm', labels: { a: 'b' } }
  assert.deepEqual(
    found,
    words.map((value) => ({ ...common, value })),
  )
})
