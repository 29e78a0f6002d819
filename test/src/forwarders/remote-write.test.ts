import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uncompress } from 'snappyjs'
import { encodeWriteRequest, seriesLabels } from '../../../src/forwarders/remote-write.ts'
import { sample, sampleBatch, stale } from './batches.ts'
import { decodeWriteRequest } from './receiver.ts'

const added = { job: 'remora', instance: 'rack-7' }
const time = 1_795_436_383_263

test('encodeWriteRequest is read back by the official schema: names, labels, values and one time', () => {
  const values = [
    0,
    -0,
    1,
    -1.5,
    1e300,
    5e-324,
    2 ** 53,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ]
  const body = encodeWriteRequest(
    sampleBatch(
      time,
      values.map((value, index) => sample(`metric_${index}`, value, { device: `zram${index}` })),
    ),
    added,
  )
  const series = decodeWriteRequest(body)
  assert.equal(series.length, 10)
  for (const [index, { labels, samples }] of series.entries()) {
    assert.deepEqual(labels, [
      { name: '__name__', value: `metric_${index}` },
      { name: 'device', value: `zram${index}` },
      { name: 'instance', value: 'rack-7' },
      { name: 'job', value: 'remora' },
    ])
    assert.equal(samples.length, 1)
    assert.equal(samples[0]?.timestamp, time)
  }
  // JSON has no word for these, so they are looked at on the wire below.
  assert.deepEqual(
    series.slice(0, 7).map(({ samples }) => samples[0]?.value),
    [0, 0, 1, -1.5, 1e300, 5e-324, 2 ** 53],
  )
})

test('encodeWriteRequest writes the stale marker as exactly 0x7ff0000000000002, and other NaNs as something else', () => {
  const marker = Buffer.from('09020000000000f07f', 'hex')
  const wire = (samples: Parameters<typeof sampleBatch>[1]) =>
    Buffer.from(uncompress(encodeWriteRequest(sampleBatch(time, samples), {})))
  assert.equal(wire([stale('gone')]).includes(marker), true)
  assert.equal(wire([sample('gone', Number.NaN)]).includes(marker), false)
  assert.equal(wire([sample('gone', Number.NaN)]).includes(Buffer.from('09000000000000f87f', 'hex')), true)
  const [series] = decodeWriteRequest(encodeWriteRequest(sampleBatch(time, [stale('gone', { a: 'b' })]), {}))
  assert.equal(series?.samples.length, 1)
  assert.equal(series?.samples[0]?.timestamp, time)
})

test('seriesLabels sorts by the bytes of the names and drops empty values', () => {
  const labels = seriesLabels('m', { zone: 'z', Zone: 'Z', a: '', _x: 'x' }, added)
  assert.deepEqual(
    labels.map(({ name }) => name),
    ['Zone', '__name__', '_x', 'instance', 'job', 'zone'],
  )
})

test('seriesLabels keeps a label of the series that an added one covers, under another name', () => {
  const labels = seriesLabels('m', { job: 'own', exported_job: 'older', instance: '' }, added)
  assert.deepEqual(labels, [
    { name: '__name__', value: 'm' },
    { name: 'exported_exported_job', value: 'own' },
    { name: 'exported_job', value: 'older' },
    { name: 'instance', value: 'rack-7' },
    { name: 'job', value: 'remora' },
  ])
})

test('seriesLabels makes half a surrogate pair into valid text', () => {
  assert.equal(seriesLabels('m', { a: 'x\ud800y' }, {})[1]?.value, 'x\ufffdy')
})
