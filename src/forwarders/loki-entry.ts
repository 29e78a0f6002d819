/**
 * One record as Loki keeps it: a few labels that name its stream, a line, and everything else as structured metadata
 * within Loki's default limits (limits_config: 128 pairs and 64 KB an entry, labels of 2,048 bytes).
 */
import type { LokiSinkConfig } from '../config-schema.ts'
import type { EventBatch, SpooledRecord } from '../spool/batch.ts'
import { type AttributeValue, printable, type View, view } from '../view.ts'
import type { Origin } from './forwarder.ts'

export interface Pair {
  readonly name: string
  readonly value: string
}

export interface Entry {
  /** Into the batch's records. */
  readonly index: number
  readonly id: string
  readonly time: bigint
  readonly observed: bigint
  /** Its stream: `{host="n7", job="remora", …}`. */
  readonly labels: string
  /** Whole: not cut yet. */
  readonly line: string
  readonly metadata: readonly Pair[]
}

const mostPairs = 120
const mostMetadataBytes = 48 << 10
const mostValueBytes = 4096
const mostLabelBytes = 256

export function entries(batch: EventBatch, config: LokiSinkConfig, origin: Origin): Entry[] {
  return batch.records.map((record, index) => {
    const seen = view(batch.source, record)
    const labels = streamLabels(seen, batch.source, config, origin)
    return {
      index,
      id: record.id,
      time: record.time,
      observed: record.observed,
      labels: labelText(labels),
      line: config.line === 'json' ? json(record) : seen.body,
      metadata: metadata(record, seen, batch.source, origin, labels),
    }
  })
}

function streamLabels(
  seen: View,
  source: string,
  config: LokiSinkConfig,
  origin: Origin,
): Map<string, string> {
  const unit = seen.attributes.get('systemd.unit')
  const labels = new Map([
    ['job', 'remora'],
    ['host', origin.node],
    ['source', source],
  ])
  if (unit !== undefined) labels.set('unit', boundedUnit(text(unit)))
  if (seen.severityNumber !== undefined) labels.set('level', level(seen.severityNumber))
  for (const [name, value] of Object.entries(config.labels)) labels.set(name, value)
  return labels
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

function level(severityNumber: number): string {
  return levels[Math.floor((severityNumber - 1) / 4)] ?? 'unknown'
}

/**
 * The unit as a label of few values: without the instance (`getty@.service`), without what names one session, container
 * or run (`session.scope`, `docker.scope`, `run.service`). The whole name is in the metadata, systemd_unit.
 */
export function boundedUnit(unit: string): string {
  return unit
    .replace(/@.*(?=\.[a-z]+$)/, '@')
    .replace(/^([^@-]+)-.*\.scope$/, '$1.scope')
    .replace(/^run-[a-z]?[0-9a-f-]+\.(\w+)$/, 'run.$1')
}

function labelText(labels: ReadonlyMap<string, string>): string {
  const pairs = [...labels]
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(cut(value, mostLabelBytes, ''))}`)
  return `{${pairs.join(', ')}}`
}

/** Remora's own first: they always fit. What does not is counted in `remora_omitted`. */
function metadata(
  record: SpooledRecord,
  seen: View,
  source: string,
  origin: Origin,
  labels: ReadonlyMap<string, string>,
): Pair[] {
  const pairs: Pair[] = []
  const names = new Set(labels.keys())
  let bytes = 0
  let omitted = 0
  const put = (name: string, value: string) => {
    const free = names.has(name) ? `${name}_` : name
    const pair = { name: free, value: cut(value, mostValueBytes) }
    const size = Buffer.byteLength(pair.name) + Buffer.byteLength(pair.value)
    if (pairs.length >= mostPairs || bytes + size > mostMetadataBytes) {
      omitted += 1
      return
    }
    names.add(free)
    bytes += size
    pairs.push(pair)
  }
  put('remora_id', record.id)
  put('remora_ledger', origin.ledger)
  put('remora_source', source)
  put('remora_number', String(record.number))
  if (seen.severityText !== undefined) put('severity_text', seen.severityText)
  if (seen.eventName !== undefined) put('event_name', seen.eventName)
  for (const [name, value] of seen.attributes) put(labelName(name), text(value))
  if (omitted > 0) pairs.push({ name: 'remora_omitted', value: String(omitted) })
  return pairs
}

/** LogQL can only name letters, digits and underscores. */
function labelName(name: string): string {
  const plain = name.replace(/[^a-zA-Z0-9_]/g, '_').slice(0, 256)
  return /^[a-zA-Z_]/.test(plain) ? plain : `_${plain}`
}

function text(value: AttributeValue): string {
  return typeof value === 'object' ? value.join('\n') : String(value)
}

/** Every field of the record; the values of a name that is there more than once make a list. */
function json(record: SpooledRecord): string {
  const fields = new Map<string, string | string[]>()
  for (const [name, value] of record.fields) {
    const before = fields.get(name)
    const next = printable(value)
    fields.set(
      name,
      before === undefined ? next : [...(typeof before === 'string' ? [before] : before), next],
    )
  }
  return JSON.stringify(Object.fromEntries(fields))
}

/** At most so many bytes of UTF-8, the marker that says the full length included. */
export function cut(whole: string, mostBytes: number, marker?: string): string {
  // No character of a string has more than three bytes of UTF-8 to its UTF-16 unit.
  if (whole.length * 3 <= mostBytes) return whole.toWellFormed()
  const bytes = Buffer.from(whole)
  if (bytes.length <= mostBytes) return whole.toWellFormed()
  const end = marker ?? ` … [cut: ${bytes.length} bytes]`
  let length = mostBytes - Buffer.byteLength(end)
  while (length > 0 && ((bytes[length] ?? 0) & 0xc0) === 0x80) length -= 1
  return bytes.toString('utf8', 0, length) + end
}
