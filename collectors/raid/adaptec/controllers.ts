/** arcconf LIST and GETVERSION: the controllers there are, by the number that its other commands take. */
import { ParseError, ToolError } from '../../../src/errors.ts'

/** No card has more; a number of controllers beyond it is a garbled one. */
const most = 64

/**
 * @param text of LIST, which old versions do not have, or of GETVERSION
 * @returns in the order of the text; empty where it counts none
 * @throws {ToolError} it says why not; {ParseError} it is neither
 */
export function parseControllers(text: string): string[] {
  const [, found] = /^ *Controllers found: ?(\d{1,6})\b/im.exec(text) ?? []
  if (found === undefined) {
    if (/no controller/i.test(text)) return []
    const said = text.trim().slice(0, 100)
    if (/permission|privilege|must be root|administrator/i.test(text))
      throw new ToolError(`Cannot list controllers: ${said}`, 'no-permission')
    throw new ParseError(`Cannot parse the list of controllers "${said}": no "Controllers found"`)
  }
  if (Number(found) > most)
    throw new ParseError(`Cannot parse the number of controllers "${found}": too many`)
  const numbers = [...text.matchAll(/^ {0,20}Controller #?(\d{1,4})(?::| *$)/gm)].map(
    ([, number = '']) => number,
  )
  // Text without their numbers: they count from 1.
  if (numbers.length === 0) return Array.from({ length: Number(found) }, (_, index) => String(index + 1))
  return [...new Set(numbers)].slice(0, most)
}

/**
 * What a command says instead of an answer.
 * @throws {ToolError} the controller does not have what was asked for; {ParseError} anything else that went wrong
 */
export function assertAnswer(text: string, asked: string): void {
  const said = text.trim().slice(0, 200)
  if (
    /not supported (on|by) this controller|unsupported command|Invalid (option|command|argument)/i.test(text)
  )
    throw new ToolError(`Cannot read ${asked}: ${said}`, 'unsupported-version')
  if (/^Command (aborted|failed)/im.test(text) || said === '')
    throw new ParseError(`Cannot read ${asked}: it says "${said}"`)
}
