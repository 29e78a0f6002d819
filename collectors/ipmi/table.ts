/** The tables of FreeIPMI and ipmitool: columns between bars, with or without a line of headings. */
import { ParseError } from '../../src/errors.ts'

export type Row = ReadonlyMap<string, string>

/** @returns a row for each line below the headings, by heading @throws {ParseError} there are no such headings */
export function rowsBelow(text: string, what: string, needed: readonly string[]): Row[] {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const heading = lines.findIndex((line) => needed.every((word) => cells(line).includes(word)))
  if (heading < 0) {
    const first = lines.find((line) => line !== '') ?? ''
    throw new ParseError(
      `Cannot parse ${what} "${first.slice(0, 120)}": expected the columns ${needed.join(', ')}`,
    )
  }
  const names = cells(lines[heading] ?? '')
  return lines.slice(heading + 1).flatMap((line) => {
    const values = cells(line)
    if (values.length < 2) return []
    // A bar in the last column is a part of its words.
    const last = values.slice(names.length - 1).join(' | ')
    return [
      new Map(names.map((name, index) => [name, index === names.length - 1 ? last : (values[index] ?? '')])),
    ]
  })
}

export function cells(line: string): string[] {
  return line.split('|').map((cell) => cell.trim())
}

/** `Firmware Revision : 2.61`, by what stands before the colon. */
export function pairsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^\s*([^:]{1,80}?)\s*:\s?(.*?)\s*$/.exec(line) ?? []
      return name === undefined || value === undefined ? [] : [[name, value] as const]
    }),
  )
}

/** The number at its begin: `105 Watts`, `34.00`. */
export function numberIn(text: string | undefined): number | undefined {
  const word = /^-?\d{1,15}(?:\.\d{1,15})?/.exec(text?.trim() ?? '')?.[0]
  return word === undefined ? undefined : Number(word)
}
