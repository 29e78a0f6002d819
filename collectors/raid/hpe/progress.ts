/** States of the Smart Array tools that say how far something is: `Recovering, 26% complete`. */
import type { Operation, Task } from '../report.ts'
import { ratioOf } from '../text.ts'

/** What such a state begins with. */
const operations: readonly (readonly [RegExp, Operation])[] = [
  [/^(recovering|rebuilding|currently recovering|rpi in progress)/i, 'rebuild'],
  [/^(transforming|expanding|migrating|currently expanding|extending|shrinking|moving)/i, 'reshape'],
  [/^(erasing|being erased|erase in progress)/i, 'erase'],
  [/^(parity init|rapid parity init|background parity init|initializ)/i, 'initialise'],
]

/** @returns the state without how far it is, and what goes on */
export function progressOf(status: string): { readonly word: string; readonly tasks: readonly Task[] } {
  const at = status.search(/[,(:]? {0,3}\d{1,3}(?:\.\d{1,3})? ?%/)
  const word = (at < 0 ? status : status.slice(0, at)).trim()
  const operation = operations.find(([begins]) => begins.test(word))?.[1]
  if (operation === undefined) return { word, tasks: [] }
  return { word, tasks: [taskOf(operation, at < 0 ? undefined : status.slice(at))] }
}

/** @param text holds a percentage, if anything is known */
export function taskOf(operation: Operation, text: string | undefined): Task {
  const [, percent] = /(\d{1,3}(?:\.\d{1,3})?) ?%/.exec(text ?? '') ?? []
  const ratio = percent === undefined ? undefined : ratioOf(`${percent}%`)
  return { operation, ...(ratio !== undefined && { ratio }) }
}
