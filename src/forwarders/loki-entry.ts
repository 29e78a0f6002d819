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
import { nameOfPair } from './loki-pair.ts'
import { RowRuns } from './loki-rows.ts'
import { type NumberedName, numberedName, type RunList, Runs } from './loki-runs.ts'
import type { Moment } from './loki-stamp.ts'

/** What entries of the same labels are one of. */
export interface Stream {
  /** `{host="n7", job="remora", …}`. */
  readonly labels: string
}

export interface Entry extends Moment {
  /** Into the batch's records. */
  readonly index: number
  /** Nanoseconds since the epoch. */
  readonly time: bigint
  readonly stream: Stream
  /** Whole: not cut yet. It and the pairs are runs of the maker's, until it makes those of another batch. */
  readonly line: number
  readonly metadata: RunList
}

/** The record behind an entry is asked only for what is not asked of each. */
class RecordEntry implements Entry {
  readonly index: number
  readonly stream: Stream
  readonly line: number
  readonly metadata: RunList
  readonly microsecond: number
  readonly #record: SpooledRecord

  constructor(index: number, record: SpooledRecord, stream: Stream, line: number, metadata: RunList) {
    this.index = index
    this.stream = stream
    this.line = line
    this.metadata = metadata
    this.microsecond = microsecondOf(record)
    this.#record = record
  }

  get nanosecond(): number {
    return isRow(this.#record) ? this.#record.nanosecond : Number(this.#record.time % 1000n)
  }

  get sequence(): number {
    return isRow(this.#record) ? this.#record.sequence : -1
  }

  get id(): string {
    return this.#record.id
  }

  get time(): bigint {
    return this.#record.time
  }

  get observed(): bigint {
    return this.#record.observed
  }
}

/** When a record was, in whole microseconds since the epoch. */
export function microsecondOf(record: SpooledRecord): number {
  return isRow(record) ? record.microsecond : Number(record.time / 1000n)
}

const mostPairs = 120
const mostMetadataBytes = 48 << 10
const mostValueBytes = 4096
const mostLabelBytes = 256

/** Makes entries of batch after batch. */
export class EntryMaker {
  readonly runs = new Runs()
  /** Counts the batches. */
  turn = 0
  readonly #config: LokiSinkConfig
  readonly #origin: Origin
  readonly #names = new Map<string, Buffer>()
  readonly #reserved: ReadonlySet<string>
  readonly #rowRuns: RowRuns
  readonly #number = numberedName(nameOfPair('remora_number'))
  /** By the stream of a record, which its id begins with. */
  readonly #ids = new Map<string, NumberedName>()

  constructor(config: LokiSinkConfig, origin: Origin) {
    this.#config = config
    this.#origin = origin
    this.#reserved = new Set([...own, ...streamNames, ...Object.keys(config.labels)])
    this.#rowRuns = new RowRuns(this.runs, this.#nameOf, severityName, mostValueBytes)
  }

  /**
   * Begins a batch; the entries of the one before are gone.
   * @returns an entry by the place of its record
   */
  begin(batch: EventBatch): (index: number) => Entry {
    const { runs } = this
    runs.clear()
    this.turn += 1
    const rowRuns = this.#rowRuns
    rowRuns.clear()
    const look = new Look()
    const streams = streamMaker(batch.source, this.#config, this.#origin)
    const ledger = runs.addPair(ledgerName, this.#origin.ledger)
    const source = runs.addPair(sourceName, batch.source)
    const isJson = this.#config.line === 'json'
    /** The streams of rows, by severity and unit, both small numbers. */
    const known = new Map<number, Stream>()
    return (index) => {
      const record = batch.records[index]
      if (record === undefined) throw new RangeError(`Cannot send record ${index} of ${batch.count}`)
      this.#begin(record, ledger, source)
      if (isRow(record) && rowRuns.put(record)) {
        const { severityNumber, unit } = rowRuns
        const key = (severityNumber ?? 0) + (unit + 1) * 32
        let stream = known.get(key)
        if (stream === undefined) {
          stream = streams(rowRuns.unitText, severityNumber)
          known.set(key, stream)
        }
        const line = isJson ? runs.addBytes(Buffer.from(json(record))) : rowRuns.body
        return new RecordEntry(index, record, stream, line, this.#list())
      }
      runs.end()
      this.#begin(record, ledger, source)
      look.at(record)
      this.#putLooked(look)
      const line = runs.addBytes(Buffer.from(isJson ? json(record) : (look.body ?? '').toWellFormed()))
      return new RecordEntry(index, record, streams(look.unit, look.severityNumber), line, this.#list())
    }
  }

  /** Begins the list of a record with what every one has. */
  #begin(record: SpooledRecord, ledger: number, source: number): void {
    const { runs } = this
    runs.begin()
    if (isRow(record) && record.sequence >= 0 && record.stream.length < mostStreamLength)
      runs.putNumber(this.#idOf(record.stream), record.sequence)
    else runs.putNew(idName, cut(record.id, mostValueBytes))
    runs.put(ledger)
    runs.put(source)
    runs.putNumber(this.#number, record.number)
  }

  #list(): RunList {
    return this.runs.list(mostPairs, mostMetadataBytes, omittedName)
  }

  #idOf(stream: string): NumberedName {
    let name = this.#ids.get(stream)
    if (name === undefined) {
      if (this.#ids.size >= mostStreams) this.#ids.clear()
      name = numberedName(idName, `${stream}:`)
      this.#ids.set(stream, name)
    }
    return name
  }

  #putLooked({ severityText, eventName, attributes }: Look): void {
    const { runs } = this
    if (severityText !== undefined) runs.putNew(severityName, cut(severityText, mostValueBytes))
    if (eventName !== undefined) runs.putNew(eventNameName, cut(eventName, mostValueBytes))
    for (const { name, value } of attributes)
      runs.putNew(this.#nameOf(name), cut(text(value), mostValueBytes))
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
/** So many streams of records likewise, none of them longer. */
const mostStreams = 256
const mostStreamLength = 1024
const idName = nameOfPair('remora_id')
const ledgerName = nameOfPair('remora_ledger')
const sourceName = nameOfPair('remora_source')
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

/** The stream of a record; there are few, so they are kept. */
function streamMaker(
  source: string,
  config: LokiSinkConfig,
  origin: Origin,
): (unit: AttributeValue | undefined, severityNumber: number | undefined) => Stream {
  const made = new Map<string, Stream>()
  const byLabels = new Map<string, Stream>()
  return (writer, severityNumber) => {
    const unit = writer === undefined ? undefined : text(writer)
    const key = `${severityNumber ?? ''} ${unit ?? ''}`
    const known = made.get(key)
    if (known !== undefined) return known
    const labels = labelText({
      job: 'remora',
      host: origin.node,
      source,
      unit: unit === undefined ? '' : boundedUnit(unit),
      level: severityNumber === undefined ? '' : level(severityNumber),
      ...config.labels,
    })
    const stream = byLabels.get(labels) ?? { labels }
    byLabels.set(labels, stream)
    made.set(key, stream)
    return stream
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

export function labelText(labels: Readonly<Record<string, string>>): string {
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
