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
import { monotonicName, RecordRow } from './record-columns.ts'

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
  const look = new Look()
  return (_source, record) => {
    look.at(record)
    const { severityNumber, severityText, body, eventName, attributes } = look
    return {
      time: record.time,
      observed: record.observed,
      ...(severityNumber !== undefined && { severityNumber }),
      ...(severityText !== undefined && { severityText }),
      body: body ?? '',
      ...(eventName !== undefined && { eventName }),
      attributes: [...attributes],
    }
  }
}

/** A view without objects of its own for each record: what `at` has filled is valid until it is called again. */
export class Look {
  severityNumber: number | undefined
  severityText: string | undefined
  body: string | undefined
  eventName: string | undefined
  /** The unit that has written it. */
  unit: AttributeValue | undefined
  readonly attributes: Attribute[] = []
  /** Of each attribute a small number of its own, by which to keep what is made of it; -1: it is this record's alone. */
  readonly keys: number[] = []
  readonly #known = new Map<Field, Seen>()
  readonly #nameOf = namer()
  #records = 0
  #keys = 0
  /** Of the table seen last, by index. */
  #table: FieldTable | undefined
  #seen: (Seen | undefined)[] = []

  at(record: Viewed): void {
    this.#records += 1
    this.severityNumber = undefined
    this.severityText = undefined
    this.body = undefined
    this.eventName = undefined
    this.unit = undefined
    this.attributes.length = 0
    this.keys.length = 0
    if (!(record instanceof RecordRow)) {
      for (const field of record.fields) this.#take(this.#seenOf(field))
      return
    }
    const { columns, index: place } = record
    const { table, indices } = columns
    const monotonic = columns.monotonics[place] ?? -1
    const to = columns.to(place)
    if (table !== this.#table) {
      this.#table = table
      this.#seen = new Array(table.size)
    }
    if (monotonic >= 0) this.#take(see([monotonicName, Buffer.from(String(monotonic))], this.#nameOf, -1))
    for (let at = columns.from(place); at < to; at++) {
      const index = indices[at] ?? 0
      let seen = this.#seen[index]
      if (seen === undefined) {
        seen = see(table.field(index), this.#nameOf, this.#keys++)
        this.#seen[index] = seen
      }
      if (seen.role === 'attribute') this.#add(seen)
      else this.#take(seen)
    }
  }

  #seenOf(field: Field): Seen {
    let seen = this.#known.get(field)
    if (seen === undefined) {
      seen = see(field, this.#nameOf, this.#keys++)
      this.#known.set(field, seen)
    }
    return seen
  }

  #take(seen: Seen): void {
    const { role, text } = seen
    if (role === 'address') return
    if (role === 'body' && this.body === undefined) this.body = text
    else if (role === 'severity' && this.severityNumber === undefined) {
      this.severityNumber = seen.severity?.[0]
      this.severityText ??= seen.severity?.[1]
    } else if (role === 'severity text' && this.severityText === undefined) this.severityText = text
    else if (role === 'event' && this.eventName === undefined) this.eventName = text
    else this.#add(seen)
  }

  #add({ name, attribute, text, key }: Seen): void {
    const { attributes, keys } = this
    const before = attributes[name.index]
    if (name.record !== this.#records || before === undefined) {
      name.record = this.#records
      name.index = attributes.length
      if (name.isUnit) this.unit = attribute.value
      attributes.push(attribute)
      keys.push(key)
      return
    }
    const values = typeof before.value === 'object' ? before.value : [String(before.value)]
    const merged = { name: name.name, value: [...values, text] }
    if (name.isUnit) this.unit = merged.value
    attributes[name.index] = merged
    keys[name.index] = -1
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
      name = byAttribute.get(called) ?? {
        name: called,
        isNumber: whole.has(called),
        isUnit: called === 'systemd.unit',
        record: 0,
        index: 0,
      }
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
  readonly isUnit: boolean
  record: number
  index: number
}

/** What a field is to its record. */
export type Role = 'address' | 'body' | 'severity' | 'severity text' | 'event' | 'attribute'

/** One field as every record that has it sees it. */
interface Seen {
  readonly role: Role
  readonly text: string
  readonly severity: readonly [number: number, text: string | undefined] | undefined
  readonly name: Name
  readonly attribute: Attribute
  readonly key: number
}

function see([own, bytes]: Field, nameOf: (own: string) => Name, key: number): Seen {
  const text = printable(bytes)
  const name = nameOf(own)
  const number = name.isNumber && /^(0|[1-9]\d{0,14})$/.test(text)
  const attribute = { name: name.name, value: number ? Number(text) : text }
  const severity = severityOf(own, text)
  const role = severity ? 'severity' : (roles.get(own) ?? 'attribute')
  return { role, text, severity, name, attribute, key }
}

/** What a field of this name is; of `severity` only where its value is one. */
export function roleOf(name: string): Role {
  if (name === 'PRIORITY' || name === 'severity_number') return 'severity'
  return roles.get(name) ?? 'attribute'
}

const roles: ReadonlyMap<string, Role> = new Map([
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

/** @returns undefined if it is none */
export function severityOf(
  own: string,
  text: string,
): readonly [number: number, text: string | undefined] | undefined {
  if (own === 'PRIORITY' && /^[0-7]$/.test(text)) return priorities[Number(text)]
  if (own === 'severity_number' && /^([1-9]|1\d|2[0-4])$/.test(text)) return [Number(text), undefined]
  return undefined
}

/** The syslog priority of a severity number, the other way round. */
export function priorityOf(severityNumber: number): number {
  const found = priorities.findIndex(([least]) => severityNumber >= least)
  return found < 0 ? 7 : found
}

/** What a field is called as an attribute. */
export function attributeName(name: string): string {
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
