/**
 * Distinct fields of many records, as a spool batch has them: each a varint (LEB128) of its length, then `name=value`.
 * A field becomes an object only when somebody asks for it.
 */
import { copyBytes } from './copy-bytes.ts'
import type { Field } from './model.ts'

const equals = 0x3d

export class FieldTable {
  /** The fields one behind the other; beyond `length` it is not written. */
  #bytes: Buffer
  /** What is written of it. */
  #written: Buffer | undefined
  #length: number
  /** Where each begins and ends, without its length. */
  #places: Uint32Array
  #size = 0
  readonly #fields: (Field | undefined)[] = []
  readonly #names = new Map<string, string>()

  constructor(
    bytes: Buffer = Buffer.allocUnsafeSlow(1 << 16),
    length = 0,
    places: Uint32Array = new Uint32Array(1 << 12),
    size = 0,
  ) {
    this.#bytes = bytes
    this.#length = length
    this.#places = places
    this.#size = size
  }

  /** An empty one in the room of another, which nobody looks at any more. */
  static inRoomOf(other: FieldTable): FieldTable {
    return new FieldTable(other.#bytes, 0, other.#places)
  }

  /** How many there are. */
  get size(): number {
    return this.#size
  }

  /** All of it, as a batch has it. */
  get bytes(): Buffer {
    if (this.#written?.length !== this.#length) this.#written = this.#bytes.subarray(0, this.#length)
    return this.#written
  }

  /** Where in the bytes a field begins, without its length, and where it ends. */
  from(index: number): number {
    return this.#places[index * 2] ?? 0
  }

  to(index: number): number {
    return this.#places[index * 2 + 1] ?? 0
  }

  /** Adds `name=value` out of these bytes. @returns its index */
  add(bytes: Buffer, from: number, to: number): number {
    const length = to - from
    if (this.#length + length + 8 > this.#bytes.length) this.#grow(length + 8)
    let at = this.#length
    const target = this.#bytes
    let rest = length
    while (rest >= 0x80) {
      target[at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    target[at++] = rest
    copyBytes(bytes, from, to, target, at)
    if (this.#size * 2 === this.#places.length) {
      const larger = new Uint32Array(this.#places.length * 2)
      larger.set(this.#places)
      this.#places = larger
    }
    this.#places[this.#size * 2] = at
    this.#places[this.#size * 2 + 1] = at + length
    this.#length = at + length
    return this.#size++
  }

  addField(name: string, value: string): number {
    const bytes = Buffer.from(`${name}=${value}`)
    return this.add(bytes, 0, bytes.length)
  }

  /** @throws {RangeError} if there is none of this index, or it has no name */
  field(index: number): Field {
    const known = this.#fields[index]
    if (known !== undefined) return known
    const split = this.#split(index)
    const from = this.#places[index * 2] ?? 0
    const to = this.#places[index * 2 + 1] ?? 0
    const field: Field = [this.#name(from, split), this.#bytes.subarray(split + 1, to)]
    this.#fields[index] = field
    return field
  }

  /** @throws {RangeError} if one of these indices is no field's */
  checkAll(indices: Uint32Array, length: number): void {
    const checked = new Uint8Array(this.#size)
    for (let at = 0; at < length; at++) {
      const index = indices[at] ?? 0
      if (checked[index] === 1) continue
      this.#split(index)
      checked[index] = 1
    }
  }

  /** Where the "=" of a field is. @throws {RangeError} if there is none of this index, or it has no name */
  #split(index: number): number {
    const bytes = this.#bytes
    const from = this.#places[index * 2] ?? 0
    const to = index < this.#size ? (this.#places[index * 2 + 1] ?? 0) : from
    let split = from
    while (split < to && bytes[split] !== equals) split += 1
    if (split === from || split === to)
      throw new RangeError(`field ${index} of a table of ${this.#size} is none`)
    return split
  }

  /** The whole of it, as of what is no field. @throws {RangeError} if there is none of this index */
  text(index: number): string {
    if (index >= this.#size) throw new RangeError(`entry ${index} of a table of ${this.#size}`)
    return this.#bytes.toString('utf8', this.#places[index * 2], this.#places[index * 2 + 1])
  }

  /** Names are few, so they are shared. */
  #name(from: number, to: number): string {
    const name = this.#bytes.toString('utf8', from, to)
    const known = this.#names.get(name)
    if (known !== undefined) return known
    this.#names.set(name, name)
    return name
  }

  #grow(by: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + by))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
    this.#written = undefined
  }
}
