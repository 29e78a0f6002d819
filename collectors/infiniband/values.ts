/** How the files of a port are written: counters, `4: ACTIVE`, `200 Gb/sec (4X HDR)`. */
import { ParseError } from '../../src/errors.ts'

const allOnes = 2n ** 64n - 1n

/**
 * A counter, decimal or hexadecimal.
 * @returns undefined for what the device does not count: `N/A (no PMA)`, or all 64 bits set
 * @throws {ParseError} for anything else
 */
export function parseCounter(text: string): bigint | undefined {
  const word = text.trim()
  if (/^N\/A\b/.test(word)) return undefined
  if (!/^(?:\d{1,20}|0x[0-9a-f]{1,16})$/i.test(word))
    throw new ParseError(`Cannot parse counter "${text}": expected a number, decimal or after 0x`)
  const value = BigInt(word)
  if (value > allOnes) throw new ParseError(`Cannot parse counter "${text}": more than 64 bits`)
  return value === allOnes ? undefined : value
}

export interface NumberedWord {
  readonly id: number
  readonly word: string
}

/** @throws {ParseError} unless the text is a number, a colon and a word */
export function parseNumberedWord(text: string): NumberedWord {
  const [, id, word] = /^\s*(\d{1,3}): *([\w ()/.-]{0,40}?)\s*$/.exec(text) ?? []
  if (id === undefined || word === undefined)
    throw new ParseError(`Cannot parse state "${text}": expected a number, a colon and a word`)
  return { id: Number(id), word }
}

export interface LinkRate {
  readonly bytesPerSecond: number
  /** Absent where the driver does not say. */
  readonly lanes?: number
  /** `EDR`, `NDR`. */
  readonly speed?: string
}

/** @throws {ParseError} unless the text begins with a number and `Gb/sec` */
export function parseRate(text: string): LinkRate {
  const [, gigabits, lanes, speed] =
    /^\s*(\d{1,6}(?:\.\d{1,6})?) Gb\/sec(?: \((\d{1,3})X ?([\w.]{0,16})\))?\s*$/.exec(text) ?? []
  if (gigabits === undefined)
    throw new ParseError(`Cannot parse rate "${text}": expected a number of Gb/sec and a width such as 4X`)
  return {
    bytesPerSecond: Math.trunc(Number(gigabits) * 125e6),
    ...(lanes !== undefined && { lanes: Number(lanes) }),
    ...(speed && { speed }),
  }
}
