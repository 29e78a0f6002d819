/**
 * The fields of a file. A field that several entries have is one data object that each of them points to, so it is read,
 * unpacked and hashed once, and all of them share it; one that a single entry has is not kept.
 */
import { ParseError } from '../../../src/errors.ts'
import type { Budget } from './budget.ts'
import { Datum } from './datum.ts'
import { decompress, type Payload } from './decompress.ts'
import type { FileHeader } from './header.ts'
import { Jenkins } from './jenkins.ts'
import { type Name, Names, noName } from './names.ts'
import { dataHeaderBytes, loadHeader, numberAt, objectType } from './object.ts'
import { siphash24 } from './siphash.ts'
import type { Windows } from './windows.ts'

/** journald takes no longer one. */
const longestName = 64
const equals = 0x3d
/** A larger field is not kept. */
const mostKeptBytes = 16 << 10
const ways = 4

/** Memory that a kept field takes. */
function costOf(datum: Datum | undefined): number {
  return datum === undefined ? 0 : datum.to + 200
}

export class Fields {
  readonly #windows: Windows
  readonly #header: FileHeader
  readonly #headerBytes: number
  readonly #fieldBytes: number
  readonly #budget: Budget
  readonly #names: Names
  readonly #jenkins = new Jenkins()
  /** Places for fields kept: a field is in one of `ways` behind the hash of its offset, or in none. */
  readonly #shift: number
  readonly #offsets: Float64Array
  readonly #kept: (Datum | undefined)[]
  #keptBytes = 0
  /** Which of the full places is taken next. */
  #turn = 0
  /** Fields of the entry in hand that no other one has. */
  readonly #own: Datum[] = []
  #ownCount = 0
  /** Of the field in hand: its name, and where that ends. */
  #name: Name = noName
  #split = 0

  /**
   * @param fieldBytes the most that is kept of a field's value
   * @param keeps whether fields of this name are wanted
   */
  constructor(
    windows: Windows,
    header: FileHeader,
    fieldBytes: number,
    keeps: (name: string) => boolean,
    budget: Budget,
  ) {
    this.#windows = windows
    this.#header = header
    this.#headerBytes = header.isCompact ? dataHeaderBytes.compact : dataHeaderBytes.regular
    this.#fieldBytes = fieldBytes
    this.#names = new Names(keeps)
    this.#budget = budget
    const { places } = budget
    this.#shift = Math.clz32(places) + 1
    this.#offsets = new Float64Array(places + ways)
    this.#kept = new Array(places + ways).fill(undefined)
  }

  /** Begins another entry: what `at` has shown may be written over. */
  begin(): void {
    this.#ownCount = 0
    this.#windows.takeBack()
  }

  /** @throws {ParseError} if there is no field at this offset */
  at(offset: number): Datum {
    const place = this.#placeOf(offset)
    const offsets = this.#offsets
    for (let which = place; which < place + ways; which++) {
      if (offsets[which] !== offset) continue
      const kept = this.#kept[which]
      if (kept !== undefined) return kept
    }
    return this.#read(offset, place)
  }

