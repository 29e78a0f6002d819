/**
 * The pairs of a batch's entries, as bytes one behind the other, and for each entry a list of which it has: no object is
 * made for any of them. One maker is used for batch after batch.
 */
import { head, pairOf, pairTag, valueTag, varintLength } from './loki-pair.ts'

/** A list: `from` and `to` are places in the lists, of a begin and an end each. */
export interface PairList {
  readonly from: number
  readonly to: number
  /** Of all its pairs. */
  readonly bytes: number
}

export class Pairs {
  #bytes = Buffer.allocUnsafeSlow(1 << 18)
  #length = 0
  #lists = new Uint32Array(1 << 15)
  #end = 0
  #from = 0
  #listBytes = 0

  /** Begins another batch. What was made before is gone. */
  clear(): void {
    this.#length = 0
    this.#end = 0
  }

  /** Where the next pair will begin; behind the last one. */
  get length(): number {
    return this.#length
  }

  /** Makes a pair of a text. */
  add(name: Buffer, value: string): void {
    this.addBytes(pairOf(name, value))
  }

  /** Adds a pair that is made. */
  addBytes(pair: Uint8Array): void {
    this.#reserve(pair.length)
    this.#bytes.set(pair, this.#length)
    this.#length += pair.length
  }

  /** Makes a pair of bytes that are plain text. */
  addPlain(name: Buffer, bytes: Buffer, from: number, to: number): void {
    const length = to - from
    const inner = name.length + 1 + varintLength(length) + length
    this.#reserve(inner + 8)
    let at = head(this.#bytes, this.#length, pairTag, inner)
    this.#bytes.set(name, at)
    at = head(this.#bytes, at + name.length, valueTag, length)
    copy(bytes, from, to, this.#bytes, at)
    this.#length = at + length
  }

  begin(): void {
    this.#from = this.#end
    this.#listBytes = 0
  }

  /** Gives up the list in hand. */
  end(): void {
    this.#end = this.#from
  }

  /** Puts a pair, which lies there, on the list in hand. */
  put(from: number, to: number): void {
    if (this.#end + 2 > this.#lists.length) {
      const larger = new Uint32Array(this.#lists.length * 2)
      larger.set(this.#lists)
      this.#lists = larger
    }
    this.#lists[this.#end++] = from
    this.#lists[this.#end++] = to
    this.#listBytes += to - from
  }

  /** Makes a pair and puts it on the list in hand. */
  putNew(name: Buffer, value: string): void {
    const from = this.#length
    this.add(name, value)
    this.put(from, this.#length)
  }

  /** @returns the list in hand, within these bounds: of what does not fit, `omitted` makes a pair out of the count */
  list(mostPairs: number, mostBytes: number, omitted: Buffer): PairList {
    const from = this.#from
    const count = (this.#end - from) / 2
    if (count > mostPairs || this.#listBytes > mostBytes) this.#bound(mostPairs, mostBytes, omitted)
    return { from, to: this.#end, bytes: this.#listBytes }
  }

  /** Copies the pairs of a list. @returns the offset behind them */
  copyTo({ from, to }: PairList, target: Buffer, offset: number): number {
    let at = offset
    for (let place = from; place < to; place += 2) {
      const begin = this.#lists[place] ?? 0
      const end = this.#lists[place + 1] ?? 0
      copy(this.#bytes, begin, end, target, at)
      at += end - begin
    }
    return at
  }

  /** The first come first: Remora's own always fit. */
  #bound(mostPairs: number, mostBytes: number, omitted: Buffer): void {
    const all = this.#lists.slice(this.#from, this.#end)
    this.#end = this.#from
    this.#listBytes = 0
    let left = 0
    for (let place = 0; place < all.length; place += 2) {
      const from = all[place] ?? 0
      const to = all[place + 1] ?? 0
      if ((this.#end - this.#from) / 2 >= mostPairs || this.#listBytes + to - from > mostBytes) left += 1
      else this.put(from, to)
    }
    this.putNew(omitted, String(left))
  }

  #reserve(length: number): void {
    if (this.#length + length <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

/** A call of the runtime costs more than a few bytes. */
function copy(source: Buffer, from: number, to: number, target: Buffer, at: number): void {
  if (to - from > 64) source.copy(target, at, from, to)
  else for (let index = from; index < to; index++) target[at + index - from] = source[index] ?? 0
}
