/**
 * What tells one log from another whatever it is called: its first line, and what lies before the place where reading
 * goes on. A name, an inode or a size may belong to another log tomorrow.
 */
import { createHash } from 'node:crypto'

/** A first line longer than this is told by so much of it. */
const headerBytes = 1024
/** So much of what lies before the offset is compared. */
export const tailBytes = 64

/** Where bytes come from: a file, or what is in a compressed one. */
export interface Content {
  /** Up to so many bytes; fewer only at the end. */
  read(at: number, length: number): Promise<Buffer>
}

/** @returns 16 hexadecimal digits; undefined while the first line is not whole @param isFinal take what is there */
export async function fingerprint(content: Content, isFinal = false): Promise<string | undefined> {
  const head = await content.read(0, headerBytes)
  const newline = head.indexOf(0x0a)
  if (newline < 0 && head.length < headerBytes && !isFinal) return undefined
  if (head.length === 0) return undefined
  return digest(newline < 0 ? head : head.subarray(0, newline + 1))
}

/** Of the last bytes before an offset. */
export function tailDigest(before: Buffer): string {
  return digest(before.subarray(Math.max(0, before.length - tailBytes)))
}

/** Whether this content has, up to the offset, what was read: its first line and the last bytes. */
export async function continues(
  content: Content,
  { header, offset, tail }: { readonly header: string; readonly offset: number; readonly tail: string },
): Promise<boolean> {
  if ((await fingerprint(content, true)) !== header) return false
  if (offset === 0) return true
  const from = Math.max(0, offset - tailBytes)
  const before = await content.read(from, offset - from)
  return before.length === offset - from && tailDigest(before) === tail
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}
