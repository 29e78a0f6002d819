/** Turns zod's issues into findings in our own words, and takes what they are about out of a configuration. */
import type * as z from 'zod'
import { type Config, configSchema } from '../config-schema.ts'
import { type Key, keyAt, member, nearest, oneOf, type Path } from './keys.ts'
import type { Finding } from './rules.ts'

type Issue = z.core.$ZodIssue

/** What the first `most` issues say, with the key or value each is about. */
export function findingsOf(issues: readonly Issue[], root: Key, value: unknown, most: number): Finding[] {
  const found = issues.slice(0, most).flatMap((issue): Finding[] => {
    const path = pathOf(issue)
    if (issue.code === 'unrecognized_keys') {
      const allowed = [...(keysAt(root, path, value) ?? [])]
      return issue.keys.slice(0, most).map((key) => {
        const near = nearest(key, allowed, 3)
        const hint = near === undefined ? '.' : `; did you mean "${near}"?`
        return {
          path: [...path, key],
          key: true,
          words: `unknown key${hint} Allowed here: ${allowed.join(', ')}`,
        }
      })
    }
    const missing = path.length > 0 && valueAt(value, path) === undefined
    return [{ path, missing, words: wordsOf(issue, path, root, value), key: issue.code === 'invalid_key' }]
  })
  return found.slice(0, most)
}

function wordsOf(issue: Issue, path: Path, root: Key, value: unknown): string {
  const around = path.slice(0, -1)
  if (issue.code === 'invalid_key') return `expected ${keyAt(root, around, value)?.names}`
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined)
    return `expected ${oneOf([...(keyAt(root, around, value)?.children.keys() ?? [])])}`
  const key = keyAt(root, path, value)
  // A check of a collector's own: its message is written for the operator.
  if (issue.code === 'custom' || key === undefined || key.kind === 'any') return issue.message
  if (issue.code === 'invalid_format' && !issue.message.startsWith('Invalid'))
    return `expected ${issue.message}`
  return `expected ${key.expected}`
}

function keysAt(root: Key, path: Path, value: unknown): Iterable<string> | undefined {
  const key = keyAt(root, path, value)
  if (key?.kind !== 'choice') return key?.children.keys()
  return key.children.get(String(member(valueAt(value, path), 'type')))?.children.keys()
}

/** What a configuration holds at a path; undefined when nothing is there. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce(member, value)
}

/** A round removes what the last one laid bare: the deepest sections take three. */
const mostRounds = 10

/**
 * The configuration without all that is wrong in it, so that the rules can look at the rest.
 * @returns undefined when nothing is left to look at.
 */
export function soundPart(value: unknown): Config | undefined {
  const copy: unknown = structuredClone(value)
  for (let round = 0; round < mostRounds; round++) {
    const parsed = configSchema.safeParse(copy)
    if (parsed.success) return parsed.data
    for (const issue of parsed.error.issues) {
      const path = pathOf(issue)
      const wrong = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path]
      for (const each of wrong) remove(copy, each)
    }
  }
  return undefined
}

/** Removes what is at a path; the list or section around it when it is an item, or missing there. */
function remove(target: unknown, path: Path): void {
  const around = path.slice(0, -1)
  const word = path.at(-1)
  const section = valueAt(target, around)
  if (word === undefined || typeof section !== 'object' || section === null) return // Gone with an earlier one.
  if (!Array.isArray(section) && Object.hasOwn(section, word)) Reflect.deleteProperty(section, word)
  else remove(target, around)
}

function pathOf(issue: Issue): Path {
  return issue.path.map((word) => (typeof word === 'number' ? word : String(word)))
}
