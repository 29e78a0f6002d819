/** docs/events.md and docs/events.json: every event that Remora makes itself, by who makes it. */
import { collectors } from '../collectors/all.ts'
import { agentEvents } from '../src/event-types.ts'
import type { EventType } from '../src/model.ts'
import { table } from './table.ts'

export interface EventsOf {
  /** The `source` of its records: a collector's name, or `remora`. */
  readonly source: string
  readonly events: readonly EventType[]
}

export const declaredEvents: readonly EventsOf[] = [
  ...collectors.flatMap(({ name, events }) => (events ? [{ source: name, events }] : [])),
  { source: 'remora', events: agentEvents },
]

export function eventsPage(): string {
  const parts = declaredEvents.map(
    ({ source, events }) => `## ${source}\n\n${events.map(section).join('\n')}`,
  )
  const count = declaredEvents.reduce((sum, { events }) => sum + events.length, 0)
  return `# Events

Generated from the declarations by \`npm run generate\`: ${count} events that Remora makes itself. For machines:
[events.json](events.json). What logs say (journald, the kernel ring, files) is passed on beside them as it is.

Each has \`event.name\`, \`severity_number\` and \`severity_text\` (OpenTelemetry's: 9 INFO, 13 WARN, 17 ERROR, 21 FATAL) and
\`body\`, a sentence. A change of state also has \`part\`, which names the part the same way in every boot, \`from\` and \`to\`.
An attribute that is not known is absent. How a sink writes them is told with the sink in [configuration.md](configuration.md).

${parts.join('\n')}`
}

function section({ name, when, states, attributes }: EventType): string {
  const rows = Object.entries(attributes).map(([attribute, meaning]) => [`\`${attribute}\``, meaning])
  const kind = states ? `\n\nStates: ${states.map(stateText).join(', ')}.` : ''
  const listed = rows.length === 0 ? '' : `\n${table(['attribute', 'what it says'], rows)}\n`
  return `### \`${name}\`\n\n${when}${kind}\n${listed}`
}

/** A word, or what stands for many. */
function stateText(state: string): string {
  return state.includes(' ') ? state : `\`${state}\``
}

export function eventsJson(): string {
  const rows = declaredEvents.flatMap(({ source, events }) => events.map((event) => ({ source, ...event })))
  return `${JSON.stringify(rows, undefined, 2)}\n`
}
