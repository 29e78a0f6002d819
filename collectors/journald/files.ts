/**
 * The journal files of this machine: /run/log/journal (volatile) and /var/log/journal (persistent) hold a folder
 * `<machine id>` or `<machine id>.<namespace>` for each machine id that the image has had. /var/log/journal/remote,
 * where systemd-journal-remote keeps the journals of others, has no such name and is left out.
 * Only the header of a file is read, 272 bytes at its begin.
 * @see https://systemd.io/JOURNAL_FILE_FORMAT/
 */
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Tree } from '../../src/tree.ts'

export interface JournalFolder {
  /** Empty for the default one. */
  readonly namespace: string
  /** On this machine. */
  readonly path: string
  /** Tells it from one that was removed and made again. */
  readonly inode: number
}

export interface JournalFile {
  readonly path: string
  readonly folder: string
  /** Which journald counted its entries; without entries it means nothing. */
  readonly seqnumId: string
  /** It is the first file of its id: no number before its head was given under that id. */
  readonly isOrigin: boolean
  /** The numbers of its first and last entry. */
  readonly head: number
  readonly tail: number
  readonly entries: number
  readonly sizeBytes: number
  /** False: the end of the file is missing. */
  readonly isWhole: boolean
  readonly headMicroseconds: number
  readonly tailMicroseconds: number
}

export const roots = ['run/log/journal', 'var/log/journal']
const folderName = /^[0-9a-f]{32}(?:\.(.+))?$/
const signature = 'LPKSHHRH'
/** Up to tail_entry_realtime, which the oldest format has. */
const headerBytes = 208

/** The folders of every namespace that hold a journal file, sorted. @throws the system error of one that may not be listed */
export async function journalFolders(host: Tree): Promise<JournalFolder[]> {
  const folders: JournalFolder[] = []
  for (const root of roots) {
    for (const name of await host.list(root)) {
      const match = folderName.exec(name)
      if (!match) continue
      if (!(await host.list(`${root}/${name}`)).some(isJournal)) continue
      const path = host.resolve(`${root}/${name}`)
      const found = await stat(path).catch(() => undefined) // Removed since the listing.
      if (found) folders.push({ namespace: match[1] ?? '', path, inode: found.ino })
    }
  }
  return folders
}

export function isJournal(name: string): boolean {
  return name.endsWith('.journal') || name.endsWith('.journal~')
}

/** The files of these folders that have a header and an entry. One that is gone, short or damaged is left out. */
export async function journalFiles(host: Tree, folders: readonly JournalFolder[]): Promise<JournalFile[]> {
  return (await headersOf(host, folders)).flatMap(({ file }) => file ?? [])
}

/** The paths of those that have no header of a journal file, or whose end is missing. */
export async function damagedFiles(host: Tree, folders: readonly JournalFolder[]): Promise<string[]> {
  return (await headersOf(host, folders)).flatMap(({ path, header, file }) =>
    (file?.isWhole ?? isEmpty(header)) ? [] : [path],
  )
}

async function headersOf(host: Tree, folders: readonly JournalFolder[]) {
  const found: { path: string; header: Buffer; file: JournalFile | undefined }[] = []
  for (const { path: folder } of folders) {
    const inside = folder.slice(host.root === '/' ? 0 : host.root.length)
    for (const name of await host.list(inside)) {
      if (!isJournal(name)) continue
      const path = join(folder, name)
      const read = await readHeader(path).catch(() => undefined) // Vacuumed since the listing.
      if (!read) continue
      const file = parseHeader(read.header, path, folder, read)
      found.push({ path, header: read.header, file: file && isPlausible(file) ? file : undefined })
    }
  }
  return found
}

async function readHeader(path: string): Promise<{ header: Buffer } & Size> {
  await using file = await open(path, 'r')
  const header = Buffer.alloc(headerBytes)
  const { bytesRead } = await file.read(header, 0, headerBytes, 0)
  const { size, blocks } = await file.stat()
  return { header: header.subarray(0, bytesRead), length: size, sizeBytes: blocks * 512 }
}

interface Size {
  /** Up to its end. */
  readonly length: number
  /** What it takes. */
  readonly sizeBytes: number
}

function hasSignature(header: Buffer): boolean {
  return header.length >= headerBytes && header.toString('latin1', 0, 8) === signature
}

/** Whether it is that of a journal file without an entry. */
function isEmpty(header: Buffer): boolean {
  return hasSignature(header) && header.readBigUInt64LE(152) === 0n
}

/** Whether the counts of a header can be true. */
function isPlausible({ head, tail, entries }: JournalFile): boolean {
  return head > 0 && entries <= tail - head + 1 && Number.isSafeInteger(tail)
}

/** @returns undefined if it is not the header of a journal file with an entry */
export function parseHeader(
  header: Buffer,
  path: string,
  folder: string,
  { length, sizeBytes }: Size,
): JournalFile | undefined {
  const number = (at: number) => Number(header.readBigUInt64LE(at))
  if (!hasSignature(header)) return undefined
  const entries = number(152)
  if (entries === 0) return undefined
  return {
    path,
    folder,
    seqnumId: header.toString('hex', 72, 88),
    isOrigin: header.compare(header, 24, 40, 72, 88) === 0,
    tail: number(160),
    head: number(168),
    entries,
    sizeBytes,
    isWhole: length >= number(88) + number(96),
    headMicroseconds: number(184),
    tailMicroseconds: number(192),
  }
}
