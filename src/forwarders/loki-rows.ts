/**
 * The pairs of records that share a table (src/record-columns.ts): each distinct field becomes a pair once, out of its bytes. What
 * it makes of a record is what its view says (src/view.ts), and where that is not simple, the view is asked.
 */
import type { FieldTable } from '../field-table.ts'
import { monotonicName, none, type RecordColumns } from '../record-columns.ts'
import { attributeName, printable, type Role, roleOf, severityOf } from '../view.ts'
import { type NumberedName, numberedName, type Runs } from './loki-runs.ts'

/** What is done with a field, by its index in the table. */
const unknown = 0
const skipped = 1
const attribute = 2
const body = 3
const severity = 4
/** The view must be asked. */
const other = 5

interface FieldName {
  /** As in the table. */
  readonly bytes: Buffer
  readonly role: Role
  /** As a pair has it. */
  readonly pairName: Buffer
  /** What it is as an attribute, as a small number: several names may become one. */
  readonly attribute: number
  /** The length of the last value, and the head that it has in the batch of this number. */
  valueLength: number
  head: number
  batch: number
}

interface Severity {
  readonly number: number
  /** Of its text; -1: it has none. */
  readonly run: number
}

const equals = 0x3d
const nothing = Buffer.alloc(0)
/** A source of ever new names makes them anew. */
const mostNames = 4096

export class RowRuns {
  severityNumber: number | undefined
  /** The run of the line. */
  body = 0
  /** The index of the unit in the table; -1: there is none. */
  unit = -1
  readonly #runs: Runs
  readonly #pairNameOf: (attribute: string) => Buffer
  readonly #severityName: Buffer
  readonly #mostValueBytes: number
  #empty = 0
  /** By the length and the last bytes of a name. */
  readonly #byKey = new Map<number, FieldName>()
  readonly #byField = new Map<string, FieldName>()
  readonly #attributes = new Map<string, number>()
  #monotonic: NumberedName
  #monotonicAttribute: number
  /** By the number of an attribute, the last record of the batch that had it, as a count. */
  #lastRecords = new Uint32Array(256)
  #records = 0
  #batch = 0
  #table: FieldTable | undefined
  /** Of its bytes. */
  #view: DataView = new DataView(new ArrayBuffer(0))
  #kinds = new Uint8Array()
  #attributeOf = new Uint32Array()
  #runOf = new Uint32Array()
  #lengthOf = new Uint32Array()
  readonly #severities: (Severity | undefined)[] = []
  readonly #units: (string | undefined)[] = []

  /** @param pairNameOf the begin of a pair for an attribute's name */
  constructor(
    runs: Runs,
    pairNameOf: (attribute: string) => Buffer,
    severityName: Buffer,
    mostValueBytes: number,
  ) {
    this.#runs = runs
    this.#pairNameOf = pairNameOf
    this.#severityName = severityName
    this.#mostValueBytes = mostValueBytes
    const name = this.#nameOf(monotonicName)
    this.#monotonic = numberedName(name.pairName)
    this.#monotonicAttribute = name.attribute
  }

