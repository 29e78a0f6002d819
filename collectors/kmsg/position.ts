/**
 * Where kmsg resumes, and what of this boot's kernel records each of kmsg and journald has spooled. Journald keeps its
 * stretches in a stream of its own beside its positions, committed with them.
 */
import * as z from 'zod'
import { ParseError } from '../../src/errors.ts'
import { newestEnd, type Stretch } from './stretches.ts'

/** The one stream of kmsg's positions: a boot's replaces that of the boot before. */
export const kmsgStream = 'kmsg'
/** Of the collector journald; no namespace is called so. */
export const journaldStream = 'kernel:stretches'

const microseconds = z.int().min(-1)
const stretches = z.array(z.tuple([microseconds, microseconds])).max(64)

const kmsgShape = z.object({
  /** 32 hexadecimal digits. */
  boot: z.string(),
  /** The sequence number that comes next. */
  next: z.int().nonnegative(),
  stretches,
  /** Whether records like the last one may be unread in the ring. */
  open: z.boolean(),
})
const journaldShape = z.object({ boot: z.string(), stretches })

export type KmsgPosition = z.output<typeof kmsgShape>

/** @throws {ParseError} if it is not what `writeKmsg` made */
export function parseKmsg(text: string): KmsgPosition {
  return parse(kmsgShape, 'kmsg position', text)
}

export function writeKmsg(position: KmsgPosition): string {
  return JSON.stringify(position)
}

export function writeJournald(boot: string, all: readonly Stretch[]): string {
  return JSON.stringify({ boot, stretches: all })
}

/** @returns what journald has spooled of this boot @throws {ParseError} if it is not what `writeJournald` made */
export function journaldStretches(positions: ReadonlyMap<string, string>, boot: string): Stretch[] {
  const text = positions.get(journaldStream)
  if (text === undefined) return []
  const found = parse(journaldShape, 'journald stretches', text)
  return found.boot === boot ? found.stretches : []
}

/**
 * @returns what kmsg has spooled of this boot, for certain: while records may be unread in the ring the end of the
 *   newest stretch is not inside @throws {ParseError} if it is not what `writeKmsg` made
 */
export function kmsgStretches(positions: ReadonlyMap<string, string>, boot: string): Stretch[] {
  const text = positions.get(kmsgStream)
  if (text === undefined) return []
  const found = parseKmsg(text)
  if (found.boot !== boot) return []
  const newest = found.stretches.at(-1)
  if (!found.open || newest === undefined) return found.stretches
  return [...found.stretches.slice(0, -1), [newest[0], newestEnd(found.stretches) - 1]]
}

function parse<T>(shape: z.ZodType<T>, what: string, text: string): T {
  try {
    return shape.parse(JSON.parse(text))
  } catch (cause) {
    throw new ParseError(`Cannot parse ${what} "${text.slice(0, 200)}"`, { cause })
  }
}
