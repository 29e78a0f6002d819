/**
 * One record as Loki keeps it: a few labels that name its stream, a line, and everything else as structured metadata
 * within Loki's default limits (limits_config: 128 pairs and 64 KB an entry, labels of 2,048 bytes). An attribute named
 * like a label or like metadata of Remora's own gets a `_` behind its name.
 */
import type { LokiSinkConfig } from '../sink-schemas.ts'
import type { EventBatch, SpooledRecord } from '../spool/batch.ts'
import { type Attribute, type AttributeValue, printable, type View, viewer } from '../view.ts'
import type { Origin } from './forwarder.ts'
import { pair } from './loki-pair.ts'

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
  /** Each pair as the protobuf of an entry has it: records share most of them, so each is encoded once. */
  readonly metadata: Uint8Array[]
  readonly metadataBytes: number
}

const mostPairs = 120
const mostMetadataBytes = 48 << 10
const mostValueBytes = 4096
const mostLabelBytes = 256

/** The entries of a batch, in its order. What records share is made once. */
export function entries(batch: EventBatch, config: LokiSinkConfig, origin: Origin): Entry[] {
  const see = viewer()
  const labels = labelMaker(batch.source, config, origin)
  const reserved = new Set([...own, ...streamNames, ...Object.keys(config.labels)])
  const names = new Map<string, string>()
  const nameOf = (attribute: string) => {
    let name = names.get(attribute)
    if (name === undefined) {
      name = labelName(attribute)
      if (reserved.has(name)) name += '_'
      names.set(attribute, name)
    }
    return name
  }
  const known = new Map<Attribute, Uint8Array>()
  const pairOf = (attribute: Attribute) => {
    let encoded = known.get(attribute)
    if (encoded === undefined) {
      encoded = pair(nameOf(attribute.name), cut(text(attribute.value), mostValueBytes))
      known.set(attribute, encoded)
    }
    return encoded
  }
  const ledger = pair('remora_ledger', origin.ledger)
  const source = pair('remora_source', batch.source)
  return batch.records.map((record, index) => {
    const seen = see(batch.source, record)
    const pairs = [
      pair('remora_id', cut(record.id, mostValueBytes)),
      ledger,
      source,
      pair('remora_number', String(record.number)),
    ]
    if (seen.severityText !== undefined)
      pairs.push(pair('severity_text', cut(seen.severityText, mostValueBytes)))
    if (seen.eventName !== undefined) pairs.push(pair('event_name', cut(seen.eventName, mostValueBytes)))
    for (const attribute of seen.attributes) pairs.push(pairOf(attribute))
    return {
      index,
      id: record.id,
      time: record.time,
      observed: record.observed,
      labels: labels(seen),
      line: config.line === 'json' ? json(record) : seen.body,
      ...bounded(pairs),
    }
  })
}

/** Names of metadata that an attribute cannot have. */
const own = [
  'remora_id',
  'remora_ledger',
  'remora_source',
  'remora_number',
  'remora_time',
  'remora_omitted',
  'severity_text',
  'event_name',
]

/** Remora's own come first: they always fit. What does not is counted in `remora_omitted`. */
function bounded(pairs: Uint8Array[]): Pick<Entry, 'metadata' | 'metadataBytes'> {
  let bytes = 0
  for (const { length } of pairs) bytes += length
  if (pairs.length <= mostPairs && bytes <= mostMetadataBytes)
    return { metadata: pairs, metadataBytes: bytes }
  bytes = 0
  const fitting: Uint8Array[] = []
  for (const one of pairs) {
    if (fitting.length >= mostPairs || bytes + one.length > mostMetadataBytes) continue
    bytes += one.length
    fitting.push(one)
  }
  fitting.push(pair('remora_omitted', String(pairs.length - fitting.length)))
  return { metadata: fitting, metadataBytes: bytes }
}

/** The labels every stream may have without configuration. */
export const streamNames = ['job', 'host', 'source', 'unit', 'level'] as const

/** The stream of a record; there are few, so their texts are kept. */
function labelMaker(source: string, config: LokiSinkConfig, origin: Origin): (seen: View) => string {
  const made = new Map<string, string>()
  return ({ attributes, severityNumber }) => {
    const found = attributes.find(({ name }) => name === 'systemd.unit')
    const unit = found && text(found.value)
    const key = `${severityNumber ?? ''} ${unit ?? ''}`
    let labels = made.get(key)
    if (labels === undefined) {
      labels = labelText({
        job: 'remora',
        host: origin.node,
        source,
        unit: unit === undefined ? '' : boundedUnit(unit),
        level: severityNumber === undefined ? '' : level(severityNumber),
        ...config.labels,
      })
      made.set(key, labels)
    }
    return labels
  }
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

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels)
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(cut(value, mostLabelBytes, ''))}`)
  return `{${pairs.join(', ')}}`
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
