/**
 * The Journal Export Format, as `journalctl -o export` writes it: entries of fields, an empty line after each entry.
 * A field is `NAME=text` and a newline; or, where its bytes are not printable text, `NAME`, a newline, the length as
 * 64 bits little-endian, the bytes, a newline. Names may repeat, and bytes may be anything.
 * @see https://systemd.io/JOURNAL_EXPORT_FORMATS/
 */
import { ParseError } from '../../src/errors.ts'
import type { Field } from '../../src/model.ts'

export interface ExportEntry {
  /** In the order of the source, each at most the bound long. */
  readonly fields: readonly Field[]
  /** Fields that are longer than the bound, with their true length in bytes. */
  readonly cut: readonly (readonly [name: string, bytes: number])[]
  /** Bytes of names and values kept. */
  readonly bytes: number
}

const newline = 0x0a
const equals = 0x3d
/** journald refuses longer names, and larger values (768 MiB). */
const longestName = 64
const largestValue = 768 << 20

const beginName = '__CURSOR'
/** The end of an entry and the begin of the next: what else looks like an end may be inside a value. */
const entryBegin = Buffer.from(`\n\n${beginName}=`)

/** So many names are known at once; a journal of hundreds of thousands of entries has some 60. */
const mostNames = 128
/** After so many bytes the last values are forgotten: each holds the whole chunk it is part of. */
const shareBytes = 4 << 20

/** A name that came before, with its last field: entries that follow one another share most of theirs. */
interface Known {
  readonly name: string
  readonly bytes: Buffer
  /** Every entry begins with it, and no other field has its name. */
  readonly begins: boolean
  last: Field | undefined
}

/** A value that does not fit one chunk, kept up to the bound. */
interface Growing {
  readonly name: string
  readonly pieces: Buffer[]
  kept: number
  /** Bytes seen of it. */
  seen: number
  /** Bytes it has; undefined for text, which ends at the newline. */
  readonly length: number | undefined
}

/**
 * Parses chunks split anywhere. Memory is bounded by one chunk and the kept fields of one entry.
 * What is malformed is passed over up to the next entry and named in `errors`.
 */
export class ExportParser {
  readonly #fieldBytes: number
  /** Of all bytes before the chunk. */
  #offset = 0
  #rest: Buffer = Buffer.alloc(0)
  #fields: Field[] = []
  #cut: [string, number][] = []
  #bytes = 0
  #growing: Growing | undefined
  /** Invariant: while true the bytes belong to no entry, until the next entry begins. */
  #lost = false
  #errors: ParseError[] = []
  /** By length and last bytes. */
  readonly #known = new Map<number, Known>()
  #unshared = 0

  /** @param fieldBytes the most that is kept of one field's value */
  constructor(fieldBytes: number) {
    this.#fieldBytes = fieldBytes
  }

  /** True between two entries: nothing of a next one was seen. */
  get atBoundary(): boolean {
    return this.#fields.length === 0 && this.#rest.length === 0 && !this.#growing && !this.#lost
  }

  /** The cursor of the entry of which a part was seen. */
  get openCursor(): string | undefined {
    const [name, value] = this.#fields[0] ?? []
    return name === beginName && value ? Buffer.from(value).toString('latin1') : undefined
  }

  /** @returns what was malformed since the last call: where, and what was expected. */
  takeErrors(): ParseError[] {
    const errors = this.#errors
    this.#errors = []
    return errors
  }

