/**
 * The controller's event log as storcli, perccli and MegaCli print it, one block for each event. The tools leave out
 * what is below their classes (progress), so numbers skip.
 * @see Broadcom StorCLI reference manual, `/cx show events`; MegaCli, `-AdpEventLog`
 */
import { ParseError } from '../../../src/errors.ts'
import type { Field } from '../../../src/model.ts'

export interface LoggedEvent {
  readonly number: number
  /** Milliseconds since the epoch; absent for what was logged before the controller knew the time. */
  readonly milliseconds?: number | undefined
  readonly class?: number | undefined
  readonly description: string
  /** As printed, in order: `seqNum`, `Time`, `Code`, `Class`, `Locale`, `Event Description`, and the event's data. */
  readonly fields: readonly Field[]
}

/** What the tools print around the events. */
const frame =
  /^(?:CLI Version|Operating system|Status|Description|Controller|Events)\s*=|^(?:Controller Properties\s*:|Success in\b|Exit Code\b)/

/**
 * @param what the command, for the message
 * @returns each number once, ascending
 * @throws {ParseError} a number that is none
 */
export function parseEvents(text: string, what: string): readonly LoggedEvent[] {
  const events = new Map<number, LoggedEvent>()
  let lines: string[] | undefined
  const done = () => {
    if (lines === undefined) return
    const event = eventOf(lines, what)
    events.set(event.number, event)
    lines = undefined
  }
  for (const raw of text.split(/\r\n|\n|\r/)) {
    const line = raw.trim()
    if (/^seqnum ?:/i.test(line)) {
      done()
      lines = [line]
    } else if (frame.test(line)) done()
    else if (line !== '' && !/^[=-]+$/.test(line)) lines?.push(line)
  }
  done()
  return [...events.values()].sort((a, b) => a.number - b.number)
}

function eventOf(lines: readonly string[], what: string): LoggedEvent {
  const pairs = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':')
    return colon < 0 ? ['Event Data', line] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
  })
  const value = (name: RegExp) => pairs.find(([key]) => name.test(key))?.[1]
  const said = value(/^seqnum$/i) ?? ''
  const number = /^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(said) ? Number(said) : Number.NaN
  if (!Number.isSafeInteger(number))
    throw new ParseError(`Cannot parse ${what}: seqNum "${said}" is no number`)
  const grade = value(/^class$/i) ?? ''
  return {
    number,
    milliseconds: timeOf(value(/^time$/i) ?? ''),
    class: /^-?\d{1,3}$/.test(grade)
      ? Number(grade) > 127
        ? Number(grade) - 256
        : Number(grade)
      : undefined,
    description: value(/^event description$/i) ?? '',
    fields: pairs.filter(([, text]) => text !== '').map(([name, text]): Field => [name, Buffer.from(text)]),
  }
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** `Sat Jan  4 18:22:56 2014`, in the zone of the host, which sets the controller's clock. */
function timeOf(text: string): number | undefined {
  const found = /^\w{3} +(\w{3}) +(\d{1,2}) +(\d{1,2}):(\d\d):(\d\d) +(\d{4})$/.exec(text)
  const month = months.indexOf(found?.[1]?.toLowerCase() ?? '')
  if (!found || month < 0) return undefined
  const [day = 1, hour = 0, minute = 0, second = 0, year = 1970] = found.slice(2).map(Number)
  return new Date(year, month, day, hour, minute, second).getTime()
}
