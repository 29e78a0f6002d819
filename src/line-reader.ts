/** Reads single files of sysfs: one that cannot be read or understood is one bad part, and the others are read on. */
import { describe, ParseError } from './errors.ts'
import type { Tree } from './tree.ts'

/** What drivers answer for a value that the device does not have. */
const noValue = new Set(['EINVAL', 'EOPNOTSUPP', 'ENOTSUP', 'ENODATA'])

/** @returns undefined where there is no value; the line without blanks around it otherwise, or what `parse` makes of it */
export interface ReadLine {
  (path: string): Promise<string | undefined>
  <T>(path: string, parse: (text: string) => T): Promise<T | undefined>
}

export function lineReader(sys: Tree, skip: (error: Error) => void): ReadLine {
  async function read(path: string): Promise<string | undefined>
  async function read<T>(path: string, parse: (text: string) => T): Promise<T | undefined>
  async function read<T>(path: string, parse?: (text: string) => T): Promise<string | T | undefined> {
    try {
      const text = (await sys.line(path))?.trim()
      return parse === undefined || text === undefined ? text : parse(text)
    } catch (error) {
      if (error instanceof ParseError) skip(new ParseError(`Cannot read "${path}"`, { cause: error }))
      else if (!isNoValue(error)) skip(new Error(`Cannot read "${path}": ${describe(error)}`))
      return undefined
    }
  }
  return read
}

function isNoValue(error: unknown): boolean {
  return error instanceof Error && 'code' in error && noValue.has(String(error.code))
}
