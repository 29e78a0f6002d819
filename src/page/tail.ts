/** One event of the live tail. */
import type { TailEvent } from '../event-tail.ts'
import { type Html, html } from './html.ts'
import { type Mark, mark } from './table.ts'

/** Drawn, newest first. */
export const mostEvents = 200

export function eventItem(event: TailEvent): Html {
  const { timeMilliseconds, source, priority, severityText, origin, eventName, body } = event
  const moment = new Date(timeMilliseconds)
  const time = Number.isNaN(moment.getTime()) ? '' : moment.toISOString()
  const said = severityText ?? (priority === undefined ? '' : String(priority))
  const from = [source, origin, eventName].filter((word) => word !== undefined && word !== '').join(' · ')
  return html`<li><span class="when"><time datetime="${time}">${time.slice(11, 23)}</time> ${said === '' ? undefined : mark(level(priority), said.toLowerCase())}</span> <span class="from">${from}</span> <span class="body">${body}</span></li>`
}

function level(priority: number | undefined): Mark {
  if (priority === undefined || priority > 4) return 'faint'
  return priority === 4 ? 'warn' : 'bad'
}
