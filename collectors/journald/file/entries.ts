/** The entries of a file: when, of which boot, and which fields; none is given out that is not as it was written. */
import { ParseError } from '../../../src/errors.ts'
import type { Datum } from './datum.ts'
import type { Fields } from './fields.ts'
import type { FileHeader } from './header.ts'
import { entryHeaderBytes, loadHeader, mostItems, numberAt, objectType } from './object.ts'
import type { Windows } from './windows.ts'

/** Valid until the next entry of its file is read. */
export interface FileEntry {
  readonly seqnum: number
  /** Microseconds since the epoch, and since that boot. */
  readonly realtime: number
  readonly monotonic: number
  readonly bootId: string
  /** XOR of Jenkins' hashes of the fields, as the entry says; the halves are signed. */
  readonly xorHigh: number
  readonly xorLow: number
  /** In the order of the entry. */
  readonly data: readonly Datum[]
  /** Where the entry is. */
  readonly offset: number
}

/** The same while it is read. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Of more fields any hash of 64 bits could be made, soon. */
const mostCombined = 40

export class Entries {
  readonly #windows: Windows
  readonly #fields: Fields
  readonly #isKeyed: boolean
  readonly #itemBytes: number
  readonly #data: Datum[] = []
  /** What `at` returns, each time. */
  readonly #entry: Mutable<FileEntry> = {
    seqnum: 0,
    realtime: 0,
    monotonic: 0,
    bootId: '',
    xorHigh: 0,
    xorLow: 0,
    data: this.#data,
    offset: 0,
  }
  readonly #offsets = new Float64Array(mostItems)
  /** The boot of the entry before: mostly this one's too. */
  readonly #boot = new Int32Array(4)
  #bootId = '0'.repeat(32)

  constructor(windows: Windows, fields: Fields, { isCompact, isKeyed }: FileHeader) {
    this.#windows = windows
    this.#fields = fields
    this.#isKeyed = isKeyed
    this.#itemBytes = isCompact ? 4 : 16
  }

  /** The sequence number alone, of an entry that may yet turn out damaged. @throws {ParseError} if no entry is there */
  seqnumAt(offset: number): number {
    loadHeader(this.#windows, offset, objectType.entry, entryHeaderBytes)
    return numberAt(this.#windows.words, (this.#windows.at + 16) >> 2)
  }

  /** Microseconds since the epoch, in the same way. @throws {ParseError} if no entry is there */
  realtimeAt(offset: number): number {
    loadHeader(this.#windows, offset, objectType.entry, entryHeaderBytes)
    return numberAt(this.#windows.words, (this.#windows.at + 24) >> 2)
  }

  /** The boot, in the same way. @throws {ParseError} if no entry is there */
  bootAt(offset: number): string {
    loadHeader(this.#windows, offset, objectType.entry, entryHeaderBytes)
    return this.#bootOf(this.#windows.words, (this.#windows.at + 40) >> 2)
  }

  /** @throws {ParseError} if no entry is there, or it is not as it was written */
  at(offset: number): FileEntry {
    this.#fields.begin()
    const size = loadHeader(this.#windows, offset, objectType.entry, entryHeaderBytes)
    const count = Math.floor((size - entryHeaderBytes) / this.#itemBytes)
    if (count === 0 || count > mostItems)
      throw new ParseError(`Cannot read entry at ${offset}: ${count} fields, expected 1 to ${mostItems}`)
    this.#windows.load(offset, entryHeaderBytes + count * this.#itemBytes)
    const { words } = this.#windows
    const at = this.#windows.at >> 2
    const seqnum = numberAt(words, at + 4)
    const realtime = numberAt(words, at + 6)
    const monotonic = numberAt(words, at + 8)
    const bootId = this.#bootOf(words, at + 10)
    const xorLow = words[at + 14] ?? 0
    const xorHigh = words[at + 15] ?? 0
    if (
      seqnum === 0 ||
      !Number.isSafeInteger(seqnum) ||
      realtime === 0 ||
      !isTime(realtime) ||
      !isTime(monotonic)
    )
      throw new ParseError(`Cannot read entry at ${offset}: it has no number or time`)
    // A field may bring another window into view, so where all of them are is read first.
    const offsets = this.#offsets
    const items = at + (entryHeaderBytes >> 2)
    if (this.#itemBytes === 4)
      for (let index = 0; index < count; index++) offsets[index] = (words[items + index] ?? 0) >>> 0
    else for (let index = 0; index < count; index++) offsets[index] = numberAt(words, items + index * 4)
    const data = this.#data
    data.length = count
    let said: string | undefined
    let high = xorHigh
    let low = xorLow
    for (let index = 0; index < count; index++) {
      const datum = this.#fields.at(offsets[index] ?? 0)
      high ^= datum.high
      low ^= datum.low
      if (!datum.isPlain && datum.boot !== undefined && said !== bootId) said = datum.boot
      data[index] = datum
    }
    if (said !== undefined && said !== bootId)
      throw new ParseError(`Cannot read entry at ${offset}: it is of two boots`)
    if ((high !== 0 || low !== 0) && !this.#isWhole(data, high, low)) {
      for (let index = 0; index < count; index++) this.#fields.forget(this.#offsets[index] ?? 0)
      throw new ParseError(`Cannot read entry at ${offset}: its fields are not what was written`)
    }
    const entry = this.#entry
    entry.seqnum = seqnum
    entry.realtime = realtime
    entry.monotonic = monotonic
    entry.bootId = bootId
    entry.xorHigh = xorHigh
    entry.xorLow = xorLow
    entry.offset = offset
    return entry
  }

  /**
   * Whether an entry whose hashes do not cancel out is whole all the same. Fields that a program gave twice are in the
   * entry once, while both are in its hash: then what is left is made of hashes of its fields. A damaged one that was
   * given twice leaves its hash there too, so those are compared with their own hashes. So is each field where one is cut
   * and its hash is keyed, for then nothing is known of that one; and where there are so many that any difference could
   * be made of them.
   */
  #isWhole(data: readonly Datum[], high: number, low: number): boolean {
    const isOwn = (datum: Datum, index: number) => this.#fields.isWhole(this.#offsets[index] ?? 0, datum)
    if (data.length > mostCombined || (this.#isKeyed && data.some(({ cutFrom }) => cutFrom !== undefined)))
      return data.every(isOwn)
    const given = combination(
      data.map((datum) => join(datum.high, datum.low)),
      join(high, low),
    )
    return given !== undefined && data.every((datum, index) => !given.has(index) || isOwn(datum, index))
  }

  #bootOf(words: Int32Array, at: number): string {
    const boot = this.#boot
    if (
      words[at] !== boot[0] ||
      words[at + 1] !== boot[1] ||
      words[at + 2] !== boot[2] ||
      words[at + 3] !== boot[3]
    ) {
      boot.set(words.subarray(at, at + 4))
      this.#bootId = Buffer.from(boot.buffer).toString('hex')
    }
    return this.#bootId
  }
}

/** @returns indices of hashes whose XOR is this one; undefined if none make it */
function combination(hashes: readonly bigint[], wanted: bigint): Set<number> | undefined {
  // Gauss' elimination; below each hash are bits that say of which ones it is made.
  const independent: bigint[] = []
  const reduced = (row: bigint) =>
    independent.reduce((left, one) => {
      const other = left ^ one
      if (other < left) return other
      return left
    }, row)
  const width = BigInt(hashes.length)
  for (const [index, hash] of hashes.entries()) {
    const row = reduced((hash << width) | (1n << BigInt(index)))
    if (row >> width !== 0n) independent.push(row)
  }
  const left = reduced(wanted << width)
  if (left >> width !== 0n) return undefined
  return new Set([...hashes.keys()].filter((index) => (left >> BigInt(index)) & 1n))
}

/** VALID_REALTIME and VALID_MONOTONIC of systemd: below 2^55. */
function isTime(microseconds: number): boolean {
  return microseconds < 2 ** 55 && Number.isSafeInteger(microseconds)
}

function join(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
}