  /** Forgets what was read before it was known to be whole: a file that is written to may have it right the next time. */
  forget(offset: number): void {
    const place = this.#placeOf(offset)
    for (let which = place; which < place + ways; which++)
      if (this.#offsets[which] === offset) this.#empty(which)
  }

  forgetAll(): void {
    if (this.#keptBytes === 0) return
    this.#kept.fill(undefined)
    this.#offsets.fill(0)
    this.#keptBytes = 0
  }

  /** Whether the object's own hash, of the kind its file has, is that of its bytes. One that is cut counts as whole. */
  isWhole(offset: number, { cutFrom, high, low, bytes, from, to }: Datum): boolean {
    if (cutFrom !== undefined) return true
    loadHeader(this.#windows, offset, objectType.data, this.#headerBytes)
    const said = this.#windows.bytes.readBigUInt64LE(this.#windows.at + 16)
    if (!this.#header.isKeyed) return said === BigInt.asUintN(64, (BigInt(high) << 32n) | BigInt(low >>> 0))
    return said === siphash24(Buffer.from(this.#header.fileId, 'hex'), bytes.subarray(from, to))
  }

  /** Offsets of fields that come in turn have a constant distance, which must not bring them to one place. */
  #placeOf(offset: number): number {
    return Math.imul(offset >>> 3, 0x9e3779b1) >>> this.#shift
  }

  #empty(place: number): void {
    this.#keptBytes -= costOf(this.#kept[place])
    this.#kept[place] = undefined
    this.#offsets[place] = 0
  }

  #read(offset: number, place: number): Datum {
    const headerBytes = this.#headerBytes
    const windows = this.#windows
    const size = loadHeader(windows, offset, objectType.data, headerBytes)
    const head = windows.words
    const headAt = windows.at >> 2
    const flags = ((head[headAt] ?? 0) >>> 8) & 0xff
    this.#jenkins.low = head[headAt + 4] ?? 0
    this.#jenkins.high = head[headAt + 5] ?? 0
    const isShared = numberAt(head, headAt + 14) > 1
    const length = size - headerBytes
    const most = this.#fieldBytes + longestName + 1
    const there = flags === 0 ? Math.min(length, most) : length
    windows.load(offset + headerBytes, there)
    const { bytes, at } = windows
    if (flags === 0) {
      const cutFrom = this.#nameIn(bytes, at, there, length, offset)
      // What is cut is not hashed: then the hash stays what the file says.
      if (cutFrom === undefined) this.#jenkins.ofWords(bytes, windows.words, at, at + length)
      return this.#make(offset, place, isShared, bytes, at, there, cutFrom)
    }
    const payload = this.#unpack(offset, flags, bytes.subarray(at, at + length), most)
    const cutFrom = this.#nameIn(payload.bytes, 0, payload.bytes.length, payload.length, offset)
    if (cutFrom === undefined) this.#jenkins.of(payload.bytes, 0, payload.length)
    return this.#make(offset, place, isShared, payload.bytes, 0, payload.bytes.length, cutFrom)
  }

  #unpack(offset: number, flags: number, packed: Buffer, most: number): Payload {
    try {
      return decompress(flags, packed, most)
    } catch (cause) {
      throw new ParseError(`Cannot read field at ${offset}`, { cause })
    }
  }

  /**
   * Finds the name.
   * @param there how many bytes are there @param length how many the field has
   * @returns the length of a value that is cut
   */
  #nameIn(bytes: Buffer, at: number, there: number, length: number, offset: number): number | undefined {
    let split = at
    const last = at + Math.min(there, longestName + 1)
    while (split < last && bytes[split] !== equals) split += 1
    if (split === at || split === last) throw new ParseError(`Cannot read field at ${offset}: it has no name`)
    this.#name = this.#names.at(bytes, at, split)
    this.#split = split
    const valueLength = length - (split + 1 - at)
    return valueLength > this.#fieldBytes ? valueLength : undefined
  }

  #make(
    offset: number,
    place: number,
    isShared: boolean,
    bytes: Buffer,
    at: number,
    there: number,
    cutFrom: number | undefined,
  ): Datum {
    const name = this.#name
    const split = this.#split
    const kept = cutFrom === undefined ? there : split + 1 + this.#fieldBytes - at
    const isKept = isShared && kept <= mostKeptBytes
    const datum = isKept ? this.#keep(offset, place, bytes, at, kept) : this.#lend(bytes, at, kept)
    datum.name = name
    datum.high = this.#jenkins.high
    datum.low = this.#jenkins.low
    datum.cutFrom = cutFrom
    datum.boot = name.isBoot ? bytes.toString('latin1', split + 1, at + kept) : undefined
    datum.isDriver = name.isTransport && bytes.toString('latin1', split + 1, at + kept) === 'driver'
    datum.isPlain = cutFrom === undefined && datum.boot === undefined && !datum.isDriver && name.isKept
    return datum
  }

  #keep(offset: number, place: number, bytes: Buffer, at: number, length: number): Datum {
    if (this.#keptBytes + length > this.#budget.fieldBytes) this.forgetAll()
    let which = place
    while (which < place + ways && this.#offsets[which] !== 0) which += 1
    if (which === place + ways) {
      which = place + (this.#turn++ % ways)
      this.#empty(which)
    }
    const own = Buffer.allocUnsafe(length)
    bytes.copy(own, 0, at, at + length)
    const datum = new Datum(this.#name, own)
    datum.to = length
    this.#offsets[which] = offset
    this.#kept[which] = datum
    this.#keptBytes += costOf(datum)
    return datum
  }

  /** It stays in the window that it was found in. */
  #lend(bytes: Buffer, at: number, length: number): Datum {
    this.#windows.lend()
    let datum = this.#own[this.#ownCount]
    if (datum === undefined) {
      datum = new Datum(this.#name, bytes)
      this.#own.push(datum)
    }
    this.#ownCount += 1
    datum.bytes = bytes
    datum.from = at
    datum.to = at + length
    datum.batch = 0
    return datum
  }
}
