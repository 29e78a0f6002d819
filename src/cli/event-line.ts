/** A record as one line: for a person with the local time, severity and where it comes from, or as a JSON object. */
import type { LogRecord } from '../model.ts'
import type { View } from '../view.ts'

/** Seen by a person: nothing in it moves the cursor, breaks the line or turns the text around. */
export function eventLine(source: string, view: View, isColoured: boolean): string {
  const severity = (view.severityText ?? '-').toLowerCase().padEnd(7)
  const said = visible(`${severity} ${originOf(source, view)}: ${view.body}`)
  const colour = isColoured ? colourOf(view.severityNumber) : ''
  return `${localTime(view.time)} ${colour}${said}${colour === '' ? '' : '\x1b[0m'}`
}

/** The whole view. Times are nanoseconds since the epoch as text, as the file sink writes them. */
export function eventJson(source: string, { stream, id }: LogRecord, view: View): string {
  const { time, observed, severityNumber, severityText, body, eventName, attributes } = view
  const json = JSON.stringify({
    source,
    stream,
    id,
    time: String(time),
    observed: String(observed),
    ...(severityNumber !== undefined && { severity_number: severityNumber }),
    ...(severityText !== undefined && { severity_text: severityText }),
    body,
    ...(eventName !== undefined && { event_name: eventName }),
    attributes: Object.fromEntries(attributes.map(({ name, value }) => [name, value])),
  })
  return json.replace(hidden, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The unit, system or user. */
export function unitOf(view: View): string | undefined {
  return attributeOf(view, 'systemd.unit') ?? attributeOf(view, 'systemd.user_unit')
}

function originOf(source: string, view: View): string {
  return unitOf(view) ?? attributeOf(view, 'syslog.identifier') ?? source
}

function attributeOf({ attributes }: View, wanted: string): string | undefined {
  const value = attributes.find(({ name }) => name === wanted)?.value
  return typeof value === 'object' ? value[0] : value === undefined ? undefined : String(value)
}

/** Controls (the 8-bit ones too, which some terminals obey), line separators, marks that turn the text around. */
const hidden = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

function visible(text: string): string {
  return text.replace(hidden, (one) => {
    const code = one.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : `\\u{${code.toString(16)}}`
  })
}

/** `2026-01-02 03:04:05.678901` in the time zone of this process; `@` and seconds beyond what a date can be. */
function localTime(nanoseconds: bigint): string {
  const date = new Date(Number(nanoseconds / 1_000_000n))
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  if (Number.isNaN(local.getTime())) return `@${nanoseconds / 1_000_000_000n}`
  const microseconds = String((nanoseconds / 1000n) % 1_000_000n).padStart(6, '0')
  return `${local.toISOString().slice(0, 19).replace('T', ' ')}.${microseconds}`
}

/** Red from error up, yellow for warnings, bold for notices, as journalctl has them. */
function colourOf(severityNumber = 9): string {
  if (severityNumber >= 17) return '\x1b[31m'
  if (severityNumber >= 13) return '\x1b[33m'
  return severityNumber >= 10 ? '\x1b[1m' : ''
}
