/** Durations as they are written in the configuration: a whole number and a unit, `90s`, `15m`, `24h`, `7d`. */

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Words that stand beside a duration, such as `all`, or the duration itself. */
export function durationOr(...words: readonly string[]): RegExp {
  return new RegExp(`^(?:${[...words, '\\d{1,9}[smhd]'].join('|')})$`)
}

/** @returns seconds; undefined for anything else, such as a word that stands beside durations */
export function durationSeconds(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const seconds = unitSeconds[unit]
  return number === undefined || seconds === undefined ? undefined : Number(number) * seconds
}
