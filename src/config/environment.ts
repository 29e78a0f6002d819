/**
 * Environment overrides: `REMORA_` and the path of a key in upper case, joined by `_` (`-` in a name becomes `_`).
 * Values are YAML scalars or flow collections; where the key is a text the value is taken as it is. A map of texts
 * (labels, headers) is given whole: `{site: a}`. A sink that is not there yet is made.
 */
import { parseDocument } from 'yaml'
import { type Key, keyAt, member, nearest, type Path } from './keys.ts'

const prefix = 'REMORA_'
/** Ours, but no keys. */
const exempt = new Set(['REMORA_CONFIG', 'REMORA_CAPTURES'])

export interface Overrides {
  /** The configuration with the overrides in it. */
  readonly value: unknown
  /** The variable that set a path. */
  readonly variables: ReadonlyMap<string, Path>
  /** Variables that name no key or hold no YAML, each as `VARIABLE: words`. */
  readonly errors: readonly string[]
}

/** Lays the overrides over a configuration; variables of shorter paths first, so that the more exact one wins. */
export function override(
  environment: Readonly<Record<string, string | undefined>>,
  root: Key,
  value: unknown,
): Overrides {
  const variables = new Map<string, Path>()
  const errors: string[] = []
  const names = Object.keys(environment).filter((name) => name.startsWith(prefix) && !exempt.has(name))
  const found = names.sort().map((variable) => ({
    variable,
    path: pathsOf(variable.slice(prefix.length), root, value)[0],
  }))
  const result = structuredClone(value)
  for (const { variable, path } of found.sort((a, b) => (a.path?.length ?? 0) - (b.path?.length ?? 0))) {
    if (path === undefined) {
      const near = nearest(variable, variablesLike(variable, root, value))
      errors.push(`${variable}: unknown variable; the nearest is ${near}`)
      continue
    }
    const key = lookup(root, path)
    const text = environment[variable] ?? ''
    try {
      put(result, root, path, key ? typed(text, key) : text)
      variables.set(variable, path)
    } catch {
      errors.push(`${variable}: cannot be read as YAML: expected ${key?.expected}`)
    }
  }
  return { value: result, variables, errors }
}

/** The variable of a path. */
export function variableOf(path: Path): string {
  return prefix + path.map((word) => upper(String(word))).join('_')
}

function upper(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}

/** Every path that the rest of a variable's name can mean, the best first: known names before new, short new names before long. */
function pathsOf(rest: string, key: Key, value: unknown): Path[] {
  if (key.kind === 'choice')
    return [...key.children.values()].flatMap((variant) => pathsOf(rest, variant, value))
  const after = (name: string, child: Key) =>
    upper(name) === rest
      ? [[name]]
      : rest.startsWith(`${upper(name)}_`)
        ? pathsOf(rest.slice(name.length + 1), child, member(value, name)).map((path) => [name, ...path])
        : []
  if (key.kind === 'section') return [...key.children].flatMap(([name, child]) => after(name, child))
  const entries = key.entries
  if (key.kind !== 'map' || entries?.kind !== 'choice') return []
  return namesIn(key, value, rest).flatMap((name) => after(name, entries))
}

/** The names of a map: those that are there, those of its default, and those that a variable may mean to add. */
function namesIn(key: Key, value: unknown, rest: string): string[] {
  const words = rest.toLowerCase().split('_')
  const added = words.slice(1).map((_, index) => words.slice(0, index + 1).join('_'))
  const known = [value, key.default].flatMap((map) =>
    typeof map === 'object' && map !== null ? Object.keys(map) : [],
  )
  return [...new Set([...known, ...added.filter((name) => /^[a-z0-9][a-z0-9_]*$/.test(name))])]
}

/** Every variable that could have been meant. */
function variablesLike(variable: string, root: Key, value: unknown): string[] {
  const walk = (key: Key, path: Path, at: unknown): Path[] => {
    if (key.kind === 'choice') return [...key.children.values()].flatMap((variant) => walk(variant, path, at))
    if (key.kind === 'section')
      return [...key.children].flatMap(([name, child]) => walk(child, [...path, name], member(at, name)))
    const entries = key.entries
    if (key.kind !== 'map' || entries?.kind !== 'choice') return [path]
    const rest = variable.slice(variableOf(path).length + 1)
    return namesIn(key, at, rest).flatMap((name) => walk(entries, [...path, name], member(at, name)))
  }
  return walk(root, [], value).map(variableOf)
}

/** The key of an override's path; of a choice, the first variant that has it. */
function lookup(root: Key, path: Path): Key | undefined {
  const [word, ...rest] = path
  if (word === undefined) return root
  if (root.kind === 'choice')
    return [...root.children.values()]
      .map((variant) => lookup(variant, path))
      .find((key) => key !== undefined)
  const child = root.kind === 'section' ? root.children.get(String(word)) : root.entries
  return child && lookup(child, rest)
}

/** Reads a value as its key wants it. @throws when it is no YAML */
function typed(text: string, key: Key): unknown {
  if (key.kind === 'text') return text
  const scalar = key.kind === 'number' || key.kind === 'flag' || key.kind === 'any'
  const document = parseDocument(text, {
    version: '1.2',
    schema: scalar ? 'core' : 'failsafe',
    stringKeys: true,
  })
  if (document.errors[0]) throw document.errors[0]
  const value: unknown = document.toJS({ maxAliasCount: 0 })
  return scalar ? value : within(value, key)
}

/** Everything is text so far: items and entries become what their keys want. */
function within(value: unknown, key: Key): unknown {
  if (typeof value === 'string')
    return key.kind === 'list' || key.kind === 'map' || key.kind === 'section' ? value : typed(value, key)
  if (Array.isArray(value)) {
    const { entries } = key
    return entries ? value.map((item) => within(item, entries)) : value
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      const child = keyAt(key, [name], value)
      return [name, child ? within(item, child) : item]
    }),
  )
}

/** Sets what is at a path, making the sections on the way; an entry of a map that only its default has is copied first. */
function put(target: unknown, root: Key, path: Path, value: unknown): void {
  let at = target
  let key: Key | undefined = root
  for (const [depth, word] of path.entries()) {
    if (typeof at !== 'object' || at === null) return // The file is wrong there, and will be told so.
    if (depth === path.length - 1) {
      Reflect.set(at, word, value)
      return
    }
    const fallback = key?.kind === 'map' ? member(key.default, word) : undefined
    if (member(at, word) === undefined) Reflect.set(at, word, structuredClone(fallback) ?? {})
    key = lookup(key ?? root, [word])
    at = member(at, word)
  }
}
