/**
 * Records in the Journal Export Format, as systemd-journal-remote takes it. A journal entry leaves as it came: every
 * field byte for byte, in its order, duplicates kept. Three fields are added: REMORA_ID, REMORA_RECORD
 * (`<ledger>:<source>:<number>`) and, for each name that no journal takes, REMORA_NAME (`<new name>=<own name>`).
 * @see https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-export-format
 */
import { isUtf8 } from 'node:buffer'
import type { Field } from '../model.ts'
import type { SpooledRecord } from '../spool/batch.ts'
import { priorityOf, view } from '../view.ts'
import type { Origin } from './forwarder.ts'
import type { Heartbeat } from './heartbeat.ts'

/** What journal-remote takes in one entry (ENTRY_FIELD_COUNT_MAX); with more it drops the connection unanswered. */
export const mostFields = 1024
/** VALID_REALTIME and VALID_MONOTONIC: beyond it the receiver drops the connection, or the entry in silence. */
const mostMicroseconds = 1n << 55n

export interface ExportedEntry {
  /** In their order; many of them shared between entries. */
  readonly pieces: readonly Uint8Array[]
  readonly fields: number
}

/**
 * For the records of a batch, which share their fields: each is encoded once.
 * @returns what makes one entry, with the empty line that ends it
 */
export function exporter(source: string, origin: Origin): (record: SpooledRecord) => ExportedEntry {
  const known = new Map<Field, Encoded>()
  return (record) => {
    let isEntry = false
    let realtime = clamped(record.time / 1000n)
    let monotonic = 0n
    let fields = 2
    const pieces: Uint8Array[] = [nothing]
    for (const field of record.fields) {
      let encoded = known.get(field)
      if (encoded === undefined) {
        encoded = encode(field)
        known.set(field, encoded)
      }
      if (encoded.is === 'field') {
        pieces.push(encoded.bytes)
        fields += encoded.count
        isEntry ||= encoded.isBoot
      } else if (encoded.is === 'realtime') realtime = encoded.microseconds ?? realtime
      else if (encoded.is === 'monotonic') monotonic = encoded.microseconds ?? monotonic
    }
    if (!isEntry)
      for (const field of synthesised(record, source, origin)) {
        pieces.push(encodeField(...field))
        fields += 1
      }
    pieces[0] = Buffer.from(`__REALTIME_TIMESTAMP=${realtime || 1n}\n__MONOTONIC_TIMESTAMP=${monotonic}\n`)
    pieces.push(
      encodeField('REMORA_ID', Buffer.from(record.id)),
      encodeField('REMORA_RECORD', Buffer.from(`${origin.ledger}:${source}:${record.number}`)),
      newline,
    )
    return { pieces, fields }
  }
}

const nothing = new Uint8Array()

/** A field as every entry that has it sends it. Addresses are written anew, or the receiver's own. */
type Encoded =
  | {
      readonly is: 'field'
      readonly bytes: Uint8Array
      /** Two for a field that was renamed. */
      readonly count: number
      /** Only journal entries name their boot so. */
      readonly isBoot: boolean
    }
  | { readonly is: 'realtime' | 'monotonic'; readonly microseconds: bigint | undefined }
  | { readonly is: 'address' }

/** A heartbeat as an entry of this boot: its JSON in REMORA_HEARTBEAT, nothing of a record's own fields. */
export function exportHeartbeat({ timeMilliseconds, text }: Heartbeat, origin: Origin): Buffer {
  const realtime = clamped(BigInt(Math.round(timeMilliseconds * 1000)))
  const fields: readonly (readonly [string, string])[] = [
    ['_BOOT_ID', journalBoot(origin)],
    ['_HOSTNAME', origin.node],
    ['PRIORITY', '7'],
    ['SYSLOG_IDENTIFIER', 'remora'],
    ['MESSAGE', `Heartbeat of ${origin.node}`],
    ['REMORA_LEDGER', origin.ledger],
    ['REMORA_HEARTBEAT', text],
  ]
  return Buffer.concat([
    Buffer.from(`__REALTIME_TIMESTAMP=${realtime}\n__MONOTONIC_TIMESTAMP=0\n`),
    ...fields.map(([name, value]) => encodeField(name, Buffer.from(value))),
    newline,
  ])
}

