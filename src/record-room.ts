/** The memory of records that are columns (record-columns.ts): it grows with them, and is used again or given back. */

/** 32-bit words of a record's two times. */
export const timeWords = 4

/** Room for so many records, and for these indices. */
export class Room {
  indices: Uint32Array
  ends: Uint32Array
  streamOf: Uint32Array
  sequences: Float64Array
  monotonics: Float64Array
  words: Int32Array

  constructor(records: number, indices: Uint32Array) {
    this.indices = indices
    this.ends = new Uint32Array(records)
    this.streamOf = new Uint32Array(records)
    this.sequences = new Float64Array(records)
    this.monotonics = new Float64Array(records)
    this.words = new Int32Array(records * timeWords)
  }

  growIndices(least: number): void {
    this.indices = larger(this.indices, new Uint32Array(Math.max(this.indices.length * 2, least)))
  }

  growRecords(): void {
    const records = this.ends.length * 2
    this.ends = larger(this.ends, new Uint32Array(records))
    this.streamOf = larger(this.streamOf, new Uint32Array(records))
    this.sequences = larger(this.sequences, new Float64Array(records))
    this.monotonics = larger(this.monotonics, new Float64Array(records))
    this.words = larger(this.words, new Int32Array(records * timeWords))
  }
}

function larger<T extends Uint32Array | Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** Smaller ones may share their memory with others. */
const fewestFreedBytes = 128 << 10

/** Gives it back at once, where the garbage collector would find much of it late. Nobody may look at it any more. */
export function free({ buffer }: Uint8Array | Uint32Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= fewestFreedBytes) buffer.transfer(0)
}
