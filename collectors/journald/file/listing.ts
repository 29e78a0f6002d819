/**
 * The journal files of one namespace as they come and go. Folders are listed again when their time says that a file was
 * made, renamed or removed; the header of an archived file, which does not change, is read once.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Tree } from '../../../src/tree.ts'
import { isJournal, type JournalFile, parseHeader as parseEntries, roots } from '../files.ts'
import { headerBytes, parseHeader } from './header.ts'

/** A change so young may have been followed by another one with the same time. */
const tickMilliseconds = 30

export interface ListedFile extends JournalFile {
  readonly inode: number
  /** Nothing will be written to it any more. */
  readonly isArchived: boolean
  /** `system`, `user-1000`: files of one name follow one another. */
  readonly writer: string
}

interface Folder {
  readonly path: string
  /** As of the last listing. */
  changed: number
  isFresh: boolean
}

const folderName = /^[0-9a-f]{32}(?:\.(.+))?$/

export class Listing {
  readonly #namespace: string
  readonly #roots: readonly string[]
  readonly #folders = new Map<string, Folder>()
  /** By path. */
  #files: ReadonlyMap<string, ListedFile> = new Map()
  #bad: Error[] = []
  /** The paths of files that were found to be none. */
  readonly #told = new Set<string>()
  /** A file has no entry yet: its first one changes no folder. */
  #hasEmpty = false

  constructor(namespace: string, host: Tree) {
    this.#namespace = namespace
    this.#roots = roots.map((root) => host.resolve(root))
  }

  /** Those with an entry, as last listed. Of a live one only path, folder and writer stay true. */
  get files(): readonly ListedFile[] {
    return [...this.#files.values()]
  }

  /** Where its files are. */
  get folders(): readonly string[] {
    return [...this.#folders.keys()]
  }

  /** @returns files that are no journals, since the last call */
  takeBad(): readonly Error[] {
    const bad = this.#bad
    this.#bad = []
    return bad
  }

  /** Looks for the folders of the namespace. */
  findFolders(): void {
    for (const root of this.#roots) {
      for (const name of list(root)) {
        const match = folderName.exec(name)
        if (!match || (match[1] ?? '') !== this.#namespace) continue
        const path = join(root, name)
        if (!this.#folders.has(path)) this.#folders.set(path, { path, changed: -1, isFresh: true })
      }
    }
  }

  /** Lists the folders that have changed. @returns whether there were any */
  refresh(): boolean {
    let any = false
    for (const folder of this.#folders.values()) {
      if (this.#hasEmpty) any = true
      const stats = statOf(folder.path)
      const changed = stats?.mtimeMs ?? -1
      if (changed === folder.changed && !folder.isFresh) continue
      folder.changed = changed
      folder.isFresh = Date.now() - changed < tickMilliseconds && Date.now() >= changed
      any = true
    }
    if (any) this.relist()
    return any
  }

  /** Lists every folder, and reads the headers of live files. */
  relist(): void {
    const before = this.#files
    this.#hasEmpty = false
    const files = new Map<string, ListedFile>()
    for (const { path: folder } of this.#folders.values()) {
      for (const name of list(folder)) {
        if (!isJournal(name)) continue
        const path = join(folder, name)
        const known = before.get(path)
        const file = known?.isArchived ? known : this.#look(path, folder, name)
        if (file) files.set(path, file)
      }
    }
    this.#files = files
  }

  /** @returns undefined for one that has no entry, is gone, or is no journal */
  #look(path: string, folder: string, name: string): ListedFile | undefined {
    const header = Buffer.alloc(headerBytes)
    let descriptor: number | undefined
    try {
      descriptor = openSync(path, 'r')
      const there = readSync(descriptor, header, 0, headerBytes, 0)
      const { ino, blocks, size } = fstatSync(descriptor)
      const file =
        size === 0 ? undefined : parseEntries(header, path, folder, { length: size, sizeBytes: blocks * 512 })
      if (file === undefined) {
        this.#hasEmpty = true
        if (size > 0) parseHeader(header.subarray(0, there), path)
        return undefined
      }
      const { isArchived } = parseHeader(header.subarray(0, there), path)
      const [writer = name, ended] = name.replace(/\.journal~?$/, '').split('@')
      return { ...file, ...named(name), inode: ino, isArchived: isArchived || ended !== undefined, writer }
    } catch (error) {
      const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (error instanceof Error && !isGone && !this.#told.has(path)) this.#bad.push(error)
      if (!isGone) this.#told.add(path)
      return undefined
    } finally {
      if (descriptor !== undefined) closeSync(descriptor)
    }
  }
}

/** What journald says in the name of a file that it has archived, where nothing damages it. */
function named(name: string): Partial<Pick<ListedFile, 'seqnumId' | 'head'>> {
  const [, seqnumId, head] = /@([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{16}\.journal$/.exec(name) ?? []
  return seqnumId === undefined || head === undefined ? {} : { seqnumId, head: Number.parseInt(head, 16) }
}

function list(path: string): string[] {
  try {
    return readdirSync(path).sort()
  } catch {
    return [] // It is not there, or may not be read, which the probe says.
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}
