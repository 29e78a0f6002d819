/**
 * The system event log as records. Its numbers are the BMC's own and begin anew when it is cleared, so a position is the
 * last entry's number, time and text; where that entry is no longer in the log, the log was cleared or has wrapped.
 */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { ParseError } from '../../src/errors.ts'
import type { Field, LogRecord, SourceBatch } from '../../src/model.ts'
import type { SelEntry } from './report.ts'

export const selStream = 'sel'

const shape = z.object({
  /** 0: the log was empty. */
  id: z.int().nonnegative(),
  digest: z.string(),
})

/** @throws {ParseError} it is not what `selBatch` made */
function parsePosition(text: string): z.output<typeof shape> {
  try {
    return shape.parse(JSON.parse(text))
  } catch (cause) {
    throw new ParseError(`Cannot parse SEL position "${text.slice(0, 100)}"`, { cause })
  }
}

const severities = {
  nominal: ['9', 'info'],
  warning: ['13', 'warning'],
  critical: ['17', 'error'],
  unknown: ['9', 'info'],
} as const

export interface SelReading {
  /** Whole, in the order of the log. */
  readonly entries: readonly SelEntry[]
  /** As stored; undefined at the first reading. */
  readonly position: string | undefined
  /** Without a position: entries before this moment (milliseconds since the epoch) are left out and counted; 0 for none. */
  readonly sinceMilliseconds: number
  /** Of what the BMC's clock shows. */
  readonly timeOf: (text: string) => number
  readonly now: number
}

/** @returns undefined if nothing is new; `position` not understood begins as without one */
export function selBatch({
  entries,
  position,
  sinceMilliseconds,
  timeOf,
  now,
}: SelReading): SourceBatch | undefined {
  const last = position === undefined ? undefined : parsePosition(position)
  const observed = BigInt(now) * 1_000_000n
  const record = (entry: SelEntry) => recordOf(entry, observed, timeOf)
  const newest = entries.at(-1)
  const after = { id: newest?.id ?? 0, digest: newest ? digestOf(newest) : '' }
  const batch = (records: readonly LogRecord[], missed = 0): SourceBatch => ({
    records,
    positions: [{ stream: selStream, position: JSON.stringify(after) }],
    ...(missed > 0 && { missed: { before_start: missed } }),
  })
  if (last === undefined) {
    const first = entries.findIndex(
      ({ time }) => sinceMilliseconds === 0 || (time !== undefined && timeOf(time) >= sinceMilliseconds),
    )
    const from = first < 0 ? entries.length : first
    return batch(entries.slice(from).map(record), from)
  }
  if (last.id === after.id && last.digest === after.digest) return undefined
  const place = entries.findLastIndex((entry) => entry.id === last.id && digestOf(entry) === last.digest)
  if (place >= 0) return batch(entries.slice(place + 1).map(record))
  if (last.id === 0) return batch(entries.map(record))
  // A log that wraps goes on with its numbers, and so does one that some BMCs clear; others begin anew.
  if (entries.length > 0 && entries.every(({ id }) => id > last.id)) {
    const wrapped = (entries[0]?.id ?? 0) - last.id - 1
    return { ...batch(entries.map(record)), ...(wrapped > 0 && { missed: { wrapped } }) }
  }
  return batch([clearedRecord(last, observed), ...entries.map(record)])
}

function digestOf({ time = '', name, event }: SelEntry): string {
  return createHash('sha256').update([time, name, event].join('\n')).digest('hex').slice(0, 16)
}

function recordOf(entry: SelEntry, observed: bigint, timeOf: (text: string) => number): LogRecord {
  const { id, time, name, type, state, event } = entry
  const [number, text] = severities[state]
  const milliseconds = time === undefined ? Number.NaN : timeOf(time)
  const fields: [string, string][] = [
    ['body', `${name}: ${event}`],
    ['severity_number', number],
    ['severity_text', text],
    ['event.name', 'ipmi.sel'],
    ['ipmi.record_id', String(id)],
    ['ipmi.sensor', name],
    ['ipmi.type', type],
    ['ipmi.state', state],
    // As it stands in the log: the BMC's clock may be wrong, or may not have been set yet.
    ['ipmi.time', time ?? 'none'],
  ]
  return {
    stream: selStream,
    id: `${selStream}:${id}:${digestOf(entry)}`,
    time: Number.isNaN(milliseconds) ? observed : BigInt(milliseconds) * 1_000_000n,
    observed,
    fields: fields.map(([field, value]): Field => [field, Buffer.from(value)]),
  }
}

function clearedRecord(last: z.output<typeof shape>, observed: bigint): LogRecord {
  const fields: [string, string][] = [
    ['body', `The system event log was cleared: its entry ${last.id} is gone, and the numbers begin anew`],
    ['severity_number', '9'],
    ['severity_text', 'info'],
    ['event.name', 'ipmi.sel.cleared'],
    ['ipmi.record_id', String(last.id)],
  ]
  return {
    stream: selStream,
    id: `${selStream}:cleared:${last.id}:${last.digest}`,
    time: observed,
    observed,
    fields: fields.map(([field, value]): Field => [field, Buffer.from(value)]),
  }
}
