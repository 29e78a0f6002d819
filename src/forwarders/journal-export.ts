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

/** What journal-remote takes in one entry (ENTRY_FIELD_COUNT_MAX); with more it drops the connection unanswered. */
export const mostFields = 1024
/** VALID_REALTIME and VALID_MONOTONIC: beyond it the receiver drops the connection, or the entry in silence. */
const mostMicroseconds = 1n << 55n

export interface ExportedEntry {
  readonly bytes: Uint8Array
  readonly fields: number
}

/** One entry with the empty line that ends it. */
export function journalExport(record: SpooledRecord, source: string, origin: Origin): ExportedEntry {
  const pieces: Uint8Array[] = []
  let fields = 0
  const put = (name: string, value: Uint8Array) => {
    fields += 1
    putField(pieces, name, value)
  }
  const address = (name: string) => record.fields.find(([own]) => own === name)?.[1]
  const realtime = microseconds(address('__REALTIME_TIMESTAMP')) ?? clamped(record.time / 1000n)
  const monotonic = microseconds(address('__MONOTONIC_TIMESTAMP')) ?? 0n
  pieces.push(Buffer.from(`__REALTIME_TIMESTAMP=${realtime || 1n}\n__MONOTONIC_TIMESTAMP=${monotonic}\n`))

  const isEntry = record.fields.some(([name, value]) => name === '_BOOT_ID' && bootId(value) !== undefined)
  const own = isEntry ? [] : synthesised(record, source, origin)
  for (const [name, value] of own) put(name, value)
  for (const [name, value] of record.fields) {
    if (addresses.has(name)) continue
    const journalName = journalNameOf(name, value)
    put(journalName, value)
    if (journalName !== name) put('REMORA_NAME', Buffer.from(`${journalName}=${name}`))
  }
  put('REMORA_ID', Buffer.from(record.id))
  put('REMORA_RECORD', Buffer.from(`${origin.ledger}:${source}:${record.number}`))
  pieces.push(newline)
  return { bytes: Buffer.concat(pieces), fields }
}

/** Entry addresses: the first two are written anew, the others are the receiver's own. */
const addresses = new Set([
  '__REALTIME_TIMESTAMP',
  '__MONOTONIC_TIMESTAMP',
  '__CURSOR',
  '__SEQNUM',
  '__SEQNUM_ID',
])

/** What makes a journal entry of a record that was none. */
function synthesised(record: SpooledRecord, source: string, origin: Origin): Field[] {
  const has = (name: string) => record.fields.some(([own]) => own === name)
  const { severityNumber } = view(source, record)
  const boot = origin.bootId.replaceAll('-', '')
  const made: Field[] = [['_BOOT_ID', Buffer.from(/^[0-9a-f]{32}$/i.test(boot) ? boot : '0'.repeat(32))]]
  if (!has('PRIORITY') && severityNumber !== undefined)
    made.push(['PRIORITY', Buffer.from(String(priorityOf(severityNumber)))])
  if (!has('SYSLOG_IDENTIFIER')) made.push(['SYSLOG_IDENTIFIER', Buffer.from('remora')])
  if (!has('_HOSTNAME')) made.push(['_HOSTNAME', Buffer.from(origin.node)])
  return made
}

/** A name every journal takes: the same one if it is valid. Names with two leading underscores are addresses. */
function journalNameOf(name: string, value: Uint8Array): string {
  if (name === '_BOOT_ID' && bootId(value) === undefined) return 'BOOT_ID'
  if (/^(?!__)[A-Z_][A-Z0-9_]{0,63}$/.test(name)) return name
  if (name === 'body') return 'MESSAGE'
  const plain = name
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, '_')
    .replace(/^_+/, '')
  return (/^[A-Z]/.test(plain) ? plain : `X_${plain}`).slice(0, 64)
}

function bootId(value: Uint8Array): string | undefined {
  const text = Buffer.from(value).toString('latin1')
  return /^[0-9a-f]{32}$/i.test(text) ? text : undefined
}

function microseconds(value: Uint8Array | undefined): bigint | undefined {
  const text = value === undefined ? '' : Buffer.from(value).toString('latin1')
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
function putField(pieces: Uint8Array[], name: string, value: Uint8Array): void {
  if (isOneLine(value)) {
    pieces.push(Buffer.from(`${name}=`), value, newline)
    return
  }
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(value.length))
  pieces.push(Buffer.from(`${name}\n`), length, value, newline)
}

function isOneLine(value: Uint8Array): boolean {
  for (const byte of value) if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) return false
  return isUtf8(value)
}
