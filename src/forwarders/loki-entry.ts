/**
 * One record as Loki keeps it: a few labels that name its stream, a line, and everything else as structured metadata
 * within Loki's default limits (limits_config: 128 pairs and 64 KB an entry, labels of 2,048 bytes). An attribute named
 * like a label or like metadata of Remora's own gets a `_` behind its name.
 */
import { isRow } from '../rows.ts'
import type { LokiSinkConfig } from '../sink-schemas.ts'
import type { EventBatch, SpooledRecord } from '../spool/batch.ts'
import { type AttributeValue, Look, printable } from '../view.ts'
import type { Origin } from './forwarder.ts'
import { nameOfPair, pair } from './loki-pair.ts'
import { type PairList, Pairs } from './loki-pairs.ts'
import { RowPairs } from './loki-rows.ts'

export interface Entry {
  /** Into the batch's records. */
  readonly index: number
  readonly id: string
  readonly time: bigint
  readonly observed: bigint
  /** The time in whole microseconds. */
  readonly microsecond: number
  /** Its stream: `{host="n7", job="remora", …}`. */
  readonly labels: string
  /** Whole: not cut yet. */
  readonly line: string
  /** Its pairs; they are in the maker's, until it makes those of another batch. */
  readonly metadata: PairList
}

const mostPairs = 120
const mostMetadataBytes = 48 << 10
const mostValueBytes = 4096
const mostLabelBytes = 256

/** Makes entries of batch after batch. */
export class EntryMaker {
  readonly pairs = new Pairs()
  /** Counts the batches. */
  turn = 0
  readonly #config: LokiSinkConfig
  readonly #origin: Origin
  readonly #names = new Map<string, Buffer>()
  readonly #reserved: ReadonlySet<string>

  constructor(config: LokiSinkConfig, origin: Origin) {
    this.#config = config
    this.#origin = origin
    this.#reserved = new Set([...own, ...streamNames, ...Object.keys(config.labels)])
  }

  /**
   * Begins a batch; the entries of the one before are gone.
   * @returns an entry by the place of its record
   */
  begin(batch: EventBatch): (index: number) => Entry {
    const { pairs } = this
    pairs.clear()
    this.turn += 1
    const rowPairs = new RowPairs(pairs, this.#nameOf, mostValueBytes)
    const look = new Look()
    const labels = labelMaker(batch.source, this.#config, this.#origin)
    const ledgerFrom = pairs.length
    pairs.addBytes(pair('remora_ledger', this.#origin.ledger))
    pairs.addBytes(pair('remora_source', batch.source))
    const sourceTo = pairs.length
    const ledgerTo = ledgerFrom + pair('remora_ledger', this.#origin.ledger).length
    const isJson = this.#config.line === 'json'
    return (index) => {
      const record = batch.records[index]
      if (record === undefined) throw new RangeError(`Cannot send record ${index} of ${batch.count}`)
      const { id, time } = record
      const begin = () => {
        pairs.begin()
        pairs.putNew(idName, cut(id, mostValueBytes))
        pairs.put(ledgerFrom, ledgerTo)
        pairs.put(ledgerTo, sourceTo)
        pairs.putNew(numberName, String(record.number))
      }
      begin()
      let seen: Pick<Look, 'body' | 'severityNumber' | 'unit'> = rowPairs
      if (isRow(record) && rowPairs.put(record)) {
        if (rowPairs.severityText !== undefined) pairs.putNew(severityName, rowPairs.severityText)
      } else {
        pairs.end()
        begin()
        look.at(record)
        this.#putLooked(look)
        seen = look
      }
      return {
        index,
        id,
        time,
        observed: record.observed,
        microsecond: Number(time / 1000n),
        labels: labels(seen.unit, seen.severityNumber),
        line: isJson ? json(record) : (seen.body ?? ''),
        metadata: pairs.list(mostPairs, mostMetadataBytes, omittedName),
      }
    }
  }

  #putLooked({ severityText, eventName, attributes }: Look): void {
    const { pairs } = this
    if (severityText !== undefined) pairs.putNew(severityName, cut(severityText, mostValueBytes))
    if (eventName !== undefined) pairs.putNew(eventNameName, cut(eventName, mostValueBytes))
    for (const { name, value } of attributes)
      pairs.putNew(this.#nameOf(name), cut(text(value), mostValueBytes))
  }

  /** The begin of a pair of an attribute's name, which LogQL can name. */
  readonly #nameOf = (attribute: string): Buffer => {
    let name = this.#names.get(attribute)
    if (name === undefined) {
      const label = labelName(attribute)
      name = nameOfPair(this.#reserved.has(label) ? `${label}_` : label)
      if (this.#names.size < mostNames) this.#names.set(attribute, name)
    }
    return name
  }
}

/** So many names of attributes are kept; a source of ever new ones makes them anew. */
const mostNames = 4096
const idName = nameOfPair('remora_id')
const numberName = nameOfPair('remora_number')
const severityName = nameOfPair('severity_text')
const eventNameName = nameOfPair('event_name')
const omittedName = nameOfPair('remora_omitted')

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

/** The labels every stream may have without configuration. */
export const streamNames = ['job', 'host', 'source', 'unit', 'level'] as const

/** The stream of a record; there are few, so their texts are kept. */
function labelMaker(
  source: string,
  config: LokiSinkConfig,
  origin: Origin,
): (unit: AttributeValue | undefined, severityNumber: number | undefined) => string {
  const made = new Map<string, string>()
  return (writer, severityNumber) => {
    const unit = writer === undefined ? undefined : text(writer)
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
