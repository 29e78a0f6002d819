/**
 * The configuration's keys as a plain tree, walked by error messages, environment overrides and the reference.
 * Made from the schema's own JSON Schema (draft 2020-12), so nothing is said twice.
 */
import * as z from 'zod'
import { configSchema } from '../config-schema.ts'

export type Path = readonly (string | number)[]

export interface Key {
  /** `choice`: a section that is one of several by its `type`. `any`: whatever its own check takes. */
  readonly kind: 'section' | 'choice' | 'map' | 'list' | 'text' | 'number' | 'flag' | 'any'
  /** A noun phrase that follows "expected". */
  readonly expected: string
  readonly description: string
  /** As written in the file; undefined: there is none. */
  readonly default: unknown
  readonly required: boolean
  /** The keys of a section, or the variants of a choice by their `type`. */
  readonly children: ReadonlyMap<string, Key>
  /** What a list or a map holds. */
  readonly entries: Key | undefined
  /** What the names in a map must be. */
  readonly names: string | undefined
}

/** The shape of JSON Schema that zod writes, as far as it is read here. */
const nodeSchema = z.object({
  type: z.string().optional(),
  description: z.string().default(''),
  default: z.unknown().optional(),
  expected: z.string().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).default([]),
  propertyNames: z.unknown().optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  minItems: z.number().default(0),
  minLength: z.number().default(0),
  oneOf: z.array(z.unknown()).optional(),
})
type Node = z.output<typeof nodeSchema>

/** A text of which nothing more is asked. */
export const plainText = 'a text that is not empty'

/** The root of the tree. Made anew at each call: it is needed only for overrides, errors and documents. */
export function keyTree(schema: z.ZodType = configSchema): Key {
  return keyOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), true)
}

function keyOf(raw: unknown, required: boolean): Key {
  const node = nodeSchema.parse(raw)
  const key = {
    description: node.description,
    default: node.default,
    required,
    children: new Map<string, Key>(),
    entries: undefined,
    names: undefined,
  }
  if (node.oneOf) {
    const children = new Map(node.oneOf.map((variant) => [typeOf(variant), keyOf(variant, true)]))
    return { ...key, kind: 'choice', children, expected: `a section of type ${oneOf([...children.keys()])}` }
  }
  if (node.properties) {
    const children = new Map(
      Object.entries(node.properties).map(([name, child]) => [
        name,
        keyOf(child, node.required.includes(name)),
      ]),
    )
    return { ...key, kind: 'section', children, expected: `a section with ${list([...children.keys()])}` }
  }
  if (node.type === 'object') {
    const names = node.propertyNames === undefined ? 'a name' : keyOf(node.propertyNames, true).expected
    const entries = keyOf(node.additionalProperties, true)
    return {
      ...key,
      kind: 'map',
      entries,
      names,
      expected: `a section that maps ${names} to ${entries.expected}`,
    }
  }
  if (node.type === 'array') {
    const entries = keyOf(node.items, true)
    return {
      ...key,
      kind: 'list',
      entries,
      expected: `a list of ${node.minItems ? 'one or more' : 'any length'}, each ${entries.expected}`,
    }
  }
  if (node.type === 'boolean') return { ...key, kind: 'flag', expected: 'true or false' }
  if (node.type === 'integer' || node.type === 'number')
    return { ...key, kind: 'number', expected: numberWords(node) }
  if (node.type !== 'string') return { ...key, kind: 'any', expected: node.expected ?? 'another value' }
  const words = node.enum ?? (node.const === undefined ? undefined : [node.const])
  return {
    ...key,
    kind: 'text',
    expected: words ? oneOf(words.map(String)) : (node.expected ?? (node.minLength ? plainText : 'any text')),
  }
}

/** The `type` that tells a variant from the others. */
function typeOf(variant: unknown): string {
  const { properties } = nodeSchema.parse(variant)
  return String(nodeSchema.parse(properties?.type).const)
}

function numberWords({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Node): string {
  const noun = type === 'integer' ? 'a whole number' : 'a number'
  // Zod writes the exact integers' own range as the bounds of every integer.
  const least = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
  const bounds = []
  if (least !== undefined) bounds.push(`of at least ${least}`)
  if (exclusiveMinimum !== undefined) bounds.push(`above ${exclusiveMinimum}`)
  if (exclusiveMaximum !== undefined) bounds.push(`below ${exclusiveMaximum}`)
  if (most !== undefined) bounds.push(`at most ${most}`)
  return bounds.length === 0 ? noun : `${noun} ${bounds.join(' and ')}`
}

/** The key at a path; `value` is the configuration as written, which says the types of choices. */
export function keyAt(root: Key, path: Path, value: unknown): Key | undefined {
  let key: Key | undefined = root
  let at = value
  for (const word of path) {
    if (key?.kind === 'choice') key = key.children.get(String(member(at, 'type')))
    key = key?.kind === 'section' ? key.children.get(String(word)) : key?.entries
    at = member(at, word)
  }
  return key
}

/** What a section or a list holds under a word; undefined when it holds nothing there. */
export function member(value: unknown, word: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, word)) return undefined
  return Reflect.get(value, word)
}

/** `sinks.main.sources[1]`. */
export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, word) => (typeof word === 'number' ? `${text}[${word}]` : text === '' ? word : `${text}.${word}`),
    '',
  )
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** The word fewest edits away (insert, delete, replace, swap neighbours), if there is any; the first of several. */
export function nearest(
  word: string,
  words: Iterable<string>,
  mostEdits = Number.POSITIVE_INFINITY,
): string | undefined {
  let found: string | undefined
  let fewest = mostEdits + 1
  for (const candidate of words) {
    const count = edits(word, candidate)
    if (count >= fewest) continue
    fewest = count
    found = candidate
  }
  return found
}

function edits(from: string, to: string): number {
  let before: number[] = []
  let above = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let least = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1)
      row.push(least)
    }
    before = above
    above = row
  }
  return above[to.length] ?? 0
}
