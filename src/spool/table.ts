/** The table of a batch that is being made. */
import { ParseError } from '../errors.ts'
import type { FieldTable } from '../field-table.ts'
import { Writer } from './bytes.ts'

/** The distinct byte strings of a batch, in order of first use. */
export class Table {
  readonly #index = new Map<string, number>()
  readonly #writer = new Writer()
  #size: number
  /** What is before all of it: the bytes of a table that every record points into already. */
  readonly known: Buffer | undefined

  /** @param known what every record points into already, if so: it stays as it is, and is not looked through again */
  constructor(known?: FieldTable) {
    this.#size = known?.size ?? 0
    this.known = known?.bytes
  }

  get size(): number {
    return this.#size
  }

  text(text: string): number {
    return this.#add(Buffer.from(text))
  }

  field(name: string, value: Uint8Array): number {
    if (name === '' || name.includes('='))
      throw new ParseError(`Cannot spool field or label "${name}": a name is not empty and has no "="`)
    return this.#add(Buffer.concat([Buffer.from(`${name}=`), value]))
  }

  /** What was added. */
  done(): Buffer {
    return this.#writer.done()
  }

  #add(bytes: Buffer): number {
    const key = bytes.toString('latin1')
    const known = this.#index.get(key)
    if (known !== undefined) return known
    const index = this.#size++
    this.#index.set(key, index)
    this.#writer.bytes(bytes)
    return index
  }
}