  /** @returns the entries that this chunk ends. Their bytes may be parts of the chunk, so it must not be written to. */
  parse(chunk: Buffer): ExportEntry[] {
    const entries: ExportEntry[] = []
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = this.#growing ? this.#grow(data, 0) : 0
    while (at < data.length) {
      if (this.#lost) {
        const end = data.indexOf(entryBegin, at)
        if (end < 0) {
          at = Math.max(at, data.length - entryBegin.length + 1) // Its begin may be there already.
          break
        }
        at = end + 2
        this.#lost = false
        continue
      }
      if (data[at] === newline) {
        at += 1
        if (this.#fields.length > 0) entries.push(this.#take())
        continue
      }
      const next = this.#field(data, at)
      if (next === undefined) break
      at = next
    }
    this.#rest = at < data.length ? data.subarray(at) : Buffer.alloc(0)
    this.#offset += at
    this.#unshared += at
    if (this.#unshared > shareBytes) {
      this.#unshared = 0
      for (const known of this.#known.values()) known.last = undefined
    }
    return entries
  }

  /** Parses the field at `at`. @returns where the next begins; undefined if more bytes are needed to tell */
  #field(data: Buffer, at: number): number | undefined {
    let split = at
    const most = Math.min(data.length, at + longestName + 1)
    while (split < most && data[split] !== equals && data[split] !== newline) split += 1
    if (split === most) {
      if (split - at <= longestName) return undefined
      return this.#malformed(data, at, `a field name of at most ${longestName} bytes`)
    }
    const known = this.#name(data, at, split)
    if (known === undefined) return this.#malformed(data, at, 'a field name of A-Z, 0-9 and _')
    // journalctl leaves off an entry of which it cannot read a field, without its end.
    if (known.begins && this.#fields.length > 0) {
      this.#complain(data, at, 'the rest of the entry before')
      this.#take()
    }
    const { name } = known
    if (data[split] === equals) {
      const end = data.indexOf(newline, split + 1)
      if (end >= 0) {
        this.#share(known, data, split + 1, end)
        return end + 1
      }
      if (data.length - split <= 4096) return undefined // Looked at again with the next chunk.
      this.#growing = { name, pieces: [], kept: 0, seen: 0, length: undefined }
      return this.#grow(data, split + 1)
    }
    if (data.length < split + 9) return undefined
    const length = Number(data.readBigUInt64LE(split + 1))
    if (length > largestValue) return this.#malformed(data, at, `a length of at most ${largestValue}`)
    const begin = split + 9
    const end = begin + length
    if (end < data.length) {
      if (data[end] !== newline) return this.#malformed(data, at, `a newline after ${length} bytes`)
      this.#share(known, data, begin, end)
      return end + 1
    }
    this.#growing = { name, pieces: [], kept: 0, seen: 0, length }
    return this.#grow(data, begin)
  }

  /** Goes on with the value that is growing. @returns where the next field begins, or the end of the data */
  #grow(data: Buffer, from: number): number {
    const growing = this.#growing
    if (!growing) return from
    const found =
      growing.length === undefined ? data.indexOf(newline, from) : from + growing.length - growing.seen
    const end = found < 0 ? data.length : Math.min(found, data.length)
    const kept = data.subarray(from, Math.min(end, from + this.#fieldBytes - growing.kept))
    // Copied: a piece would hold the whole chunk it is of.
    if (kept.length > 0) growing.pieces.push(Buffer.from(kept))
    growing.kept += kept.length
    growing.seen += end - from
    if (end === data.length) return end
    this.#growing = undefined
    if (data[end] !== newline) return this.#malformed(data, end, `a newline after ${growing.length} bytes`)
    this.#keep(growing.name, Buffer.concat(growing.pieces), growing.seen)
    return end + 1
  }

  #keep(name: string, value: Buffer, length: number): void {
    const kept = length > this.#fieldBytes ? value.subarray(0, this.#fieldBytes) : value
    if (length > this.#fieldBytes) this.#cut.push([name, length])
    this.#fields.push([name, kept])
    this.#bytes += name.length + kept.length
  }

  /** Keeps a value that is in the data whole: as the field before it of that name, if they are the same. */
  #share(known: Known, data: Buffer, begin: number, end: number): void {
    const length = end - begin
    if (length > this.#fieldBytes) {
      this.#keep(known.name, data.subarray(begin, end), length)
      return
    }
    const last = known.last
    const isSame = last !== undefined && last[1].length === length && same(data, begin, last[1])
    const field: Field = isSame ? last : [known.name, data.subarray(begin, end)]
    known.last = field
    this.#fields.push(field)
    this.#bytes += known.name.length + length
  }

  /** @returns undefined if it is no name */
  #name(data: Buffer, begin: number, end: number): Known | undefined {
    const key = ((end - begin) << 16) | ((data[end - 1] ?? 0) << 8) | (data[end - 2] ?? 0)
    const known = this.#known.get(key)
    if (known?.bytes.length === end - begin && same(data, begin, known.bytes)) return known
    const name = data.toString('latin1', begin, end)
    if (!/^[A-Z0-9_]+$/.test(name)) return undefined
    const added = { name, bytes: Buffer.from(name), begins: name === beginName, last: undefined }
    if (known !== undefined || this.#known.size < mostNames) this.#known.set(key, added)
    return added
  }

  #malformed(data: Buffer, at: number, expected: string): number {
    this.#complain(data, at, expected)
    this.#lost = true
    this.#take()
    return at
  }

  #complain(data: Buffer, at: number, expected: string): void {
    const found = JSON.stringify(data.toString('latin1', at, at + 24))
    const where = this.#offset + at
    this.#errors.push(
      new ParseError(`Cannot parse journal export at byte ${where} ${found}: expected ${expected}`),
    )
  }

  #take(): ExportEntry {
    const entry = { fields: this.#fields, cut: this.#cut, bytes: this.#bytes }
    this.#fields = []
    this.#cut = []
    this.#bytes = 0
    return entry
  }
}

/** Whether the data has these bytes at this place. */
function same(data: Buffer, at: number, bytes: Uint8Array): boolean {
  const { length } = bytes
  if (length > 64) return data.compare(bytes, 0, length, at, at + length) === 0
  for (let index = 0; index < length; index++) if (data[at + index] !== bytes[index]) return false
  return true
}
