/** One field of an entry, as its file has it. */
import type { Field } from '../../../src/model.ts'
import type { Name } from './names.ts'

/** Made once and filled again and again where a field is no other entry's. */
export class Datum {
  // First what is asked of every field of every entry, so that it lies together.
  /** Jenkins' hash of the whole of it; of one that is cut what the file says, which only tells where it has no keyed hash. */
  high = 0
  low = 0
  /** It is neither cut, nor _BOOT_ID or _TRANSPORT=driver, and wanted: in every entry alike. */
  isPlain = false
  /** The last batch that has it, as a count of batches, and its index there. */
  batch = 0
  index = 0
  name: Name
  /** `NAME=value`, or the first bytes of it that are kept. */
  bytes: Buffer
  from = 0
  to = 0
  /** The true length of a value that is longer than the bound. */
  cutFrom: number | undefined
  /** Of _BOOT_ID its value: it must be the entry's boot. */
  boot: string | undefined
  /** It is _TRANSPORT=driver: journald itself speaks. */
  isDriver = false

  constructor(name: Name, bytes: Buffer) {
    this.name = name
    this.bytes = bytes
  }

  /** A copy. */
  get field(): Field {
    const { text } = this.name
    return [text, Buffer.from(this.bytes.subarray(this.from + text.length + 1, this.to))]
  }
}
