/** What the vendors' texts have in common: fields with a colon, tables under a header, sizes, and words for "nothing". */
import { ParseError } from '../../src/errors.ts'

/** No tool prints longer ones; what a longer one holds behind is left out. */
const longestLine = 1000

/** The lines without their ends; control characters inside are blanks. */
export function linesOf(text: string): string[] {
  return text.split('\n').map((line) =>
    line
      .slice(0, longestLine)
      .replace(/\p{Cc}+/gu, ' ')
      .trimEnd(),
  )
}

/** `key : value`, split at the first colon; undefined for a line without one, or with nothing before it. */
export function fieldOf(line: string): readonly [key: string, value: string] | undefined {
  const colon = line.indexOf(':')
  const key = colon < 0 ? '' : line.slice(0, colon).trim()
  return key === '' ? undefined : [key, line.slice(colon + 1).trim()]
}

const nothing = new Set(['', '-', 'n/a', 'n.a.', 'unknown', 'none'])

/** The word, unless it says that there is none. */
export function given(word: string | undefined): string | undefined {
  return word === undefined || nothing.has(word.trim().toLowerCase()) ? undefined : word.trim()
}

/** A number at the start of a word (`25C`, `16%`, `1.5`), not negative; undefined where there is none. */
export function numberAt(word: string | undefined): number | undefined {
  const digits = /^\d{1,15}(\.\d{1,15})?/.exec(word?.trim() ?? '')
  return digits ? Number(digits[0]) : undefined
}

/**
 * Degrees Celsius of `34C`, `34 ºC`, `36 deg C`, `47`, and of `95 F` alone. A running machine is neither frozen nor
 * boiling: a sensor that says so says nothing.
 */
export function celsiusAt(word: string | undefined): number | undefined {
  const text = word?.trim() ?? ''
  const degrees = numberAt(text)
  if (degrees === undefined) return undefined
  const isFahrenheit = /^[\d.]{1,31}[ \u00b0\u00ba]{0,2}(?:deg(?:rees?)? ?)?F\b/i.test(text)
  const celsius = isFahrenheit ? Math.round(((degrees - 32) * 50) / 9) / 10 : degrees
  return celsius > 0 && celsius < 150 ? celsius : undefined
}

/** `16%` and `16%(A)` as 0.16; undefined for anything else, and beyond the whole. */
export function ratioOf(word: string | undefined): number | undefined {
  const percent = /^[\d.]{1,31}%(\(|$)/.test(word?.trim() ?? '') ? numberAt(word) : undefined
  return percent === undefined || percent > 100 ? undefined : Math.round(percent * 1e6) / 1e8
}

const powers: Readonly<Record<string, number>> = { K: 1, M: 2, G: 3, T: 4, P: 5 }

/**
 * A size such as `3.63 TB`, `1500.3GB` or `228818 M`.
 * @param base 1024 or 1000: what the tool means by it
 * @returns bytes, a whole number; undefined for anything else and for zero
 */
export function bytesOf(word: string | undefined, base: 1000 | 1024): number | undefined {
  const [, digits = '', unit = ''] =
    /^(\d{1,15}(?:\.\d{1,6})?) {0,2}([KMGTP])(?:i?B)?$/i.exec(word?.trim() ?? '') ?? []
  const bytes = Math.round(Number(digits) * base ** (powers[unit.toUpperCase()] ?? 0))
  return digits === '' || bytes === 0 || !Number.isSafeInteger(bytes) ? undefined : bytes
}

/** A row under a header, by the header's words. A cell that the row does not have is absent. */
export type Row = Readonly<Record<string, string | undefined>>

/**
 * The rows of one table: a header line of words, a line of dashes, then rows until an empty line. A size with its unit
 * is one cell, and the last column takes what is left.
 * @param first the header's first word
 * @param row what the first cell of a row looks like: other lines are no rows
 * @returns undefined where the table is not there
 * @throws {ParseError} a row is shorter than `least` cells
 */
export function tableOf(
  text: string,
  first: RegExp,
  row: RegExp,
  { least, thing }: { readonly least: number; readonly thing: string },
): Row[] | undefined {
  let header: string[] | undefined
  const rows: Row[] = []
  for (const line of linesOf(text)) {
    const words = line.trim().split(' ').filter(Boolean)
    const [word = ''] = words
    if (header === undefined || first.test(word)) {
      if (first.test(word) && words.length > 1) header = words
      continue
    }
    if (word === '') {
      if (rows.length > 0) break
      continue
    }
    if (/^-+$/.test(word)) continue
    if (!row.test(word)) break
    const cells = joinSizes(words)
    if (cells.length < least) throw new ParseError(`Cannot parse ${thing} "${line}": too few columns`)
    rows.push(rowOf(header, cells))
  }
  return header === undefined ? undefined : rows
}

function rowOf(header: readonly string[], cells: readonly string[]): Row {
  const last = header.length - 1
  return Object.fromEntries(
    header.map((name, index) => [
      name,
      index === last && cells.length > last ? cells.slice(last).join(' ') : cells[index],
    ]),
  )
}

/** `1.82 TB` is one cell. */
function joinSizes(words: readonly string[]): string[] {
  const cells: string[] = []
  for (const word of words) {
    const before = cells.at(-1)
    if (/^[KMGTP]B$/.test(word) && before !== undefined && /^[\d.]+$/.test(before))
      cells[cells.length - 1] = `${before} ${word}`
    else cells.push(word)
  }
  return cells
}
