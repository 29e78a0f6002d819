/** A batch as it leaves the spool, decoded: format.md, Spool batch. */
import type { Field, Labels, RecordList } from '../model.ts'

/** A log record with its number in this ledger and source. */
export interface SpooledRecord {
  readonly stream: string
  readonly id: string
  readonly number: number
  readonly time: bigint
  readonly observed: bigint
  readonly fields: readonly Field[]
}

/** One sample of a collection; its time is the batch's. */
export interface SpooledSample {
  readonly name: string
  readonly labels: Labels
  readonly value: number
  /** True for Prometheus' stale marker, NaN 0x7ff0000000000002: the series ends here. `value` is then NaN. */
  readonly stale: boolean
}

interface Common {
  /** Its place in the one log. */
  readonly sequence: number
  readonly source: string
  readonly count: number
  /** Bytes in the spool, compressed. */
  readonly bytes: number
}

export interface EventBatch extends Common {
  readonly kind: 'events'
  readonly records: RecordList<SpooledRecord>
  /** Gives its memory back at once, where that is much; nobody may look at it any more. Else it goes by itself. */
  readonly release?: () => void
}

export interface SampleBatch extends Common {
  readonly kind: 'samples'
  /** Milliseconds since the epoch: one collection time for all. */
  readonly timeMilliseconds: number
  readonly samples: readonly SpooledSample[]
}

export type SpooledBatch = EventBatch | SampleBatch

/** The part of a batch from `start` to before `end`: what a bisection sends. */
export function slice(batch: SpooledBatch, start: number, end: number): SpooledBatch {
  if (start === 0 && end >= batch.count) return batch
  const count = end - start
  return batch.kind === 'events'
    ? { ...batch, count, records: batch.records.slice(start, end) }
    : { ...batch, count, samples: batch.samples.slice(start, end) }
}
