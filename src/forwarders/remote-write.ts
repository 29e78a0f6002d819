/**
 * The body of a remote write 1.0 request: a snappy block (google/snappy format_description.txt) of a protobuf
 * WriteRequest (proto/prometheus/remote.proto).
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
import { compress } from 'snappyjs'
import type { Labels } from '../model.ts'
import type { SampleBatch } from '../spool/batch.ts'
import { prometheus } from './generated/remote-write.js'

/**
 * Field 1 of a Sample (tag 9, a double) with Prometheus' stale marker, the NaN 0x7ff0000000000002, as wire bytes:
 * a JavaScript number does not keep the payload of a NaN.
 */
const staleValue = Uint8Array.of(0x09, 0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f)

/** @param added labels of every series; see `seriesLabels` */
export function encodeWriteRequest(batch: SampleBatch, added: Labels): Uint8Array {
  const timestamp = batch.timeMilliseconds
  const timeseries = batch.samples.map(({ name, labels, value, stale }) => ({
    labels: seriesLabels(name, labels, added),
    samples: [stale ? { timestamp, $unknowns: [staleValue] } : { timestamp, value }],
  }))
  return compress(prometheus.WriteRequest.encode({ timeseries }).finish())
}

/**
 * The labels of a series as receivers want them: sorted by name, none empty, `__name__` among them.
 * As in a scrape, an added label wins over the series' own of that name, which stays as `exported_<name>`.
 */
export function seriesLabels(name: string, own: Labels, added: Labels): { name: string; value: string }[] {
  const all = new Map([['__name__', name], ...Object.entries(added)])
  for (const [label, value] of Object.entries(own)) {
    if (value === '') continue
    let free = label
    while (all.has(free) || (free !== label && own[free])) free = `exported_${free}`
    all.set(free, value.toWellFormed())
  }
  // Label names are ASCII, so this order is the order of their bytes.
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ name, value }))
}
