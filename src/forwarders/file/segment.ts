/** The one file being written: zstd frames one after another, each on the disk before it counts. */
import { constants } from 'node:fs'
import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, type SegmentFile, syncFolder } from './folder.ts'
import { formatName, type SegmentName } from './segment-name.ts'

/** The file is no longer where it was made: removed or taken over, with its folder or alone. */
export class SegmentGoneError extends Error {
  override name = 'SegmentGoneError'
}

const gone = new Set(['ENOENT', 'ENOTDIR', 'ESTALE'])

export interface Segment {
  readonly name: SegmentName
  /** Of whole, acknowledged frames. */
  bytes(): number
  /** Adds a frame; when this resolves it is on the disk. After any failure the file is cut back before the next one. */
  append(frame: Uint8Array, records: number, signal: AbortSignal): Promise<void>
  /** Syncs, gives it its final name and closes it; empty, it is removed. */
  finish(): Promise<SegmentFile | undefined>
  /** Lets go of the file as it is; nothing when it is closed already. */
  abandon(): Promise<void>
}

/** Makes a new file that no one else has. @throws system errors; EEXIST when the name is taken */
export async function createSegment(folder: string, name: SegmentName): Promise<Segment> {
  const path = join(folder, formatName(name))
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o640)
  try {
    const { ino, dev } = await handle.stat()
    await syncFolder(folder)
    return segmentOf(handle, { folder, path, ino, dev }, name)
  } catch (error) {
    await handle.close()
    throw error
  }
}

interface Place {
  readonly folder: string
  readonly path: string
  readonly ino: number
  readonly dev: number
}

function segmentOf(handle: FileHandle, { folder, path, ino, dev }: Place, name: SegmentName): Segment {
  let bytes = 0
  let records = 0
  /** Bytes beyond `bytes` may be in the file. */
  let torn = false

  async function cut(): Promise<void> {
    if (!torn) return
    await handle.truncate(bytes)
    torn = false
  }

  async function requireInPlace(): Promise<void> {
    const there = await stat(path).catch((error) => {
      if (gone.has(errorCode(error))) return undefined
      throw error
    })
    if (there?.ino !== ino || there.dev !== dev) throw new SegmentGoneError(`Cannot find "${path}" any more`)
  }

  return {
    name,
    bytes: () => bytes,
    async append(frame, count, signal) {
      await cut()
      torn = true
      await writeAll(handle, frame, bytes)
      await handle.sync()
      await requireInPlace()
      // A sender that no longer waits sends again: what it gave up on must not stay.
      signal.throwIfAborted()
      bytes += frame.length
      records += count
      torn = false
    },
    async finish() {
      await requireInPlace()
      await cut()
      await handle.sync()
      const closed = { ...name, records }
      const file = formatName(closed)
      await (bytes === 0 ? unlink(path) : rename(path, join(folder, file)))
      await handle.close()
      await syncFolder(folder)
      return bytes === 0 ? undefined : { file, name: closed, bytes, writtenMilliseconds: Date.now() }
    },
    abandon: () => handle.close(),
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, start + done)
    done += bytesWritten
  }
}
