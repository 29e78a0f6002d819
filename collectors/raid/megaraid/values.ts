/** Values as storcli, perccli and MegaCli print them. What is not there, or says so ("N/A", "-"), is undefined. */

export type Json = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function recordOf(value: unknown): Json {
  return isRecord(value) ? value : {}
}

export function rowsOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

const nothing = /^(|-|n\/?a|unavailable)$/i

/** @returns the text without the blanks around it */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const text = String(value).trim()
  return nothing.test(text) ? undefined : text
}

/** A whole number, zero or more. */
export function countOf(value: unknown): number | undefined {
  const text = textOf(value)
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined
  return Number(text)
}

/** `34C`, ` 28C (82.40 F)`, `29 C`, `49  degree Celsius`, 49. A sensor that is not there is printed as 0, or as what no machine has. */
export function celsiusOf(value: unknown): number | undefined {
  const found = /^(-?\d{1,4}(?:\.\d{1,3})?)\s*(?:C\b.*|degrees?\b.*)?$/i.exec(textOf(value) ?? '')
  const celsius = Number(found?.[1])
  return celsius > 0 && celsius < 150 ? celsius : undefined
}

export function yesOf(value: unknown): boolean | undefined {
  const word = textOf(value)?.toLowerCase()
  return word === 'yes' ? true : word === 'no' ? false : undefined
}

/** The first number of `6.0Gb/s`, `3.0 Gb/s`, without what stands after its point, as storcli.py has it. */
export function gigabitsOf(value: unknown): number | undefined {
  const found = /^(\d{1,4})(?:\.\d+)?\s*Gb/i.exec(textOf(value) ?? '')
  return found ? Number(found[1]) : undefined
}

const steps: Readonly<Record<string, number>> = { B: 0, K: 1, M: 2, G: 3, T: 4, P: 5, E: 6 }

/**
 * Bytes of `14.552 TB [0x746c00000 Sectors]` or `744.687 GiB`. Sectors make it exact where they agree with the words.
 * @param decimal whether TB is 10^12 here: builds that print TiB mean what they print, the others count by 1024
 */
export function sizeOf(value: unknown, sectorBytes?: number, decimal = false): number | undefined {
  const text = textOf(value)
  const found = /^(\d{1,9}(?:\.\d{1,6})?)\s*([KMGTPE]?)(i?)B?/i.exec(text ?? '')
  if (text === undefined || found === null) return undefined
  const [, digits, letter = '', binary] = found
  const power = steps[letter.toUpperCase()] ?? 0
  const said = Number(digits) * (decimal && binary === '' ? 1000 : 1024) ** power
  const sectors = Number(/\[0x([0-9a-f]{1,12}) Sectors\]/i.exec(text)?.[1]?.replace(/^/, '0x') ?? 0)
  for (const bytes of [sectorBytes || 512, 512, 4096])
    if (sectors > 0 && Math.abs(sectors * bytes - said) < said * 0.01) return sectors * bytes
  return Math.round(said)
}

/** `512B`, `4 KB`, 512; undefined for 0. */
export function sectorBytesOf(value: unknown): number | undefined {
  return sizeOf(value) || undefined
}

const units: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 }

/** Seconds of `5 Hours 23 Minutes`, `1 Seconds`. */
export function secondsOf(value: unknown): number | undefined {
  const parts = [...(textOf(value) ?? '').slice(0, 200).matchAll(/(\d{1,6})\s{0,3}(d|h|m|s)[a-z]*/gi)]
  if (parts.length === 0) return undefined
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit?.toLowerCase() ?? ''] ?? 0),
    0,
  )
}

/** A share of 1 of `42`, `42%`, `42 %`; undefined beyond 100. */
export function ratioOf(value: unknown): number | undefined {
  const found = /^(\d{1,3}(?:\.\d{1,3})?)\s*%?$/.exec(textOf(value) ?? '')
  const percent = found ? Number(found[1]) : Number.NaN
  return percent <= 100 ? percent / 100 : undefined
}

/** Seconds since the epoch of `04/17/2024, 18:28:30`, in whatever zone; for differences. */
export function momentOf(value: unknown): number | undefined {
  const found = /^(\d\d)\/(\d\d)\/(\d{4}),? (\d\d):(\d\d):(\d\d)$/.exec(textOf(value) ?? '')
  if (!found) return undefined
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number)
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000
}
