/**
 * JSON as tools print it: behind a banner, with numbers as texts, with values that firmware never filled in.
 * Everything is looked up by key and may be absent; what does not have the shape that is asked for is absent too.
 */
import { ParseError } from './errors.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

/** Lines at which the JSON may begin. */
const mostStarts = 16

/**
 * Parses the object a tool printed. Text before it (a banner, a warning) and after it is passed over.
 * @param what names the output: `smartctl of /dev/sda`
 * @throws {ParseError} if there is no whole object in it
 */
export function parseToolJson(what: string, output: Buffer | string): JsonObject {
  const text = typeof output === 'string' ? output : output.toString('utf8')
  if (text.trim() === '') throw new ParseError(`Cannot parse ${what}: it printed nothing, not JSON`)
  const end = text.lastIndexOf('}') + 1
  let starts = 0
  let why: unknown
  for (const { index } of text.matchAll(/^[^{\n]*\{/gm)) {
    if (++starts > mostStarts) break
    const start = text.indexOf('{', index)
    try {
      const value: Json = JSON.parse(text.slice(start, end))
      if (isObject(value)) return value
    } catch (error) {
      why ??= error
    }
    // The objects inside a broken one would be taken for it.
    if (text.startsWith('{\n', start) || text.startsWith('{"', start)) break
  }
  const cause = why instanceof Error ? { cause: new Error(why.message.slice(0, 200)) } : {}
  throw new ParseError(`Cannot parse ${what} "${text.trim()}": no whole JSON object`, cause)
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @returns what is at a path of keys; undefined where one is not there */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let found = value
  for (const key of path) {
    if (!isObject(found) || !Object.hasOwn(found, key)) return undefined
    found = found[key]
  }
  return found
}

/** @returns the object at a path; an empty one where there is none */
export function objectAt(value: Json | undefined, ...path: readonly string[]): JsonObject {
  const found = at(value, ...path)
  return isObject(found) ? found : {}
}

/** @returns the objects of the list at a path, at most `most`; none where there is no list */
export function objectsAt(value: Json | undefined, most: number, ...path: readonly string[]): JsonObject[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found.slice(0, most).filter(isObject) : []
}

/** Longer texts are cut: they become labels. */
const longestText = 200

/** @returns the text at a path without blanks around it; undefined when it is empty or no text */
export function textAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path)
  if (typeof found === 'number') return String(found)
  if (typeof found !== 'string') return undefined
  const text = found.trim().slice(0, longestText)
  return text === '' ? undefined : text
}

/** What firmware and tools print for a value they do not have: all ones of 32, 48, 64 and 128 bits. */
const allOnes = new Set([2 ** 32 - 1, 2 ** 48 - 1, 2 ** 64, 2 ** 128])
const mostValue = 2 ** 128

/** @returns the number at a path, also when it is printed as text; undefined when it is none, not finite, or all ones */
export function numberAt(value: Json | undefined, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path)
  const isNumeric = typeof found === 'string' && /^\s*-?\d{1,40}(?:\.\d{1,20})?\s*$/.test(found)
  const number = typeof found === 'number' ? found : isNumeric ? Number(found) : Number.NaN
  if (!Number.isFinite(number) || Math.abs(number) > mostValue || allOnes.has(number)) return undefined
  return number
}

/** @returns the number at a path if it counts something: not negative */
export function countAt(value: Json | undefined, ...path: readonly string[]): number | undefined {
  const number = numberAt(value, ...path)
  return number === undefined || number < 0 ? undefined : number
}

/** @returns degrees Celsius if a drive can have them */
export function celsiusAt(value: Json | undefined, ...path: readonly string[]): number | undefined {
  const number = numberAt(value, ...path)
  return number === undefined || number < -60 || number > 200 ? undefined : number
}

/** @returns the boolean at a path */
export function flagAt(value: Json | undefined, ...path: readonly string[]): boolean | undefined {
  const found = at(value, ...path)
  return typeof found === 'boolean' ? found : undefined
}
