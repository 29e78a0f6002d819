/**
 * Where a namespace resumes: the cursor of the last entry taken, and the last number of each sequence-number id. Both
 * readers write and understand it, so that a change of reader converts nothing.
 */
import * as z from 'zod'
import { ParseError } from '../../src/errors.ts'
import type { Copies } from './copies.ts'
import type { Numbers } from './numbers.ts'

const shape = z.object({
  cursor: z.string().min(1),
  last: z.record(z.string(), z.int().nonnegative()),
  /** What was taken out of /run; the reader through journalctl keeps none. */
  volatile: z
    .record(z.string(), z.object({ bootId: z.string(), from: z.number(), to: z.number() }))
    .optional(),
})

export type JournalPosition = z.output<typeof shape>

/** A position's stream is what is resumed: the namespace. */
export function streamOf(namespace: string): string {
  return namespace === '' ? 'default' : namespace
}

/** @throws {ParseError} if it is not what `writePosition` made */
export function parsePosition(text: string): JournalPosition {
  try {
    return shape.parse(JSON.parse(text))
  } catch (cause) {
    throw new ParseError(`Cannot parse journal position "${text.slice(0, 200)}"`, { cause })
  }
}

export function writePosition(cursor: string, numbers: Numbers, volatile?: Copies): string {
  return JSON.stringify({ cursor, last: numbers, volatile })
}
