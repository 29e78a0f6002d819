/**
 * MegaCli's text: a heading for each adapter, lines of key, colon and value, and an exit code at the end. Keys and
 * blanks around the colon differ between versions, and so do headings.
 * @see MegaCli 8.00 to 8.07
 */
import { CommandError, ParseError, ToolError } from '../../../../src/errors.ts'

export interface Line {
  /** In lower case, blanks collapsed. Empty where the line has no colon. */
  readonly key: string
  /** As printed behind the colon and one blank, or the whole line. */
  readonly value: string
}

const heading = /^\s{0,8}(?:Adapter #?(\d{1,3})\b|[A-Za-z ]{3,40} for (?:Adapter|Controller):? ?(\d{1,3})\b)/

/**
 * @param what the command, for the message
 * @returns the lines that are not blank, by adapter; those of one adapter stay together however often it is headed
 * @throws {ParseError} no heading of an adapter is in it; {ToolError} it says why
 */
export function adaptersOf(text: string, what: string): ReadonlyMap<string, readonly Line[]> {
  const found = new Map<string, Line[]>()
  let current: Line[] | undefined
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line.trim() === '') continue
    const [, first, second] = heading.exec(line) ?? []
    const adapter = first ?? second
    if (adapter !== undefined) {
      current = found.get(adapter) ?? []
      found.set(adapter, current)
    }
    current?.push(lineOf(line))
  }
  if (found.size > 0) return found
  refuse(text.slice(0, 4096), what)
  throw new ParseError(`Cannot parse ${what}: expected "Adapter #0" or its like, got "${text.trim()}"`)
}

function lineOf(line: string): Line {
  const colon = line.indexOf(':')
  const equals = line.indexOf('=')
  const at = colon >= 0 ? colon : equals
  if (at < 0) return { key: '', value: line.trim() }
  const key = line.slice(0, at).trim().toLowerCase().replace(/\s+/g, ' ')
  return { key, value: line.slice(at + 1).replace(/^ /, '') }
}

/** The first value of each key. */
export function valuesOf(lines: readonly Line[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const { key, value } of lines) if (key !== '' && !values.has(key)) values.set(key, value)
  return values
}

/** Lines in blocks, each beginning where `begins` says; what is before the first is left out. */
export function blocksOf(lines: readonly Line[], begins: (line: Line) => boolean): Line[][] {
  const blocks: Line[][] = []
  for (const line of lines) {
    if (begins(line)) blocks.push([line])
    else blocks.at(-1)?.push(line)
  }
  return blocks
}

/** @throws {ToolError} if these words say why there is nothing */
function refuse(text: string, what: string): void {
  const said = text
    .trim()
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '' && !/^exit code/i.test(line.trim()))
  const because = (refusal: ToolError['refusal']) =>
    new ToolError(`Cannot read ${what}: ${said.slice(0, 3).join(' ').trim()}`, refusal)
  if (/permission|privilege|must be root|not permitted|access denied/i.test(text))
    throw because('no-permission')
  if (/controller count: 0|controller is not present|failed to get cpcontroller|no controller/i.test(text))
    throw because('no-controller')
  if (/invalid input|not supported|unknown command/i.test(text)) throw because('unsupported-version')
  if (/\bfailed\b/i.test(text))
    throw new CommandError(`Cannot read ${what}: ${said.slice(0, 3).join(' ').trim()}`)
}
