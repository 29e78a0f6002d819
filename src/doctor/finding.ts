/** What `remora doctor` finds. */

/** `unknown`: what it is about could not be seen, which is no problem by itself. */
export type Level = 'ok' | 'unknown' | 'warning' | 'problem'

export interface Finding {
  /** What was looked at, in one or two words: `sink loki`. */
  readonly check: string
  readonly level: Level
  /** What was seen, in a sentence without a stop. */
  readonly saw: string
  /** What to do about it. */
  readonly todo?: string
}

export const ok = (check: string, saw: string): Finding => ({ check, level: 'ok', saw })
export const unknown = (check: string, saw: string): Finding => ({ check, level: 'unknown', saw })
export const warning = (check: string, saw: string, todo: string): Finding => ({
  check,
  level: 'warning',
  saw,
  todo,
})
export const problem = (check: string, saw: string, todo: string): Finding => ({
  check,
  level: 'problem',
  saw,
  todo,
})
