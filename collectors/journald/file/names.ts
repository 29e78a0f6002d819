/** The names of fields. They are few, so each is made a text once and found again by its bytes. */

export interface Name {
  readonly text: string
  readonly bytes: Buffer
  /** Fields of this name are wanted. */
  readonly isKept: boolean
  readonly isBoot: boolean
  readonly isTransport: boolean
}

function nameOf(text: string, isKept: boolean): Name {
  const bytes = Buffer.from(text, 'latin1')
  return { text, bytes, isKept, isBoot: text === '_BOOT_ID', isTransport: text === '_TRANSPORT' }
}

export const noName = nameOf('', false)

/** A damaged file, or a program that makes names of what should be values, brings more. */
const most = 1024

export class Names {
  readonly #keeps: (name: string) => boolean
  /** By length and last bytes. */
  readonly #known = new Map<number, Name>()

  constructor(keeps: (name: string) => boolean) {
    this.#keeps = keeps
  }

  at(bytes: Buffer, from: number, to: number): Name {
    const length = to - from
    const key = (length << 16) | ((bytes[to - 1] ?? 0) << 8) | (bytes[to - 2] ?? 0)
    const known = this.#known.get(key)
    if (known !== undefined && isSame(bytes, from, known.bytes, length)) return known
    const text = bytes.toString('latin1', from, to)
    const name = nameOf(text, this.#keeps(text))
    if (known !== undefined || this.#known.size < most) this.#known.set(key, name)
    return name
  }
}

function isSame(bytes: Buffer, from: number, known: Buffer, length: number): boolean {
  if (known.length !== length) return false
  for (let index = 0; index < length; index++) if (bytes[from + index] !== known[index]) return false
  return true
}
