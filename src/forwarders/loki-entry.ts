/**
 * Records as Loki keeps them: a few labels that name the stream, a line, and everything else as structured metadata within
 * Loki's default limits (limits_config: 128 pairs and 64 KB an entry, labels of 2,048 bytes). An attribute named like a
 * label or like metadata of Remora's own gets a `_` behind its name.
 */
import { none, RecordColumns } from '../record-columns.ts'
import type { LokiSinkConfig } from '../sink-schemas.ts'
import type { EventBatch, SpooledRecord } from '../spool/batch.ts'
import { type AttributeValue, Look, printable } from '../view.ts'
import type { Origin } from './forwarder.ts'
import { Entries } from './loki-entries.ts'
import { cut, nameOfPair } from './loki-pair.ts'
import { RowRuns } from './loki-rows.ts'
import { type NumberedName, numberedName, Runs } from './loki-runs.ts'
import { ordinalOf } from './loki-stamp.ts'
import { streamMaker, streamNames } from './loki-stream.ts'

const mostPairs = 120
const mostMetadataBytes = 48 << 10
const mostValueBytes = 4096

type StreamOf = ReturnType<typeof streamMaker>

/** Makes entries of batch after batch. */
export class EntryMaker {
  readonly runs = new Runs()
  /** By the place of each record. */
  readonly entries = new Entries()
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
  /** What every entry of the batch has. */
  #ledger = 0
  #source = 0
  #look = new Look()
  #streamOf: StreamOf = () => 0
  /** The streams of columns, by severity and unit, both small numbers. */
  #known = new Map<number, number>()
  /** By the place of a stream of columns. */
  #idNames: (NumberedName | undefined)[] = []

  constructor(config: LokiSinkConfig, origin: Origin) {
    this.#config = config
    this.#origin = origin
    this.#reserved = new Set([...own, ...streamNames, ...Object.keys(config.labels)])
    this.#rowRuns = new RowRuns(this.runs, this.#nameOf, severityName, mostValueBytes)
  }

  /**
   * Begins a batch, whose times the entries have already; what was made of the one before is gone.
   * @returns makes the entry of the record at this place
   */
  begin({ source, records }: EventBatch): (index: number) => void {
    const { runs, entries } = this
    runs.clear()
    this.turn += 1
    this.#rowRuns.clear()
    this.#look = new Look()
    this.#streamOf = streamMaker(source, this.#config, this.#origin, entries.streams)
    this.#ledger = runs.addPair(ledgerName, this.#origin.ledger)
    this.#source = runs.addPair(sourceName, source)
    if (!(records instanceof RecordColumns)) {
      return (index) => {
        const record = records.at(index)
        if (record === undefined) throw new RangeError(`Cannot send record ${index} of ${records.length}`)
        this.#beginListed(record)
        this.#makeLooked(index, record)
      }
    }
    this.#known = new Map()
    this.#idNames = records.streams.map((stream) =>
      stream.length < mostStreamLength ? this.#idOf(stream) : undefined,
    )
    return (index) => this.#makeRow(index, records)
  }

  #makeRow(index: number, columns: RecordColumns): void {
    const { runs, entries } = this
    const rowRuns = this.#rowRuns
    const sequence = columns.sequences[index] ?? none
    entries.ordinal[index] = (sequence >= 0 ? sequence : ordinalOf(columns.id(index))) % 1_000_000
    this.#beginRow(index, columns, sequence)
    if (!rowRuns.put(columns, index)) {
      runs.end()
      this.#beginRow(index, columns, sequence)
      const record = columns.at(index)
      if (record !== undefined) this.#putLooked(index, record)
      return
    }
    const { severityNumber, unit } = rowRuns
    const key = (severityNumber ?? 0) + (unit + 1) * 32
    let stream = this.#known.get(key)
    if (stream === undefined) {
      stream = this.#streamOf(rowRuns.unitText, severityNumber)
      this.#known.set(key, stream)
    }
    let line = rowRuns.body
    if (this.#config.line === 'json') {
      const record = columns.at(index)
      if (record !== undefined) line = runs.addBytes(Buffer.from(json(record)))
    }
    this.#end(index, stream, line)
  }

  /** An entry by its view. */
  #makeLooked(index: number, record: SpooledRecord): void {
    this.entries.ordinal[index] = ordinalOf(record.id)
    this.#putLooked(index, record)
  }

  #putLooked(index: number, record: SpooledRecord): void {
    const { runs } = this
    const look = this.#look
    look.at(record)
    const { severityText, eventName, attributes, unit, severityNumber, body } = look
    for (const { name, value } of attributes)
      runs.putNew(this.#nameOf(name), cut(text(value), mostValueBytes))
    // In the order that a row has, so that a record has one form whichever way it comes.
    if (eventName !== undefined) runs.putNew(eventNameName, cut(eventName, mostValueBytes))
    if (severityText !== undefined) runs.putNew(severityName, cut(severityText, mostValueBytes))
    const isJson = this.#config.line === 'json'
    const line = runs.addBytes(Buffer.from(isJson ? json(record) : (body ?? '').toWellFormed()))
    this.#end(index, this.#streamOf(unit === undefined ? undefined : text(unit), severityNumber), line)
  }

  #end(index: number, stream: number, line: number): void {
    const { runs, entries } = this
    runs.bound(mostPairs, mostMetadataBytes, omittedName)
    entries.set(index, stream, line, runs.listFrom, runs.listTo, runs.listBytes)
  }

  /** Begins the list of a record with what every one has. */
  #beginRow(index: number, columns: RecordColumns, sequence: number): void {
    const { runs } = this
    const name = sequence >= 0 ? this.#idNames[columns.streamOf[index] ?? 0] : undefined
    runs.begin()
    if (name !== undefined) runs.putNumber(name, sequence)
    else runs.putNew(idName, cut(columns.id(index), mostValueBytes))
    runs.put(this.#ledger)
    runs.put(this.#source)
    runs.putNumber(this.#number, columns.firstNumber + index)
  }

  #beginListed({ id, number }: SpooledRecord): void {
    const { runs } = this
    runs.begin()
    runs.putNew(idName, cut(id, mostValueBytes))
    runs.put(this.#ledger)
    runs.put(this.#source)
    runs.putNumber(this.#number, number)
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
