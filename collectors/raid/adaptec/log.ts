/**
 * arcconf GETLOGS n DEVICE|EVENT|DEAD|STAT: an XML element of empty elements, one for each entry, with attributes.
 * Versions and logs differ in the names, so entries are kept as they are. With the option `tabular`, and in some
 * versions without, a table comes instead: the entry's name on a line, then names and values, dots between them.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { ParseError, ToolError } from '../../../src/errors.ts'
import { assertAnswer } from './controllers.ts'

/** A name and its value, as the tool wrote them. */
export type Word = readonly [name: string, value: string]

export interface Entry {
  /** The name of the element: `driveErrorEntry`. */
  readonly name: string
  readonly words: readonly Word[]
}

export interface ControllerLog {
  /** Oldest entries were given up for new ones. */
  readonly full: boolean
  /** In the order of the text. */
  readonly entries: readonly Entry[]
}

const attributes = ':@'
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  maxNestedTags: 20,
})

/** @throws {ParseError} torn or no log; {ToolError} the controller keeps none */
export function parseLog(text: string): ControllerLog {
  const begin = text.indexOf('<ControllerLog')
  if (begin < 0) return parseTable(text)
  const xml = `<logs>${text.slice(begin, text.lastIndexOf('>') + 1)}</logs>`
  if (xml.includes('<!')) throw new ParseError('Cannot parse ControllerLog: it declares something')
  const valid = XMLValidator.validate(xml)
  if (valid !== true)
    throw new ParseError(`Cannot parse ControllerLog: ${valid.err.msg} (line ${valid.err.line})`)
  let logs: Element[]
  try {
    logs = elementsOf(parser.parse(xml)).flatMap(({ children }) => children)
  } catch (cause) {
    throw new ParseError('Cannot parse ControllerLog: no XML that can be read', { cause })
  }
  const own = logs.filter(({ name }) => name === 'ControllerLog')
  return {
    full: own.some(({ words }) => words.some(([name, value]) => name === 'tableFull' && value === 'true')),
    entries: own.flatMap(({ children }) =>
      children.map(({ name, ...rest }) => ({ name, words: flat(rest) })),
    ),
  }
}

interface Element {
  readonly name: string
  readonly words: readonly Word[]
  readonly children: readonly Element[]
}

/** What the parser gives: a list of objects, each with the element's name as key and perhaps `:@`. */
function elementsOf(parsed: unknown): Element[] {
  if (!Array.isArray(parsed)) return []
  return parsed.flatMap((node: unknown) => {
    if (typeof node !== 'object' || node === null) return []
    const parts = new Map(Object.entries(node))
    const given = parts.get(attributes)
    parts.delete(attributes)
    const [[name, inside] = []] = parts
    if (name === undefined) return []
    if (name === '#text') return [{ name, words: [['text', String(inside)]], children: [] }]
    const words = Object.entries(given ?? {}).map(([key, value]): Word => [key, String(value)])
    return [{ name, words, children: elementsOf(inside) }]
  })
}

/** Elements inside an entry give their words under their own name: `device.slot`. */
function flat({ words, children }: Omit<Element, 'name'>): Word[] {
  return [
    ...words,
    ...children.flatMap((child) =>
      flat(child).map(
        ([name, value]): Word => [child.name === '#text' ? name : `${child.name}.${name}`, value],
      ),
    ),
  ]
}

function parseTable(text: string): ControllerLog {
  assertAnswer(text, 'log')
  const entries: { readonly name: string; readonly words: Word[] }[] = []
  for (const line of text.split('\n')) {
    const words = line.trim()
    const at = words.indexOf(' ..')
    const dotted = at < 0 ? words.indexOf('...') : at
    const last = entries.at(-1)
    if (dotted > 0)
      last?.words.push([
        words.slice(0, dotted).replace(/\.+$/, ''),
        words.slice(dotted).replace(/^[ .]+/, ''),
      ])
    else if (/^[a-z]\w{2,60}$/i.test(words)) entries.push({ name: words, words: [] })
  }
  const told = entries.filter(({ words }) => words.length > 0)
  // A log of nothing has none of either.
  if (told.length === 0 && !/^ *Controllers found:/im.test(text))
    throw new ParseError(`Cannot parse ControllerLog "${text.trim().slice(0, 100)}": no entry`)
  return { full: false, entries: told }
}

/** @returns what the entry has under the first of these names, whatever their upper case */
export function wordOf({ words }: Entry, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const found = words.find(([key]) => key.toLowerCase() === name.toLowerCase())
    if (found !== undefined) return found[1]
  }
  return undefined
}

/** A log that the controller does not keep is no failure. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof ToolError && error.refusal === 'unsupported-version'
}