  /** The runs were cleared. */
  clear(): void {
    this.#batch += 1
    this.#records = 0
    this.#lastRecords.fill(0)
    this.#empty = this.#runs.addBytes(nothing)
    this.#table = undefined
    if (this.#byField.size <= mostNames) return
    this.#byKey.clear()
    this.#byField.clear()
    this.#attributes.clear()
    const name = this.#nameOf(monotonicName)
    this.#monotonic = numberedName(name.pairName)
    this.#monotonicAttribute = name.attribute
  }

  get unitText(): string | undefined {
    if (this.unit < 0 || this.#table === undefined) return undefined
    this.#units[this.unit] ??= this.#textOf(this.#table, this.unit)
    return this.#units[this.unit]
  }

  /** Puts the pairs of a record on the list in hand. @returns false: that one must be viewed instead */
  put(columns: RecordColumns, place: number): boolean {
    const { table, indices } = columns
    const monotonic = columns.monotonics[place] ?? none
    const to = columns.to(place)
    const runs = this.#runs
    const record = ++this.#records
    this.severityNumber = undefined
    this.unit = -1
    let line = -1
    let severityRun = -1
    if (table !== this.#table) this.#begin(table)
    if (monotonic >= 0) {
      this.#lastRecords[this.#monotonicAttribute] = record
      runs.putNumber(this.#monotonic, monotonic)
    }
    const from = columns.from(place)
    const lists = runs.reserve(to - from)
    let end = runs.listTo
    let bytes = 0
    const kinds = this.#kinds
    const attributeOf = this.#attributeOf
    const runOf = this.#runOf
    const lengthOf = this.#lengthOf
    let lastRecords = this.#lastRecords
    for (let at = from; at < to; at++) {
      const index = indices[at] ?? 0
      let kind = kinds[index] ?? other
      if (kind === unknown) {
        kind = this.#look(table, index)
        lastRecords = this.#lastRecords
      }
      if (kind === attribute) {
        const name = attributeOf[index] ?? 0
        if (lastRecords[name] === record) return false
        lastRecords[name] = record
        lists[end++] = runOf[index] ?? 0
        bytes += lengthOf[index] ?? 0
        if (name === unitAttribute) this.unit = index
      } else if (kind === body && line < 0) line = this.#runOf[index] ?? 0
      else if (kind === severity && this.severityNumber === undefined) {
        const found = this.#severities[index]
        this.severityNumber = found?.number
        severityRun = found?.run ?? -1
      } else if (kind !== skipped) return false
    }
    runs.extend(end, bytes)
    if (severityRun >= 0) runs.put(severityRun)
    this.body = line < 0 ? this.#empty : line
    return true
  }

  #begin(table: FieldTable): void {
    this.#table = table
    const { buffer, byteOffset, length } = table.bytes
    this.#view = new DataView(buffer, byteOffset, length)
    if (table.size > this.#kinds.length) {
      const room = Math.ceil(table.size * 1.2)
      this.#kinds = new Uint8Array(room)
      this.#attributeOf = new Uint32Array(room)
      this.#runOf = new Uint32Array(room)
      this.#lengthOf = new Uint32Array(room)
    } else this.#kinds.fill(unknown)
    this.#severities.length = 0
    this.#units.length = 0
  }

  /** Finds out what is to be done with a field, and makes its run. */
  #look(table: FieldTable, index: number): number {
    const { bytes } = table
    const from = table.from(index)
    const to = table.to(index)
    let split = from
    while (split < to && bytes[split] !== equals) split += 1
    const name = this.#nameAt(bytes, from, split)
    const kind = this.#made(name, table, index, split, to)
    this.#kinds[index] = kind
    return kind
  }

  #made(name: FieldName, table: FieldTable, index: number, split: number, to: number): number {
    const { role } = name
    const { bytes } = table
    const runs = this.#runs
    if (role === 'address') return skipped
    if (role === 'body') {
      const isSame = isPlain(bytes, this.#view, split + 1, to)
      this.#runOf[index] = isSame
        ? runs.addPart(bytes, split + 1, to)
        : runs.addBytes(Buffer.from(this.#textOf(table, index).toWellFormed()))
      return body
    }
    if (role === 'severity') {
      const found = severityOf(name.bytes.toString(), this.#textOf(table, index))
      if (found === undefined) return other
      const [severityNumber, text] = found
      const run = text === undefined ? -1 : runs.addPair(this.#severityName, text)
      this.#severities[index] = { number: severityNumber, run }
      return severity
    }
    // What is long or not plain goes the way of any other.
    if (
      role !== 'attribute' ||
      to - split > this.#mostValueBytes ||
      !isPlain(bytes, this.#view, split + 1, to)
    )
      return other
    this.#attributeOf[index] = name.attribute
    const run = runs.addPlain(name.pairName, bytes, split + 1, to, this.#headOf(name, to - split))
    this.#runOf[index] = run
    this.#lengthOf[index] = runs.lengthOf(run)
    return attribute
  }

  #headOf(name: FieldName, valueLength: number): number {
    if (name.batch !== this.#batch || name.valueLength !== valueLength) {
      name.batch = this.#batch
      name.valueLength = valueLength
      name.head = this.#runs.addHead()
    }
    return name.head
  }

  #nameAt(bytes: Buffer, from: number, to: number): FieldName {
    const key = ((to - from) << 16) | ((bytes[to - 1] ?? 0) << 8) | (bytes[to - 2] ?? 0)
    const known = this.#byKey.get(key)
    if (known !== undefined && isSame(bytes, from, to, known.bytes)) return known
    const name = this.#nameOf(bytes.toString('utf8', from, to))
    this.#byKey.set(key, name)
    return name
  }

  #nameOf(field: string): FieldName {
    let name = this.#byField.get(field)
    if (name !== undefined) return name
    const called = attributeName(field)
    const isUnit = called === 'systemd.unit'
    let number = isUnit ? unitAttribute : this.#attributes.get(called)
    if (number === undefined) {
      number = this.#attributes.size + 1
      this.#attributes.set(called, number)
      if (number >= this.#lastRecords.length) {
        const larger = new Uint32Array(this.#lastRecords.length * 2)
        larger.set(this.#lastRecords)
        this.#lastRecords = larger
      }
    }
    const pairName = this.#pairNameOf(called)
    name = {
      bytes: Buffer.from(field),
      role: roleOf(field),
      pairName,
      attribute: number,
      valueLength: -1,
      head: 0,
      batch: -1,
    }
    this.#byField.set(field, name)
    return name
  }

  #textOf(table: FieldTable, index: number): string {
    const { bytes } = table
    const split = bytes.indexOf(equals, table.from(index))
    return printable(bytes.subarray(split + 1, table.to(index)))
  }
}

/** Its number as an attribute. */
const unitAttribute = 0

function isSame(bytes: Buffer, from: number, to: number, other: Buffer): boolean {
  if (other.length !== to - from) return false
  for (let at = from; at < to; at++) if (bytes[at] !== other[at - from]) return false
  return true
}

/** ASCII whose text is the bytes as they are: of the controls those that stay (view.ts). */
function isPlain(bytes: Buffer, view: DataView, from: number, to: number): boolean {
  let at = from
  for (; at + 4 <= to; at += 4) {
    const four = view.getInt32(at, true)
    // No byte is above 0x7e or below 0x20; where that may be, each is looked at.
    const suspects = (four | (four + 0x01010101) | ((four - 0x20202020) & ~four)) & 0x80808080
    if (suspects !== 0 && !areBytesPlain(bytes, at, at + 4)) return false
  }
  return areBytesPlain(bytes, at, to)
}

function areBytesPlain(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0
    if (byte > 0x7e) return false
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x1b) return false
  }
  return true
}
