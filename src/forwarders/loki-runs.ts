/**
 * What a batch's entries are made of, as runs of bytes one behind the other, and for each entry a list of which it has: no
 * object is made for any of them, and what many entries have is there once. One maker is used for batch after batch.
 *
 * A run is a pair of metadata (loki-pair.ts), a text, or a part of a pair: all of it but the digits it ends in, which the
 * run behind it has.
 */
import { copyBytes } from '../copy-bytes.ts'
import { Decimal } from './decimal.ts'
import { head, pairOf, pairTag, valueTag, varintLength } from './loki-pair.ts'
import { fewestCopied, furthest, type SnappyBlock } from './snappy-block.ts'

/** What is kept from one batch to the next; a larger one's is given back. */
const mostKeptBytes = 4 << 20

/** The begin of a pair whose value is a text and a number behind it; it is one maker's alone. */
export interface NumberedName {
  readonly name: Buffer
  readonly text: string
  /** By the count of digits, the run that is all of it but those; valid in the batch of this turn. */
  readonly heads: Int32Array
  turn: number
  readonly decimal: Decimal
}

export function numberedName(name: Buffer, text = ''): NumberedName {
  return { name, text, heads: new Int32Array(20).fill(-1), turn: -1, decimal: new Decimal() }
}

export class Runs {
  #bytes = Buffer.allocUnsafeSlow(1 << 18)
  #length = 0
  /** Where each run begins, and as the last one where the next will. */
  #begins = new Uint32Array(1 << 12)
  #count = 0
  /** Where each was last written, counted through all blocks; 0: nowhere. */
  #written = new Float64Array(1 << 12)
  /** Of all blocks before the one that is written. */
  #writtenBefore = 1
  /** The head of each, by number; 0: none. */
  #headOf = new Uint32Array(1 << 12)
  /** How long each head is, and where it was last written. */
  readonly #headLengths: number[] = [0]
  readonly #headsWritten: number[] = [0]
  #lists = new Uint32Array(1 << 15)
  #end = 0
  #from = 0
  #listBytes = 0
  #pairs = 0
  #turn = 0

