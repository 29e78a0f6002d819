/**
 * A batch as NDJSON: one object a line, everything a record or sample has, nothing normalised.
 * Times are decimal strings of nanoseconds (JSON numbers cannot hold them); a field's value is a string when its
 * bytes are UTF-8, else {"base64": …}; the order of fields and repeated ones stay.
 */
import { isUtf8 } from 'node:buffer'
import type { Field } from '../../model.ts'
import type { SpooledBatch, SpooledSample } from '../../spool/batch.ts'
import type { Origin } from '../forwarder.ts'

export function ndjson(batch: SpooledBatch, origin: Origin): Buffer {
  const { source } = batch
  const from = { node: origin.node, boot_id: origin.bootId, ledger: origin.ledger, source }
  const lines =
    batch.kind === 'events'
      ? batch.records.map(({ stream, number, id, time, observed, fields }) => ({
          ...from,
          stream,
          number,
          id,
          time: String(time),
          observed: String(observed),
          fields: fields.map(jsonField),
        }))
      : batch.samples.map((sample) => ({
          ...from,
          time_ms: batch.timeMilliseconds,
          name: sample.name,
          labels: sample.labels,
          value: jsonValue(sample),
        }))
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

function jsonField([name, bytes]: Field): readonly [string, string | { readonly base64: string }] {
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return [name, isUtf8(value) ? value.toString('utf8') : { base64: value.toString('base64') }]
}

/** A number, or the word of what JSON has no number for. */
function jsonValue({ value, stale }: SpooledSample): number | string {
  if (stale) return 'stale'
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : value
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
