/** The folder of a `file` sink: made and synced, listed, and asked how much it may hold. */
import { lstat, mkdir, open, readdir, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parseName, type SegmentName } from './segment-name.ts'

export interface SegmentFile {
  readonly file: string
  readonly name: SegmentName
  readonly bytes: number
  /** When it was last written, milliseconds since the epoch, by the file system's clock. */
  readonly writtenMilliseconds: number
}

const shareOfFileSystem = 0.05

/** The error code of a system call that failed, else ''. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Makes the folder and those above it; what was made is on the disk afterwards. */
export async function makeFolder(folder: string): Promise<void> {
  const path = resolve(folder)
  try {
    await mkdir(path) // Not `recursive`, which calls a read-only file system ENOENT.
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return
    if (errorCode(error) !== 'ENOENT') throw error
    await makeFolder(dirname(path))
    await mkdir(path)
  }
  await syncFolder(dirname(path))
}

export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    // Some network file systems know no sync of a folder; theirs are made durable by the server.
    if (!['EINVAL', 'ENOTSUP', 'ENOSYS'].includes(errorCode(error))) throw error
  }
}

/** The files that agents of this node wrote, oldest first. A link, pipe or folder of such a name is none of them. */
export async function listSegments(folder: string, node: string): Promise<SegmentFile[]> {
  const found: SegmentFile[] = []
  for (const file of await readdir(folder)) {
    const name = parseName(file)
    if (name?.node !== node) continue
    try {
      const status = await lstat(join(folder, file))
      if (!status.isFile()) continue
      const { size, mtimeMs } = status
      found.push({ file, name, bytes: size, writtenMilliseconds: mtimeMs })
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error // Deleted or renamed since the listing.
    }
  }
  return found.sort(byAge)
}

function byAge(a: SegmentFile, b: SegmentFile): number {
  return a.name.startMilliseconds - b.name.startMilliseconds || a.name.counter - b.name.counter
}

/** How many bytes the folder may hold: the configured bound, or 5 % of its file system if that is less. */
export async function boundBytes(folder: string, mostBytes: number): Promise<number> {
  const { blocks, bsize } = await statfs(folder)
  const size = blocks * bsize
  return size > 0 ? Math.min(mostBytes, Math.floor(size * shareOfFileSystem)) : mostBytes
}