/** Zeros where it is not known. */
function journalBoot({ bootId }: Origin): string {
  const boot = bootId.replaceAll('-', '')
  return /^[0-9a-f]{32}$/i.test(boot) ? boot : '0'.repeat(32)
}

function encode([name, value]: Field): Encoded {
  if (name === '__REALTIME_TIMESTAMP') return { is: 'realtime', microseconds: microseconds(value) }
  if (name === '__MONOTONIC_TIMESTAMP') return { is: 'monotonic', microseconds: microseconds(value) }
  if (addresses.has(name)) return { is: 'address' }
  const journalName = journalNameOf(name, value)
  const bytes = encodeField(journalName, value)
  if (journalName === name) return { is: 'field', bytes, count: 1, isBoot: name === '_BOOT_ID' }
  const renamed = encodeField('REMORA_NAME', Buffer.from(`${journalName}=${name}`))
  return { is: 'field', bytes: Buffer.concat([bytes, renamed]), count: 2, isBoot: false }
}

const addresses = new Set(['__CURSOR', '__SEQNUM', '__SEQNUM_ID'])

/** What makes a journal entry of a record that was none. */
function synthesised(record: SpooledRecord, source: string, origin: Origin): Field[] {
  const has = (name: string) => record.fields.some(([own]) => own === name)
  const { severityNumber } = view(source, record)
  const made: Field[] = [['_BOOT_ID', Buffer.from(journalBoot(origin))]]
  if (!has('PRIORITY') && severityNumber !== undefined)
    made.push(['PRIORITY', Buffer.from(String(priorityOf(severityNumber)))])
  if (!has('SYSLOG_IDENTIFIER')) made.push(['SYSLOG_IDENTIFIER', Buffer.from('remora')])
  if (!has('_HOSTNAME')) made.push(['_HOSTNAME', Buffer.from(origin.node)])
  return made
}

/** A name every journal takes: the same one if it is valid. Names with two leading underscores are addresses. */
function journalNameOf(name: string, value: Uint8Array): string {
  if (name === '_BOOT_ID' && !isBootId(value)) return 'BOOT_ID'
  if (/^(?!__)[A-Z_][A-Z0-9_]{0,63}$/.test(name)) return name
  if (name === 'body') return 'MESSAGE'
  const plain = name
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, '_')
    .replace(/^_+/, '')
  return (/^[A-Z]/.test(plain) ? plain : `X_${plain}`).slice(0, 64)
}

function isBootId(value: Uint8Array): boolean {
  return value.length === 32 && /^[0-9a-f]+$/i.test(Buffer.from(value).toString('latin1'))
}

function microseconds(value: Uint8Array): bigint | undefined {
  const text = Buffer.from(value).toString('latin1')
  if (!/^\d{1,17}$/.test(text)) return undefined
  const number = BigInt(text)
  return number < mostMicroseconds ? number : undefined
}

function clamped(number: bigint): bigint {
  if (number < 1n) return 1n
  return number < mostMicroseconds ? number : mostMicroseconds - 1n
}

const newline = Buffer.from('\n')

/** As text where it is printable text of one line, else with its length in front (64 bits, little endian). */
function encodeField(name: string, value: Uint8Array): Uint8Array {
  const text = isOneLine(value)
  const bytes = Buffer.allocUnsafe(name.length + value.length + (text ? 2 : 10))
  let at = bytes.write(name, 'latin1')
  if (text) at = bytes.writeUInt8(0x3d, at)
  else {
    at = bytes.writeUInt8(0x0a, at)
    at = bytes.writeBigUInt64LE(BigInt(value.length), at)
  }
  bytes.set(value, at)
  bytes[bytes.length - 1] = 0x0a
  return bytes
}

function isOneLine(value: Uint8Array): boolean {
  for (let at = 0; at < value.length; at += 1) {
    const byte = value[at] ?? 0
    if (byte < 0x20 && byte !== 0x09) return false
  }
  return isUtf8(value)
}