  /** Begins another batch. What was made before is gone. */
  clear(): void {
    if (this.#bytes.length > mostKeptBytes) this.#bytes = Buffer.allocUnsafeSlow(1 << 18)
    this.#length = 0
    this.#count = 0
    this.#headLengths.length = 1
    this.#headsWritten.length = 1
    this.#end = 0
    this.#turn += 1
  }

  /** Makes a pair of a text. @returns its run */
  addPair(name: Buffer, value: string): number {
    return this.addBytes(pairOf(name, value))
  }

  /** @returns their run */
  addBytes(bytes: Uint8Array): number {
    this.#makeRoom(bytes.length)
    this.#bytes.set(bytes, this.#length)
    return this.#made(this.#length + bytes.length)
  }

  /** @returns the run of a part of these */
  addPart(bytes: Buffer, from: number, to: number): number {
    this.#makeRoom(to - from)
    copyBytes(bytes, from, to, this.#bytes, this.#length)
    return this.#made(this.#length + to - from)
  }

  /** Pairs of one name begin alike where their values are equally long. @returns the number of such a beginning */
  addHead(): number {
    this.#headsWritten.push(0)
    return this.#headLengths.push(0) - 1
  }

  /** Makes a pair of bytes that are plain text; `head` is of its name and length. @returns its run */
  addPlain(name: Buffer, bytes: Buffer, from: number, to: number, headNumber: number): number {
    const length = to - from
    const inner = name.length + 1 + varintLength(length) + length
    this.#makeRoom(inner + 8)
    let at = head(this.#bytes, this.#length, pairTag, inner)
    copyBytes(name, 0, name.length, this.#bytes, at)
    at = head(this.#bytes, at + name.length, valueTag, length)
    copyBytes(bytes, from, to, this.#bytes, at)
    this.#headLengths[headNumber] = at - this.#length
    const run = this.#made(at + length)
    this.#headOf[run] = headNumber
    return run
  }

  bytesOf(run: number): Buffer {
    return this.#bytes.subarray(this.#begins[run], this.#begins[run + 1])
  }

  lengthOf(run: number): number {
    return (this.#begins[run + 1] ?? 0) - (this.#begins[run] ?? 0)
  }

  begin(): void {
    this.#from = this.#end
    this.#listBytes = 0
    this.#pairs = 0
  }

  /** Gives up the list in hand. */
  end(): void {
    this.#end = this.#from
  }

  /** Puts a pair on the list in hand. */
  put(run: number): void {
    this.#pairs += 1
    this.#putRun(run)
  }

  /** Makes a pair and puts it on the list in hand. */
  putNew(name: Buffer, value: string): void {
    this.put(this.addPair(name, value))
  }

  /** The same of a number, from 0 to 2^53. */
  putNumber(name: NumberedName, value: number): void {
    const { decimal } = name
    decimal.set(value)
    const { digits, length } = decimal
    if (name.turn !== this.#turn) {
      name.heads.fill(-1)
      name.turn = this.#turn
    }
    let run = name.heads[length] ?? -1
    if (run < 0) {
      const whole = pairOf(name.name, name.text + '0'.repeat(length))
      run = this.addBytes(whole.subarray(0, whole.length - length))
      name.heads[length] = run
    }
    this.put(run)
    this.#putRun(this.addPart(digits, 0, length))
  }

  /** Brings the list in hand within these bounds: of what does not fit, `omitted` makes a pair out of the count. */
  bound(mostPairs: number, mostBytes: number, omitted: Buffer): void {
    if (this.#pairs > mostPairs || this.#listBytes > mostBytes) this.#shorten(mostPairs, mostBytes, omitted)
  }

  /** Where in the lists the one in hand begins and ends, and the bytes of all its runs. */
  get listFrom(): number {
    return this.#from
  }

  get listTo(): number {
    return this.#end
  }

  get listBytes(): number {
    return this.#listBytes
  }

  /** Makes room for so many more on the list in hand. @returns the lists, to be written from `listTo` on */
  reserve(count: number): Uint32Array {
    while (this.#end + count > this.#lists.length) this.#growLists()
    return this.#lists
  }

  /** The list in hand goes up to here: pairs of one run each, of so many bytes. */
  extend(to: number, bytes: number): void {
    this.#pairs += to - this.#end
    this.#listBytes += bytes
    this.#end = to
  }

  /** Begins a block. */
  beginBlock(block: SnappyBlock, contentLength: number): void {
    this.#writtenBefore += block.at + furthest + 1
    block.begin(contentLength)
  }

  /** Writes the runs of a list. */
  write(from: number, to: number, block: SnappyBlock): void {
    for (let place = from; place < to; place++) this.writeRun(this.#lists[place] ?? 0, block)
  }

  writeRun(run: number, block: SnappyBlock): void {
    const begin = this.#begins[run] ?? 0
    const end = this.#begins[run + 1] ?? 0
    const here = this.#writtenBefore + block.at
    const distance = here - (this.#written[run] ?? 0)
    this.#written[run] = here
    if (distance <= furthest && end - begin >= fewestCopied) block.repeat(distance, end - begin)
    else block.bytes(this.#bytes, begin + this.#repeatHead(run, here, block), end)
  }

  /** @returns how much of the run was written so */
  #repeatHead(run: number, here: number, block: SnappyBlock): number {
    const number = this.#headOf[run] ?? 0
    if (number === 0) return 0
    const length = this.#headLengths[number] ?? 0
    const distance = here - (this.#headsWritten[number] ?? 0)
    this.#headsWritten[number] = here
    if (distance > furthest || length < fewestCopied) return 0
    block.repeat(distance, length)
    return length
  }

  #putRun(run: number): void {
    if (this.#end === this.#lists.length) this.#growLists()
    this.#lists[this.#end++] = run
    this.#listBytes += (this.#begins[run + 1] ?? 0) - (this.#begins[run] ?? 0)
  }

  #growLists(): void {
    const larger = new Uint32Array(this.#lists.length * 2)
    larger.set(this.#lists)
    this.#lists = larger
  }

  /** The run in hand ends there. */
  #made(end: number): number {
    const run = this.#count++
    if (run + 1 === this.#begins.length) {
      const begins = new Uint32Array(this.#begins.length * 2)
      begins.set(this.#begins)
      this.#begins = begins
      const written = new Float64Array(begins.length)
      written.set(this.#written)
      this.#written = written
      const headOf = new Uint32Array(begins.length)
      headOf.set(this.#headOf)
      this.#headOf = headOf
    }
    this.#headOf[run] = 0
    this.#begins[run] = this.#length
    this.#begins[run + 1] = end
    this.#written[run] = 0
    this.#length = end
    return run
  }

  /** The first come first: Remora's own always fit. */
  #shorten(mostPairs: number, mostBytes: number, omitted: Buffer): void {
    const all = this.#lists.slice(this.#from, this.#end)
    this.#end = this.#from
    this.#listBytes = 0
    this.#pairs = 0
    let left = 0
    for (let place = 0; place < all.length; ) {
      const run = all[place++] ?? 0
      // A pair that ends in digits is two runs, and every whole one begins with its tag.
      const digits = place < all.length && !this.#isPair(all[place] ?? 0) ? all[place++] : undefined
      const bytes = this.lengthOf(run) + (digits === undefined ? 0 : this.lengthOf(digits))
      if (this.#pairs >= mostPairs || this.#listBytes + bytes > mostBytes) left += 1
      else {
        this.put(run)
        if (digits !== undefined) this.#putRun(digits)
      }
    }
    this.putNew(omitted, String(left))
  }

  #isPair(run: number): boolean {
    return this.#bytes[this.#begins[run] ?? 0] === pairTag
  }

  #makeRoom(length: number): void {
    if (this.#length + length <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
