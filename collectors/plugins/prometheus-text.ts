/**
 * The Prometheus text format 0.0.4, read strictly. Time stamps are refused, as node_exporter's textfile collector does:
 * what is shown is what is so now.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
import { ParseError } from '../../src/errors.ts'
import { cut, type Family, type FamilyType, labelsOf, mostLineCharacters, namesOf } from './frame.ts'

const types = new Set<string>(['counter', 'gauge', 'histogram', 'summary', 'untyped'])

interface Draft {
  type: FamilyType | undefined
  help: string | undefined
  readonly family: { -readonly [Key in keyof Family]: Family[Key] }
}

/** @throws {ParseError} naming the line and what was expected there */
export function parsePrometheus(text: string): Family[] {
  const drafts = new Map<string, Draft>()
  /** The family of each name that a series may have. */
  const owners = new Map<string, Draft>()
  const draftOf = (name: string) => {
    let draft = drafts.get(name)
    if (draft === undefined) {
      draft = { type: undefined, help: undefined, family: { name, type: 'untyped', help: '', series: [] } }
      drafts.set(name, draft)
    }
    return draft
  }
  const lines = text.split('\n')
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim()
    const fail = (expected: string): never => {
      throw new ParseError(`Cannot parse line ${index + 1} "${cut(line)}": expected ${expected}`)
    }
    if (line === '') continue
    if (line.length > mostLineCharacters) fail(`at most ${mostLineCharacters} characters`)
    const [, keyword, name = '', rest = ''] = /^#\s*(HELP|TYPE)\s+(\S+)\s*(.*)$/.exec(line) ?? []
    if (keyword === 'HELP') {
      const draft = draftOf(name)
      if (draft.help !== undefined) fail(`one HELP for ${name}`)
      draft.help = rest.replace(/\\([\\n])/g, (_, one: string) => (one === 'n' ? '\n' : '\\'))
      draft.family.help = draft.help
    } else if (keyword === 'TYPE') {
      const draft = draftOf(name)
      const type = rest.trim()
      if (!isType(type)) return fail('counter, gauge, histogram, summary or untyped')
      if (draft.type !== undefined) fail(`one TYPE for ${name}`)
      if (draft.family.series.length > 0) fail(`TYPE of ${name} before its series`)
      draft.type = type
      draft.family.type = type
      for (const one of namesOf(draft.family)) owners.set(one, draft)
    } else if (!line.startsWith('#')) {
      const series = seriesOf(line, fail)
      const draft = owners.get(series.name) ?? draftOf(series.name)
      draft.family.series.push(series)
    }
  }
  return [...drafts.values()].map(({ family }) => family).filter(({ series }) => series.length > 0)
}

function isType(word: string): word is FamilyType {
  return types.has(word)
}

function seriesOf(line: string, fail: (expected: string) => never) {
  const [whole = '', name = ''] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\s*/.exec(line) ?? []
  if (name === '') fail('the name of a metric')
  let rest = line.slice(whole.length)
  const labels = new Map<string, string>()
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    for (;;) {
      const end = /^\s*\}\s*/.exec(rest)
      if (end) {
        rest = rest.slice(end[0].length)
        break
      }
      const pair = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"([^"\\]*(?:\\.[^"\\]*)*)"\s*(?:,|(?=\}))/.exec(rest)
      if (!pair) return fail('label="value", or a closing brace')
      const [all, label = '', value = ''] = pair
      if (labels.has(label)) fail(`the label ${label} once`)
      labels.set(label, unescaped(value))
      rest = rest.slice(all.length)
    }
  }
  const words = rest.split(/\s+/).filter(Boolean)
  if (words.length > 1) fail('no time stamp behind the value')
  const value = numberOf(words[0] ?? '')
  if (value === undefined) return fail('a number')
  return { name, labels: labelsOf(labels), value }
}

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, (all, one: string) =>
    one === 'n' ? '\n' : one === '"' || one === '\\' ? one : all,
  )
}

/** As Go's ParseFloat writes and reads them. No two parts can take the same digit: the time stays linear. */
function numberOf(word: string): number | undefined {
  const special = /^([+-]?)(?:inf|infinity|(nan))$/i.exec(word)
  if (special)
    return special[2] ? Number.NaN : special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(word) ? Number(word) : undefined
}
