/**
 * The pairs of records that share a table (src/rows.ts): each distinct field becomes a pair once, out of its bytes. What
 * it makes of a record is what its view says (src/view.ts), and where that is not simple, the view is asked.
 */
import type { FieldTable } from '../field-table.ts'
import { monotonicName, type Row } from '../rows.ts'
import { attributeName, printable, type Role, roleOf, severityOf } from '../view.ts'
import type { Pairs } from './loki-pairs.ts'

/** What is done with a field, by its index in the table. */
const unknown = 0
const skipped = 1
const attribute = 2
const body = 3
const severity = 4
/** The view must be asked. */
const other = 5

interface FieldName {
  readonly role: Role
  /** As a pair has it. */
  readonly pairName: Buffer
  readonly isUnit: boolean
  /** The last record that had an attribute of this name, as a count. */
  record: number
}

const equals = 0x3d

export class RowPairs {
  severityNumber: number | undefined
  severityText: string | undefined
  body: string | undefined
  unit: string | undefined
  readonly #pairs: Pairs
  readonly #pairNameOf: (attribute: string) => Buffer
  readonly #mostValueBytes: number
  /** By what names become as attributes: several fields may become one. */
  readonly #byAttribute = new Map<string, FieldName>()
  readonly #byField = new Map<string, FieldName>()
  readonly #monotonic: FieldName
  #records = 0
  #table: FieldTable | undefined
  #kinds = new Uint8Array()
  #names: FieldName[] = []
  /** Of the pair of each field. */
  #begins = new Uint32Array()
  #ends = new Uint32Array()

  /** @param pairNameOf the begin of a pair for an attribute's name */
  constructor(pairs: Pairs, pairNameOf: (attribute: string) => Buffer, mostValueBytes: number) {
    this.#pairs = pairs
    this.#pairNameOf = pairNameOf
    this.#mostValueBytes = mostValueBytes
    this.#monotonic = this.#nameOf(monotonicName)
  }

  /** Puts the pairs of a record on the list in hand. @returns false: that one must be viewed instead */
  put({ rows: { table, indices }, from, to, monotonic }: Row): boolean {
    this.#records += 1
    this.severityNumber = undefined
    this.severityText = undefined
    this.body = undefined
    this.unit = undefined
    if (table !== this.#table) this.#begin(table)
    if (monotonic >= 0) {
      this.#monotonic.record = this.#records
      this.#pairs.putNew(this.#monotonic.pairName, String(monotonic))
    }
    for (let at = from; at < to; at++) {
      const index = indices[at] ?? 0
      let kind = this.#kinds[index] ?? other
      if (kind === unknown) kind = this.#look(table, index)
      if (kind === attribute) {
        const name = this.#names[index]
        if (name === undefined || name.record === this.#records) return false
        name.record = this.#records
        if (name.isUnit) this.unit = this.#textOf(table, index)
        this.#pairs.put(this.#begins[index] ?? 0, this.#ends[index] ?? 0)
      } else if (kind === body && this.body === undefined) this.body = this.#textOf(table, index)
      else if (kind === severity && this.severityNumber === undefined) {
        const found = severityOf('PRIORITY', this.#textOf(table, index))
        this.severityNumber = found?.[0]
        this.severityText = found?.[1]
      } else if (kind !== skipped) return false
    }
    return true
  }

  #begin(table: FieldTable): void {
    this.#table = table
    this.#kinds = new Uint8Array(table.size)
    this.#begins = new Uint32Array(table.size)
    this.#ends = new Uint32Array(table.size)
    this.#names = new Array(table.size)
  }

  /** Finds out what is to be done with a field, and makes its pair. */
  #look(table: FieldTable, index: number): number {
    const { bytes } = table
    const from = table.from(index)
    const to = table.to(index)
    const split = bytes.indexOf(equals, from)
    const name = this.#nameOf(bytes.toString('utf8', from, split))
    const kind = this.#kindOf(name, table, index)
    this.#kinds[index] = kind
    if (kind !== attribute) return kind
    this.#names[index] = name
    this.#begins[index] = this.#pairs.length
    if (to - split <= this.#mostValueBytes && isPlain(bytes, split + 1, to))
      this.#pairs.addPlain(name.pairName, bytes, split + 1, to)
    else {
      // Long or not plain: by the same way as any other.
      this.#kinds[index] = other
      return other
    }
    this.#ends[index] = this.#pairs.length
    return kind
  }

  #kindOf({ role }: FieldName, table: FieldTable, index: number): number {
    if (role === 'address') return skipped
    if (role === 'body') return body
    if (role === 'attribute') return attribute
    return role === 'severity' && severityOf('PRIORITY', this.#textOf(table, index)) ? severity : other
  }

  #nameOf(field: string): FieldName {
    let name = this.#byField.get(field)
    if (name === undefined) {
      const called = attributeName(field)
      const role = roleOf(field)
      name = role === 'attribute' ? this.#byAttribute.get(called) : undefined
      name ??= { role, pairName: this.#pairNameOf(called), isUnit: called === 'systemd.unit', record: 0 }
      this.#byField.set(field, name)
      if (role === 'attribute') this.#byAttribute.set(called, name)
    }
    return name
  }

  #textOf(table: FieldTable, index: number): string {
    const { bytes } = table
    const split = bytes.indexOf(equals, table.from(index))
    return printable(bytes.subarray(split + 1, table.to(index)))
  }
}

/** ASCII without controls. */
function isPlain(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0
    if (byte < 0x20 || byte > 0x7e) return false
  }
  return true
}
