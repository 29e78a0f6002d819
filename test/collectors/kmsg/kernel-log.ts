/** A kernel log of the test's own: a ring that forgets its oldest records, and the journal that journald makes of it. */

import type { Ring } from '../../../collectors/kmsg/ring.ts'
import type { LogRecord, SourceBatch } from '../../../src/model.ts'

export interface KernelLog {
  /** Stamps by sequence number, in microseconds. */
  readonly stamps: number[]
  /** How many the ring holds. */
  readonly capacity: number
  /** Sequence numbers in the order of the journal, which may lack some. */
  readonly journal: number[]
}

/** As /dev/kmsg gives it to one reader. */
export function ringOf(log: KernelLog): Ring {
  let next: number | undefined
  return {
    read() {
      const first = Math.max(0, log.stamps.length - log.capacity)
      next ??= first
      if (next >= log.stamps.length) return 'end'
      if (next < first) {
        next = first
        return 'overrun'
      }
      const sequence = next++
      return Buffer.from(`6,${sequence},${log.stamps[sequence]},-;record ${sequence}\n`)
    },
    [Symbol.dispose]: () => undefined,
  }
}

/** One entry as journald has it; its id says which kernel record it is. */
export function journalEntry(log: KernelLog, at: number, boot: string): LogRecord {
  const sequence = log.journal[at] ?? -1
  const fields = {
    _TRANSPORT: 'kernel',
    _BOOT_ID: boot,
    _SOURCE_MONOTONIC_TIMESTAMP: String(log.stamps[sequence]),
    MESSAGE: `record ${sequence}`,
  }
  return {
    stream: 'journal',
    id: `journal:${at}`,
    time: 1n,
    observed: 1n,
    fields: Object.entries(fields).map(([name, value]) => [name, Buffer.from(value)]),
  }
}

/** The kernel record that a record of either source is. */
export function sequenceOf({ fields }: LogRecord): number {
  const [, value] = fields.find(([name]) => name === 'MESSAGE') ?? []
  return Number(/^record (\d+)$/.exec(Buffer.from(value ?? []).toString())?.[1])
}

/** What a batch says beside its records. */
export function counted(batches: readonly SourceBatch[], of: 'filtered' | 'missed', reason: string): number {
  return batches.reduce((sum, batch) => sum + (batch[of]?.[reason] ?? 0), 0)
}
