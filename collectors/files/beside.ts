/** What lies beside a log under the names that rotation gives: opened and compared. */
import { Compressed, isCompressed } from './compressed.ts'
import type { Sibling } from './find.ts'
import { type Content, continues, fingerprint, tailDigest } from './identity.ts'
import { OpenFile } from './open-file.ts'
import type { FilePosition } from './position.ts'

const compareBytes = 4096
const chunkBytes = 64 << 10

/** @returns undefined if another file is called so by now, which may have the same inode */
export async function contentOf(sibling: Sibling): Promise<OpenFile | Compressed | undefined> {
  const { path, device, inode, modified } = sibling
  await using closing = new AsyncDisposableStack()
  const file = closing.use(await OpenFile.open(path))
  if (file === undefined || file.device !== device || file.inode !== inode) return undefined
  if ((await file.look()).modified !== modified) return undefined
  closing.move()
  return isCompressed(path) ? new Compressed(file, path) : file
}

/** Whether one has nothing that the other has not at the same place: it is the other, or a copy that is being made. */
export async function isBeginning(one: OpenFile | Compressed, other: Content): Promise<boolean> {
  const size = await one.size()
  const from = Math.max(0, size - compareBytes)
  const [own, others] = await Promise.all([one.read(from, size - from), other.read(from, size - from)])
  return own.equals(others)
}

/** The place behind the last whole line. */
export async function endOf(content: Content, size: number): Promise<{ offset: number; tail: string }> {
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - chunkBytes)
    const bytes = await content.read(from, end - from)
    const newline = bytes.lastIndexOf(0x0a)
    if (newline >= 0) {
      const offset = from + newline + 1
      const before = Math.min(64, offset)
      return { offset, tail: tailDigest(await content.read(offset - before, before)) }
    }
    end = from
  }
  return { offset: 0, tail: '' }
}

/**
 * The rest of a known log: by its inode where that is still its own, else by what is in the files written to since, the
 * oldest first.
 * @param headerOf the first line of such a file
 */
export async function restOf(
  position: FilePosition,
  beside: readonly Sibling[],
  headerOf: (sibling: Sibling) => Promise<string | undefined> = readHeader,
): Promise<OpenFile | Compressed | undefined> {
  const { device, inode } = position
  const isSame = (one: Sibling) => one.inode === inode && one.device === device
  // What has more of it was written to at that time or later; a compressed file keeps the time, a copy has its own.
  const later = beside.filter((one) => !isSame(one) && one.modified >= position.modified)
  for (const one of [...beside.filter(isSame), ...later]) {
    if (!isSame(one) && (await headerOf(one)) !== position.header) continue
    await using closing = new AsyncDisposableStack()
    const content = closing.use(await contentOf(one))
    if (content === undefined || position.offset === 0 || !(await continues(content, position))) continue
    closing.move()
    return content
  }
  return undefined
}

/** @returns undefined if it is not there any more, or empty */
export async function readHeader(sibling: Sibling): Promise<string | undefined> {
  await using content = await contentOf(sibling)
  return content && (await fingerprint(content, true))
}
