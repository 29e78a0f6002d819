/** What is in a gzip or zstd file, read forward: the rest of a log that was compressed before it was read. */
import type { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import type { Content } from './identity.ts'
import type { OpenFile } from './open-file.ts'

const forwardBytes = 256 << 10

export function isCompressed(name: string): boolean {
  return /\.(?:gz|zst)$/.test(name)
}

export class Compressed implements Content, AsyncDisposable {
  readonly #file: OpenFile
  readonly #isGzip: boolean
  #stream: Readable | undefined
  #pieces: AsyncIterator<Buffer> | undefined
  /** What was unpacked and may be asked for again, from here on. */
  #from = 0
  #window: Buffer = Buffer.alloc(0)
  #isTorn = false

  /** @param file closed with this @param name ends in `.gz` or `.zst` */
  constructor(file: OpenFile, name: string) {
    this.#file = file
    this.#isGzip = name.endsWith('.gz')
  }

  /** Whether it ended too early, as one that is still being written does. */
  get isTorn(): boolean {
    return this.#isTorn
  }

  async read(at: number, length: number): Promise<Buffer> {
    if (this.#pieces === undefined || at < this.#from) this.#begin()
    while (this.#from + this.#window.length < at + length) {
      const piece = await this.#next()
      if (piece === undefined) break
      const drop = Math.min(Math.max(0, at - this.#from), this.#window.length)
      this.#window = Buffer.concat([this.#window.subarray(drop), piece])
      this.#from += drop
    }
    const begin = at - this.#from
    return Buffer.from(this.#window.subarray(begin, begin + length))
  }

  /** In bytes, unpacked: it is read to its end for this. */
  async size(): Promise<number> {
    let size = this.#from + this.#window.length
    for (let length = 1; length > 0; size += length) length = (await this.read(size, forwardBytes)).length
    return size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream?.destroy()
    await this.#file[Symbol.asyncDispose]()
  }

  #begin(): void {
    this.#stream?.destroy()
    const unpack = this.#isGzip ? createGunzip() : createZstdDecompress()
    const file = this.#file.stream()
    file.on('error', (error) => unpack.destroy(error))
    unpack.on('close', () => file.destroy())
    this.#stream = file.pipe(unpack)
    this.#pieces = this.#stream[Symbol.asyncIterator]()
    this.#from = 0
    this.#window = Buffer.alloc(0)
    this.#isTorn = false
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const next = await this.#pieces?.next()
      return next === undefined || next.done ? undefined : next.value
    } catch {
      this.#isTorn = true
      return undefined
    }
  }
}
