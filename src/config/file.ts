/**
 * A configuration file: YAML 1.2, core schema, and where in it everything stands.
 * @see https://yaml.org/spec/1.2.2/
 */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml'
import type { Path } from './keys.ts'

/** Both from 1, as editors count. */
export interface Place {
  readonly line: number
  readonly column: number
}

export interface ConfigFile {
  /** The content as plain data; an empty file is an empty section. */
  readonly value: unknown
  /** Where the value at a path is, or its key; the key of the nearest section around it when it is not there. */
  locate(path: Path, what: 'value' | 'key'): Place
  /** What is no YAML, in the order of the text. Then `value` is empty. */
  readonly errors: readonly (Place & { readonly words: string })[]
}

/** More aliases than this is an attack on memory, not a configuration. */
const mostAliases = 100

/** The parser's own words, where they would not help an operator. */
const ownWords: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'a second document: expected one',
  NON_STRING_KEY: 'a key that is no text',
  TAB_AS_INDENT: 'a tab in the indentation: expected spaces',
  UNEXPECTED_TOKEN: 'not expected here',
}

/** Reads the text of a file. Never throws: what is wrong is in `errors`. */
export function readYaml(text: string): ConfigFile {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    uniqueKeys: true,
    stringKeys: true,
    prettyErrors: false,
  })
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const errors = [...document.errors, ...document.warnings].map(({ code, message, pos: [offset] }) => {
    const key = /^[\w-]+/.exec(text.slice(offset))?.[0]
    const words =
      code === 'DUPLICATE_KEY' ? `${key} is there twice` : (ownWords[code] ?? message.replace(/: .*/s, ''))
    return { ...place(offset), words }
  })
  let aliases = 0
  visit(document, {
    Alias(_, alias) {
      // Each is looked up through the whole document.
      if (++aliases > mostAliases) {
        errors.push({ ...place(alias.range?.[0] ?? 0), words: `more than ${mostAliases} aliases` })
        return visit.BREAK
      }
      if (alias.resolve(document) === undefined)
        errors.push({ ...place(alias.range?.[0] ?? 0), words: `*${alias.source} has no anchor before it` })
      return undefined
    },
  })
  let value: unknown
  try {
    if (errors.length === 0) value = document.toJS({ maxAliasCount: mostAliases })
  } catch {
    errors.push({ ...place(0), words: `aliases multiply beyond ${mostAliases}` })
  }
  return {
    value: value ?? {},
    errors,
    locate: (path, what) => place(offsetOf(document, path, what)),
  }
}

function offsetOf(document: Document, path: Path, what: 'value' | 'key'): number {
  let node: unknown = document.contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const [depth, word] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    const last = depth === path.length - 1
    let key: unknown
    let next: unknown
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === word)
      if (pair === undefined) break
      key = pair.key
      next = pair.value
    } else if (isSeq(node)) next = node.items[Number(word)]
    const shown = what === 'value' && last && isNode(next) ? next : (key ?? next)
    if (!isNode(shown)) break
    offset = shown.range?.[0] ?? offset
    node = next
  }
  return offset
}
