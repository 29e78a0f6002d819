/**
 * The fields of a file. A field that several entries have is one data object that each of them points to, so it is read,
 * unpacked and hashed once, and all of them share it.
 */
import { ParseError } from '../../../src/errors.ts'
import type { Field } from '../../../src/model.ts'
import type { Budget } from './budget.ts'
import { decompress, type Payload } from './decompress.ts'
import type { FileHeader } from './header.ts'
import { Jenkins } from './jenkins.ts'
import { dataHeaderBytes, loadHeader, objectType } from './object.ts'
import { siphash24 } from './siphash.ts'
import type { Windows } from './windows.ts'

export interface Datum {
  /** Its value is at most the bound long. */
  readonly field: Field
  /** The true length of a value that is longer than the bound. */
  readonly cutFrom: number | undefined
  /** Jenkins' hash of the whole of it; of one that is cut what the file says, which only tells where it has no keyed hash. */
  readonly high: number
  readonly low: number
  readonly isKept: boolean
  /** Of _BOOT_ID its value: it must be the entry's boot. */
  readonly boot: string | undefined
  /** It is _TRANSPORT=driver: journald itself speaks. */
  readonly isDriver: boolean
  /** The last batch that has it, so that its bytes are counted once. */
  batch: number
  /** Bytes it takes in memory, about. */
  readonly bytes: number
}

/** Names are few. Others than journald's own come from a damaged file. */
const longestName = 64
const equals = 0x3d
const mostData = 16_384
/** What a datum takes beside its value. */
const overheadBytes = 200

export class Fields {
  readonly #windows: Windows
  readonly #header: FileHeader
  readonly #fieldBytes: number
  readonly #keeps: (name: string) => boolean
  readonly #budget: Budget
  readonly #jenkins = new Jenkins()
  /** By offset. The older generation goes when the younger is full; what is used again moves to it. */
  #young = new Map<number, Datum>()
  #old = new Map<number, Datum>()
  #youngBytes = 0
  readonly #names = new Map<string, string>()

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
    this.#keeps = keeps
    this.#budget = budget
    this.#windows = windows
    this.#header = header
    this.#fieldBytes = fieldBytes
  }

  /** @throws {ParseError} if there is no field at this offset */
  at(offset: number): Datum {
    const key = offset / 8
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const datum = this.#old.get(key) ?? this.#read(offset)
    if (this.#youngBytes > this.#budget.fieldBytes || this.#young.size >= mostData) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(key, datum)
    this.#youngBytes += datum.bytes
    return datum
  }

  /** Forgets what was read before it was known to be whole: a file that is written to may have it right the next time. */
  forget(offset: number): void {
    this.#young.delete(offset / 8)
    this.#old.delete(offset / 8)
  }

  forgetAll(): void {
    this.#young.clear()
    this.#old.clear()
    this.#youngBytes = 0
  }

  /** Whether the object's own hash, of the kind its file has, is that of its bytes. One that is cut counts as whole. */
  isWhole(offset: number): boolean {
    const { field, cutFrom, high, low } = this.at(offset)
    if (cutFrom !== undefined) return true
    loadHeader(this.#windows, offset, objectType.data, this.#headerBytes())
    const { bytes, at } = this.#windows
    const said = bytes.readBigUInt64LE(at + 16)
    if (!this.#header.isKeyed) return said === BigInt.asUintN(64, (BigInt(high) << 32n) | BigInt(low >>> 0))
    const key = Buffer.from(this.#header.fileId, 'hex')
    return said === siphash24(key, Buffer.concat([Buffer.from(`${field[0]}=`), field[1]]))
  }

  #headerBytes(): number {
    return this.#header.isCompact ? dataHeaderBytes.compact : dataHeaderBytes.regular
  }

  #read(offset: number): Datum {
    const headerBytes = this.#headerBytes()
    const size = loadHeader(this.#windows, offset, objectType.data, headerBytes)
    const head = this.#windows.bytes
    const headAt = this.#windows.at
    const flags = head.readUInt8(headAt + 1)
    const saidHigh = head.readInt32LE(headAt + 20)
    const saidLow = head.readInt32LE(headAt + 16)
    const length = size - headerBytes
    const most = this.#fieldBytes + longestName + 1
    if (flags === 0) {
      this.#windows.load(offset + headerBytes, Math.min(length, most))
      const { bytes, at } = this.#windows
      return this.#make(offset, bytes, at, Math.min(length, most), length, saidHigh, saidLow)
    }
    // Of a field that is cut only the begin is unpacked, but a part of a file is not read as if it were whole.
    this.#windows.load(offset + headerBytes, length)
    const { bytes, at } = this.#windows
    const payload = this.#unpack(offset, flags, bytes.subarray(at, at + length), most)
    return this.#make(offset, payload.bytes, 0, payload.bytes.length, payload.length, saidHigh, saidLow)
  }

  #unpack(offset: number, flags: number, packed: Buffer, most: number): Payload {
    try {
      return decompress(flags, packed, most)
    } catch (cause) {
      throw new ParseError(`Cannot read field at ${offset}`, { cause })
    }
  }

  #make(
    offset: number,
    bytes: Buffer,
    at: number,
    there: number,
    length: number,
    saidHigh: number,
    saidLow: number,
  ): Datum {
    const split = bytes.indexOf(equals, at)
    if (split <= at || split >= at + there || split - at > longestName)
      throw new ParseError(`Cannot read field at ${offset}: it has no name`)
    const name = this.#name(bytes, at, split)
    const valueLength = length - (split + 1 - at)
    const isCut = valueLength > this.#fieldBytes
    const end = isCut ? split + 1 + this.#fieldBytes : at + there
    const value = Buffer.allocUnsafe(end - split - 1)
    bytes.copy(value, 0, split + 1, end)
    const jenkins = this.#jenkins
    if (isCut) {
      jenkins.high = saidHigh
      jenkins.low = saidLow
    } else jenkins.of(bytes, at, at + length)
    return {
      field: [name, value],
      cutFrom: isCut ? valueLength : undefined,
      high: jenkins.high,
      low: jenkins.low,
      isKept: this.#keeps(name),
      isDriver: name === '_TRANSPORT' && value.toString('latin1') === 'driver',
      batch: -1,
      boot: name === '_BOOT_ID' ? value.toString('latin1') : undefined,
      bytes: value.length + overheadBytes,
    }
  }

  #name(bytes: Buffer, from: number, to: number): string {
    const name = bytes.toString('latin1', from, to)
    const known = this.#names.get(name)
    if (known !== undefined) return known
    if (this.#names.size < 1024) this.#names.set(name, name)
    return name
  }
}
