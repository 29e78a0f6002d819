/** A file that is held open: renamed or deleted, it stays the same one. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { Content } from './identity.ts'

/** An open file as content, with what the kernel says of it. */
export class OpenFile implements Content, AsyncDisposable {
  readonly #handle: FileHandle
  readonly device: number
  readonly inode: number

  private constructor(handle: FileHandle, device: number, inode: number) {
    this.#handle = handle
    this.device = device
    this.inode = inode
  }

  /** @returns undefined if it is not there (any more), or no plain file @throws the system error if it may not be read */
  static async open(path: string): Promise<OpenFile | undefined> {
    try {
      // A pipe that has taken the place of a log would keep a reader waiting for its writer.
      await using closing = new AsyncDisposableStack()
      const handle = closing.use(await open(path, constants.O_RDONLY | constants.O_NONBLOCK))
      const found = await handle.stat()
      if (!found.isFile()) return undefined
      closing.move()
      return new OpenFile(handle, found.dev, found.ino)
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
        return undefined
      throw error
    }
  }

  async read(at: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, at + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.subarray(0, filled)
  }

  /** Its size, and whether it has no name any more. */
  async look(): Promise<{ size: number; modified: number; isDeleted: boolean }> {
    const { size, mtimeMs, nlink } = await this.#handle.stat()
    return { size, modified: mtimeMs, isDeleted: nlink === 0 }
  }

  /** In bytes. */
  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  /** All of it from its beginning, whatever it is called by now. */
  stream(): Readable {
    return this.#handle.createReadStream({ start: 0, autoClose: false })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }
}
