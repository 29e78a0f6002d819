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
import type { FieldTable } from './field-table.ts'
import type { Field } from './model.ts'
import { isRow, monotonicName } from './rows.ts'

/** What a view needs of a record, spooled or not. */
export interface Viewed {
  readonly time: bigint
  readonly observed: bigint
  readonly fields: readonly Field[]
}

/** Texts of a field that was there more than once make a list, in their order. */
export type AttributeValue = string | number | readonly string[]

export interface Attribute {
  readonly name: string
  readonly value: AttributeValue
}

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
  /** One of each name, in the order of the fields. Records of one viewer share them. */
  readonly attributes: readonly Attribute[]
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
  KMSG_FLAGS: 'kmsg.flags',
  KMSG_CALLER: 'kmsg.caller',
  CONTAINER_ID_FULL: 'container.id',
  CONTAINER_NAME: 'container.name',
  IMAGE_NAME: 'container.image.name',
}
const whole = new Set(['process.pid', 'process.user.id', 'code.line.number', 'thread.id'])

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

/** As journalctl(1) calls them, by syslog priority. */
export const priorityNames: readonly string[] = priorities.map(([, name]) => name)

/** Never throws: what cannot be understood stays as text. */
export function view(source: string, record: Viewed): View {
  return viewer()(source, record)
}

/**
 * The same for many records: the records of a batch share their fields, and each is looked at once.
 * @returns a view of a record from a source (a collector's name, which decides nothing yet)
 */
export function viewer(): (source: string, record: Viewed) => View {
  const known = new Map<Field, Seen>()
  const nameOf = namer()
  let records = 0
  /** Of the table seen last, by index. */
  let table: FieldTable | undefined
  let seenByIndex: (Seen | undefined)[] = []
  const seenOf = (field: Field) => {
    let seen = known.get(field)
    if (seen === undefined) {
      seen = see(field, nameOf)
      known.set(field, seen)
    }
    return seen
  }
  const seenAt = (index: number, fields: FieldTable) => {
    let seen = seenByIndex[index]
    if (seen === undefined) {
      seen = see(fields.field(index), nameOf)
      seenByIndex[index] = seen
    }
    return seen
  }
  return (_source, record) => {
    records += 1
    const { time, observed } = record
    const attributes: Attribute[] = []
    let severityNumber: number | undefined
    let severityText: string | undefined
    let body: string | undefined
    let eventName: string | undefined
    const take = (seen: Seen) => {
      const { role, text } = seen
      if (role === 'attribute') add(attributes, seen, records)
      else if (role === 'address') return
      else if (role === 'body' && body === undefined) body = text
      else if (role === 'severity' && severityNumber === undefined) {
        severityNumber = seen.severity?.[0]
        severityText ??= seen.severity?.[1]
      } else if (role === 'severity text' && severityText === undefined) severityText = text
      else if (role === 'event' && eventName === undefined) eventName = text
      else add(attributes, seen, records)
    }
    if (isRow(record)) {
      const { rows, from, to, monotonic } = record
      if (rows.table !== table) {
        table = rows.table
        seenByIndex = new Array(table.size)
      }
      if (monotonic >= 0) take(see([monotonicName, Buffer.from(String(monotonic))], nameOf))
      for (let at = from; at < to; at++) take(seenAt(rows.indices[at] ?? 0, table))
    } else for (const field of record.fields) take(seenOf(field))
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
}

/** Names of fields to names of attributes, each looked up once. Several fields may be one attribute. */
function namer(): (own: string) => Name {
  const byField = new Map<string, Name>()
  const byAttribute = new Map<string, Name>()
  return (own) => {
    let name = byField.get(own)
    if (name === undefined) {
      const called = attributeName(own)
      name = byAttribute.get(called) ?? { name: called, isNumber: whole.has(called), record: 0, index: 0 }
      byField.set(own, name)
      byAttribute.set(called, name)
    }
    return name
  }
}

/** An attribute's name, and where the record in hand (the `record`th of a viewer) has it, if it has. */
interface Name {
  readonly name: string
  readonly isNumber: boolean
  record: number
  index: number
}

/** One field as every record that has it sees it. */
interface Seen {
  readonly role: 'address' | 'body' | 'severity' | 'severity text' | 'event' | 'attribute'
  readonly text: string
  readonly severity: readonly [number: number, text: string | undefined] | undefined
  readonly name: Name
  readonly attribute: Attribute
}

function see([own, bytes]: Field, nameOf: (own: string) => Name): Seen {
  const text = printable(bytes)
  const name = nameOf(own)
  const number = name.isNumber && /^(0|[1-9]\d{0,14})$/.test(text)
  const attribute = { name: name.name, value: number ? Number(text) : text }
  const severity = severityOf(own, text)
  const role = severity ? 'severity' : (roles.get(own) ?? 'attribute')
  return { role, text, severity, name, attribute }
}

const roles: ReadonlyMap<string, Seen['role']> = new Map([
  ['MESSAGE', 'body'],
  ['body', 'body'],
  ['severity_text', 'severity text'],
  ['event.name', 'event'],
  // Entry addresses that say nothing of the event beyond its time and id.
  ['__CURSOR', 'address'],
  ['__REALTIME_TIMESTAMP', 'address'],
  ['__SEQNUM', 'address'],
  ['__SEQNUM_ID', 'address'],
])

function severityOf(own: string, text: string): Seen['severity'] {
  if (own === 'PRIORITY' && /^[0-7]$/.test(text)) return priorities[Number(text)]
  if (own === 'severity_number' && /^([1-9]|1\d|2[0-4])$/.test(text)) return [Number(text), undefined]
  return undefined
}

function add(attributes: Attribute[], { name, attribute, text }: Seen, record: number): void {
  const before = attributes[name.index]
  if (name.record !== record || before === undefined) {
    name.record = record
    name.index = attributes.length
    attributes.push(attribute)
    return
  }
  const values = typeof before.value === 'object' ? before.value : [String(before.value)]
  attributes[name.index] = { name: name.name, value: [...values, text] }
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
