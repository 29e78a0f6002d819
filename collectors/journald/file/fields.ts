/**
 * The fields of a file. A field that several entries have is one data object that each of them points to, so it is read,
 * unpacked and hashed once, and all of them share it; one that a single entry has is not kept.
 */
import { ParseError } from '../../../src/errors.ts'
import type { Budget } from './budget.ts'
import { Datum } from './datum.ts'
import { decompress, type Payload } from './decompress.ts'
import { type FileHeader, readNumber } from './header.ts'
import { Jenkins } from './jenkins.ts'
import { Names } from './names.ts'
import { dataHeaderBytes, loadHeader, objectType } from './object.ts'
import { siphash24 } from './siphash.ts'
import type { Windows } from './windows.ts'

/** journald takes no longer one. */
const longestName = 64
const equals = 0x3d
/** A larger field is not kept. */
const mostKeptBytes = 16 << 10

export class Fields {
  readonly #windows: Windows
  readonly #header: FileHeader
  readonly #headerBytes: number
  readonly #fieldBytes: number
  readonly #budget: Budget
  readonly #names: Names
  readonly #jenkins = new Jenkins()
  /** Places for fields kept: two for each remainder of their offset, the last comers'. */
  readonly #mask: number
  readonly #offsets: Float64Array
  readonly #kept: (Datum | undefined)[]
  #keptBytes = 0
  /** Fields of the entry in hand that no other one has, and their bytes. */
  readonly #own: Datum[] = []
  #ownCount = 0
  #ownBytes = Buffer.allocUnsafeSlow(16 << 10)
  #ownLength = 0

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
    this.#mask = budget.places - 2
    this.#offsets = new Float64Array(budget.places)
    this.#kept = new Array(budget.places).fill(undefined)
  }

  /** Begins another entry: what `at` has shown may be written over. */
  begin(): void {
    this.#ownCount = 0
    this.#ownLength = 0
    if (this.#ownBytes.length > 1 << 20) this.#ownBytes = Buffer.allocUnsafeSlow(16 << 10)
  }

  /** @throws {ParseError} if there is no field at this offset */
  at(offset: number): Datum {
    const place = (offset >>> 2) & this.#mask
    const which = this.#offsets[place] === offset ? place : place + 1
    if (this.#offsets[which] === offset) {
      const kept = this.#kept[which]
      if (kept !== undefined) return kept
    }
    return this.#read(offset, place)
  }

  /** Forgets what was read before it was known to be whole: a file that is written to may have it right the next time. */
  forget(offset: number): void {
    const place = (offset >>> 2) & this.#mask
    for (const which of [place, place + 1]) if (this.#offsets[which] === offset) this.#offsets[which] = 0
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

  #read(offset: number, place: number): Datum {
    const headerBytes = this.#headerBytes
    const size = loadHeader(this.#windows, offset, objectType.data, headerBytes)
    const head = this.#windows.bytes
    const headAt = this.#windows.at
    const flags = head.readUInt8(headAt + 1)
    this.#jenkins.high = head.readInt32LE(headAt + 20)
    this.#jenkins.low = head.readInt32LE(headAt + 16)
    const isShared = readNumber(head, headAt + 56) > 1
    const length = size - headerBytes
    const most = this.#fieldBytes + longestName + 1
    const there = flags === 0 ? Math.min(length, most) : length
    this.#windows.load(offset + headerBytes, there)
    const { bytes, at } = this.#windows
    if (flags === 0) return this.#make(offset, place, isShared, bytes, at, there, length)
    const payload = this.#unpack(offset, flags, bytes.subarray(at, at + length), most)
    return this.#make(offset, place, isShared, payload.bytes, 0, payload.bytes.length, payload.length)
  }

  #unpack(offset: number, flags: number, packed: Buffer, most: number): Payload {
    try {
      return decompress(flags, packed, most)
    } catch (cause) {
      throw new ParseError(`Cannot read field at ${offset}`, { cause })
    }
  }

  /** @param there how many bytes are there @param length how many the field has */
  #make(
    offset: number,
    place: number,
    isShared: boolean,
    bytes: Buffer,
    at: number,
    there: number,
    length: number,
  ): Datum {
    let split = at
    const last = at + Math.min(there, longestName + 1)
    while (split < last && bytes[split] !== equals) split += 1
    if (split === at || split === last) throw new ParseError(`Cannot read field at ${offset}: it has no name`)
    const name = this.#names.at(bytes, at, split)
    const valueLength = length - (split + 1 - at)
    const isCut = valueLength > this.#fieldBytes
    const kept = isCut ? split + 1 + this.#fieldBytes - at : there
    // What is cut is not hashed: then the hash stays what the file says.
    if (!isCut) this.#jenkins.of(bytes, at, at + length)
    const isKept = isShared && kept <= mostKeptBytes
    const datum = isKept
      ? this.#keep(offset, place, name, bytes, at, kept)
      : this.#lend(name, bytes, at, kept)
    datum.cutFrom = isCut ? valueLength : undefined
    datum.high = this.#jenkins.high
    datum.low = this.#jenkins.low
    const { text } = name
    datum.boot = text === '_BOOT_ID' ? bytes.toString('latin1', split + 1, at + kept) : undefined
    datum.isDriver = text === '_TRANSPORT' && bytes.toString('latin1', split + 1, at + kept) === 'driver'
    return datum
  }

  #keep(
    offset: number,
    place: number,
    name: Datum['name'],
    bytes: Buffer,
    at: number,
    length: number,
  ): Datum {
    if (this.#keptBytes + length > this.#budget.fieldBytes) this.forgetAll()
    const own = Buffer.allocUnsafe(length)
    bytes.copy(own, 0, at, at + length)
    const datum = new Datum(name, own)
    datum.to = length
    this.#offsets[place + 1] = this.#offsets[place] ?? 0
    this.#kept[place + 1] = this.#kept[place]
    this.#offsets[place] = offset
    this.#kept[place] = datum
    this.#keptBytes += length + 200
    return datum
  }

  #lend(name: Datum['name'], bytes: Buffer, at: number, length: number): Datum {
    if (this.#ownLength + length > this.#ownBytes.length) {
      // What was lent before keeps the bytes it has.
      this.#ownBytes = Buffer.allocUnsafeSlow(Math.max(this.#ownBytes.length, length))
      this.#ownLength = 0
    }
    bytes.copy(this.#ownBytes, this.#ownLength, at, at + length)
    let datum = this.#own[this.#ownCount]
    if (datum === undefined) {
      datum = new Datum(name, this.#ownBytes)
      this.#own.push(datum)
    }
    this.#ownCount += 1
    datum.name = name
    datum.bytes = this.#ownBytes
    datum.from = this.#ownLength
    this.#ownLength += length
    datum.to = this.#ownLength
    datum.rows = undefined
    return datum
  }
}
