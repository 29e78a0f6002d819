/** Where one log resumes. Its stream is the fingerprint; a log that begins like another one has a number behind it. */
import * as z from 'zod'
import { ParseError } from '../../src/errors.ts'

const shape = z.object({
  /** Where it was found first, or last under a name that is followed. */
  path: z.string(),
  device: z.number(),
  inode: z.number(),
  /** When it was written to last, milliseconds since the epoch, as of the last reading. */
  modified: z.number(),
  /** Its first line. */
  header: z.string(),
  offset: z.int().nonnegative(),
  /** Of the last bytes before the offset. */
  tail: z.string(),
  /** Whether its end was reached after it was rotated away: it is not looked for again. */
  done: z.boolean(),
})

export type FilePosition = z.output<typeof shape>

/** @throws {ParseError} if it is not what `writePosition` made */
export function parsePosition(text: string): FilePosition {
  try {
    return shape.parse(JSON.parse(text))
  } catch (cause) {
    throw new ParseError(`Cannot parse file position "${text.slice(0, 200)}"`, { cause })
  }
}

export function writePosition(position: FilePosition): string {
  return JSON.stringify(position)
}
