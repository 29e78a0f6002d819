/** Batches as the spool would hand them out. */
import type { Labels } from '../../../src/model.ts'
import type { EventBatch, SampleBatch, SpooledRecord, SpooledSample } from '../../../src/spool/batch.ts'

export const origin = {
  node: 'rack-7',
  bootId: '11112222-3333-4444-5555-666677778888',
  ledger: 'cafe0123beef4567',
}

export function sample(name: string, value: number, labels: Labels = {}): SpooledSample {
  return { name, value, labels, stale: false }
}

export function stale(name: string, labels: Labels = {}): SpooledSample {
  return { name, value: Number.NaN, labels, stale: true }
}

export function sampleBatch(
  timeMilliseconds: number,
  samples: readonly SpooledSample[],
  sequence = 1,
): SampleBatch {
  const common = { sequence, source: 'metrics', count: samples.length, bytes: 100 }
  return { ...common, kind: 'samples', timeMilliseconds, samples }
}

export function record(number: number, fields: SpooledRecord['fields'] = []): SpooledRecord {
  const time = 1_700_000_000_000_000_000n + BigInt(number)
  return { stream: 'stream', id: `stream:${number}`, number, time, observed: time + 5n, fields }
}

/** Records `first` … `first + count - 1`, each with about `bytes` of incompressible text. */
export function eventBatch(first: number, count: number, bytes = 10): EventBatch {
  const records = Array.from({ length: count }, (_, index) => {
    const noise = Buffer.alloc(bytes)
    for (let at = 0; at < bytes; at += 1) noise[at] = 32 + Math.floor(Math.random() * 90)
    return record(first + index, [['MESSAGE', noise]])
  })
  return { sequence: first, source: 'test', count, bytes: 100, kind: 'events', records }
}
