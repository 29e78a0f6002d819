/**
 * A record as the OpenTelemetry logs data model sees it: time, severity, body, event name, attributes by semantic
 * conventions. A pure function of the record, so that a better one applies to what is already spooled.
 *
 * Three shapes of records. A state change (states.ts) says its own event name and severity. A journal entry (upper-case
 * names) has the table below; its other fields keep their name in lower case under `journal.`, the underscore that marks
 * a field as trusted included (`_GID`: `journal._gid`). Any other field keeps its name.
 * @see https://opentelemetry.io/docs/specs/otel/logs/data-model/ and its appendix B (syslog severities)
 * @see systemd.journal-fields(7)
 */
import type { Field } from './model.ts'

/** What a view needs of a record, spooled or not. */
export interface Viewed {
  readonly time: bigint
  readonly observed: bigint
  readonly fields: readonly Field[]
}

/** Texts of a field that was there more than once make a list, in their order. */
export type AttributeValue = string | number | readonly string[]

export interface View {
  /** Nanoseconds since the epoch. */
  readonly time: bigint
  readonly observed: bigint
  /** 1 to 24; absent when the record has none. */
  readonly severityNumber?: number
  /** As the source calls it: `warning`, `WARN`. */
  readonly severityText?: string
  /** Printable text; empty when the record has none. */
  readonly body: string
  readonly eventName?: string
  readonly attributes: ReadonlyMap<string, AttributeValue>
}

/** Journal fields with a name in the semantic conventions, or (journal, syslog, systemd) a plain one of our own. */
const conventions: Readonly<Record<string, string>> = {
  _PID: 'process.pid',
  _COMM: 'process.executable.name',
  _EXE: 'process.executable.path',
  _CMDLINE: 'process.command_line',
  _UID: 'process.user.id',
  _HOSTNAME: 'host.name',
  _MACHINE_ID: 'host.id',
  _BOOT_ID: 'journal.boot_id',
  _TRANSPORT: 'journal.transport',
  _SYSTEMD_UNIT: 'systemd.unit',
  _SYSTEMD_USER_UNIT: 'systemd.user_unit',
  _SYSTEMD_SLICE: 'systemd.slice',
  SYSLOG_IDENTIFIER: 'syslog.identifier',
  SYSLOG_FACILITY: 'syslog.facility',
  SYSLOG_PID: 'syslog.pid',
  CODE_FILE: 'code.file.path',
  CODE_LINE: 'code.line.number',
  CODE_FUNC: 'code.function.name',
  TID: 'thread.id',
  CONTAINER_ID_FULL: 'container.id',
  CONTAINER_NAME: 'container.name',
  IMAGE_NAME: 'container.image.name',
}
const whole = new Set(['process.pid', 'process.user.id', 'code.line.number', 'thread.id'])

/** Journal entry addresses that say nothing of the event beyond its time and id. */
const addresses = new Set(['__CURSOR', '__REALTIME_TIMESTAMP', '__SEQNUM', '__SEQNUM_ID'])

/** By syslog priority, 0 (emergency) to 7 (debug). */
const priorities = [
  [21, 'emerg'],
  [19, 'alert'],
  [18, 'crit'],
  [17, 'err'],
  [13, 'warning'],
  [10, 'notice'],
  [9, 'info'],
  [5, 'debug'],
] as const

/**
 * Never throws: what cannot be understood stays as text.
 * @param source the collector it comes from; it decides nothing yet
 */
export function view(_source: string, record: Viewed): View {
  const attributes = new Map<string, AttributeValue>()
  const { time, observed } = record
  let severityNumber: number | undefined
  let severityText: string | undefined
  let body: string | undefined
  let eventName: string | undefined
  for (const [name, value] of record.fields) {
    if (addresses.has(name)) continue
    const text = printable(value)
    if (body === undefined && (name === 'MESSAGE' || name === 'body')) {
      body = text
      continue
    }
    if (severityNumber === undefined && name === 'PRIORITY' && /^[0-7]$/.test(text)) {
      const priority = priorities[Number(text)]
      severityNumber = priority?.[0]
      severityText = priority?.[1]
      continue
    }
    if (severityNumber === undefined && name === 'severity_number' && /^([1-9]|1\d|2[0-4])$/.test(text)) {
      severityNumber = Number(text)
      continue
    }
    if (severityText === undefined && name === 'severity_text') severityText = text
    else if (eventName === undefined && name === 'event.name') eventName = text
    else add(attributes, attributeName(name), text)
  }
  return {
    time,
    observed,
    ...(severityNumber !== undefined && { severityNumber }),
    ...(severityText !== undefined && { severityText }),
    body: body ?? '',
    ...(eventName !== undefined && { eventName }),
    attributes,
  }
}

/** The syslog priority of a severity number, the other way round. */
export function priorityOf(severityNumber: number): number {
  const found = priorities.findIndex(([least]) => severityNumber >= least)
  return found < 0 ? 7 : found
}

function attributeName(name: string): string {
  const known = Object.hasOwn(conventions, name) ? conventions[name] : undefined
  if (known !== undefined) return known
  return /^[A-Z0-9_]+$/.test(name) ? `journal.${name.toLowerCase()}` : name
}

function add(attributes: Map<string, AttributeValue>, name: string, text: string): void {
  const before = attributes.get(name)
  if (before !== undefined)
    attributes.set(name, [...(typeof before === 'object' ? before : [String(before)]), text])
  else attributes.set(name, whole.has(name) && /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text)
}

/** Controls but tab, newline, carriage return and escape (colours). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const controls = /[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]/g

/** Text of any bytes: invalid UTF-8 becomes U+FFFD, a control character the picture of it (NUL: U+2400). */
export function printable(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  return text.replace(controls, (control) => {
    const code = control.charCodeAt(0)
    return code === 0x7f ? '\u2421' : String.fromCharCode(0x2400 + code)
  })
}
