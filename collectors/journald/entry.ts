/** An entry as a record, and what journald itself says in it of messages it has dropped. */
import { ParseError } from '../../src/errors.ts'
import type { Field } from '../../src/model.ts'
import { type Cursor, parseCursor } from './cursor.ts'
import type { ExportEntry } from './export.ts'
import { text } from './shape.ts'

export interface Located {
  readonly cursor: Cursor
  readonly cursorText: string
  /** Nanoseconds since the epoch, as journald stamped it; a source's own time is a field. */
  readonly time: bigint
}

/** What 64 bits of nanoseconds hold (the year 2255); a clock gone wrong stamps up to 2^55. The field has what it stamped. */
const latestMicroseconds = 2 ** 53 - 1

/** "Suppressed N messages from UNIT", and "Missed N kernel messages". */
const suppressed = 'a596d6fe7bfa4994828e72309e95d61e'
const missedKernel = 'e9bf28e6e834481bb6f48f548ad13606'

/** @throws {ParseError} if the entry does not say where it is */
export function locate({ fields }: ExportEntry): Located {
  const cursorText = text(fields, '__CURSOR')
  if (cursorText === undefined) {
    const names = fields.slice(0, 5).map(([name]) => name)
    throw new ParseError(`Cannot take journal entry "${names.join(' ')}": it has no __CURSOR`)
  }
  const cursor = parseCursor(cursorText)
  const microseconds = Math.min(cursor.realtimeMicroseconds, latestMicroseconds)
  return { cursor, cursorText, time: BigInt(microseconds) * 1000n }
}

/** @returns records that never came into the journal, by reason; undefined for any other entry */
export function droppedBefore(fields: readonly Field[]): { reason: string; count: number } | undefined {
  if (text(fields, '_TRANSPORT') !== 'driver') return undefined // Anyone may write the fields without "_".
  const id = text(fields, 'MESSAGE_ID')
  if (id === suppressed) return counted('rate_limited', text(fields, 'N_DROPPED'))
  if (id === missedKernel)
    return counted('kernel_overrun', /Missed (\d+) kernel/.exec(text(fields, 'MESSAGE') ?? '')?.[1])
  return undefined
}

function counted(reason: string, count: string | undefined) {
  return count !== undefined && /^\d{1,15}$/.test(count) ? { reason, count: Number(count) } : undefined
}
