/** Which events a request asks for: `source`, `priority` (a name or 0 to 7, and more urgent ones) and `text`. */
import type { EventFilter } from '../event-tail.ts'
import { priorityNames } from '../view.ts'
import { type Answer, words } from './answer.ts'

/** @returns 400 for a priority that is none */
export function eventFilter(query: URLSearchParams): EventFilter | Answer {
  const source = query.get('source') || undefined
  const text = query.get('text') || undefined
  const wanted = query.get('priority') || undefined
  if (wanted === undefined) return { source, text }
  const priority = /^[0-7]$/.test(wanted) ? Number(wanted) : priorityNames.indexOf(wanted)
  if (priority >= 0) return { source, text, priority }
  return words(400, `Cannot filter by priority "${wanted}": known are ${priorityNames.join(', ')}, 0 to 7`)
}
