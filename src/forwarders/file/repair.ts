/** Closes what a dead agent left open: everything after the last whole frame is cut off, never what lies before. */
import { open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { type SegmentFile, syncFolder } from './folder.ts'
import { formatName } from './segment-name.ts'
import { frameLength, zstdMagic } from './zstd-frame.ts'

const decompress = promisify(zstdDecompress)
const newline = 0x0a

/** Cuts a file's torn end and gives it its final name; without one whole frame it is removed. */
export async function repair(folder: string, left: SegmentFile): Promise<void> {
  const path = join(folder, left.file)
  {
    await using handle = await open(path, 'r+')
    const { bytes, records } = await wholeFrames(await handle.readFile())
    if (bytes > 0) {
      await handle.truncate(bytes)
      await handle.sync()
      await rename(path, join(folder, formatName({ ...left.name, records })))
    } else {
      await unlink(path)
    }
  }
  await syncFolder(folder)
}

/**
 * Looks for frames that decode, checksum included. A damaged one with whole ones behind it is passed over.
 * @returns where the last one ends, and the lines in all of them
 */
export async function wholeFrames(file: Buffer): Promise<{ bytes: number; records: number }> {
  let bytes = 0
  let records = 0
  for (let from = 0; ; ) {
    const start = file.indexOf(zstdMagic, from)
    if (start < 0) return { bytes, records }
    const lines = await decode(file, start)
    if (lines === undefined) {
      from = start + 1
      continue
    }
    bytes = from = start + lines.frameBytes
    records += lines.count
  }
}

async function decode(
  file: Buffer,
  start: number,
): Promise<{ frameBytes: number; count: number } | undefined> {
  const frameBytes = frameLength(file, start)
  if (frameBytes === undefined) return undefined
  try {
    const text = await decompress(file.subarray(start, start + frameBytes))
    return { frameBytes, count: text.reduce((count, byte) => count + Number(byte === newline), 0) }
  } catch {
    return undefined // Its size is whole, its content is not: it was never acknowledged, or is damaged.
  }
}
