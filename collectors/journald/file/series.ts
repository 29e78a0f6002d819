/** Files that one journald has written under one name and sequence-number id, one after the other. */
import { ParseError } from '../../../src/errors.ts'
import type { Budget } from './budget.ts'
import type { FileEntry } from './entries.ts'
import type { ListedFile } from './listing.ts'
import type { Damage } from './losses.ts'
import { OpenJournal, UnknownFlagsError } from './open-journal.ts'

export interface Opening {
  /** The most that is kept of one field's value. */
  readonly fieldBytes: number
  readonly budget: Budget
  keeps(name: string): boolean
  /** Whether entries of this folder are copies where they came out of another one before. */
  isCopied(folder: string): boolean
  /** Told of files that cannot be read. */
  skip(error: Error): void
  /** Told of a file whose last entries, up to this number, could not be read. */
  cutShort(seqnumId: string, tail: number, damage: Damage): void
}

/** A file of 128 MiB, which is journald's largest, has fewer entries. */
const mostAtOnce = 1 << 24

const undamaged: Damage = { count: 0, isDeleted: false, path: 'any file', why: undefined }

export class Series {
  readonly seqnumId: string
  readonly folder: string
  readonly writer: string
  readonly isCopied: boolean
  readonly #opening: Opening
  #files: readonly ListedFile[] = []
  #open: OpenJournal | undefined
  /** Inodes of files that were read to their end, or cannot be. */
  readonly #done = new Set<number>()
  /** The last number taken from it. */
  #last: number
  /** The file in hand was archived or removed. */
  #isOver = false
  /** Of the file in hand, entries damaged since the last one that was not. */
  #damagedBefore = 0

  constructor({ seqnumId, folder, writer }: ListedFile, last: number, opening: Opening) {
    this.seqnumId = seqnumId
    this.folder = folder
    this.writer = writer
    this.isCopied = opening.isCopied(folder)
    this.#last = last
    this.#opening = opening
  }

  /** Makes the files known that there are now. */
  know(files: readonly ListedFile[]): void {
    this.#files = files.toSorted((a, b) => a.head - b.head)
    const inodes = new Set(files.map(({ inode }) => inode))
    const inHand = files.find(({ inode }) => inode === this.#open?.inode)
    this.#isOver = inHand === undefined || inHand.isArchived
    for (const inode of this.#done) if (!inodes.has(inode)) this.#done.delete(inode)
  }

  /** Whether a file is open that may grow. */
  get isLive(): boolean {
    return this.#open !== undefined && !this.#open.header.isArchived
  }

  /** Microseconds since the epoch of the next entry, without opening a file for it; undefined: there is none. */
  get from(): number | undefined {
    const entry = this.#open?.peek()
    if (entry) return entry.realtime
    const next = this.#nextFile()
    return next && Math.max(0, next.head > this.#last ? next.headMicroseconds : 0)
  }

  /** @returns the next entry without taking it */
  peek(): FileEntry | undefined {
    for (;;) {
      const entry = this.#open?.peek()
      if (entry !== undefined) return entry
      if (!this.#advance()) return undefined
    }
  }

  take(entry: FileEntry): void {
    this.#last = entry.seqnum
    this.#open?.take()
  }

  /** Looks at the header of the file in hand. */
  refresh(): void {
    try {
      this.#open?.refresh()
    } catch (error) {
      this.#giveUp(error)
    }
  }

  /** @returns what of the entries before the one in hand could not be read */
  takeDamage(): Damage {
    const open = this.#open
    if (!open || open.damaged === this.#damagedBefore) return undamaged
    const isEndless = open.damaged === Number.POSITIVE_INFINITY
    const count = isEndless ? open.damaged : open.damaged - this.#damagedBefore
    this.#damagedBefore = open.damaged
    return { count, isDeleted: open.isDeleted, path: open.path, why: open.takeDamage() }
  }

  /** Closes its file, to open it again where it was: one that is removed must not be kept. */
  close(): void {
    this.#open?.[Symbol.dispose]()
    this.#open = undefined
    this.#damagedBefore = 0
    this.#isOver = false
  }

  /** Leaves a file that was read to its end, or begins the next. @returns whether there may be an entry now */
  #advance(): boolean {
    const open = this.#open
    const next = this.#nextFile()
    if (open) {
      const isOver = this.#isOver || open.header.isArchived
      if (!isOver && !next) {
        open.rest()
        return false
      }
      // What was written between the last look and the rename is there now.
      if (this.#grew(open)) return true
      if (this.#open) this.#end(open)
    }
    if (!next) return false
    try {
      this.#open = new OpenJournal(
        next.path,
        this.#opening.fieldBytes,
        this.#opening.keeps,
        this.#opening.budget,
      )
      // Renamed since the listing, so that another has its name.
      if (this.#open.inode !== next.inode) throw Object.assign(new Error('another file'), { code: 'ENOENT' })
      this.#isOver = next.isArchived
      this.#open.seek(this.#last)
    } catch (error) {
      this.#giveUp(error, next)
    }
    return true
  }

  #grew(open: OpenJournal): boolean {
    try {
      return open.refresh()
    } catch (error) {
      this.#giveUp(error)
      return false
    }
  }

  #end(open: OpenJournal): void {
    this.#done.add(open.inode)
    if (open.damaged !== this.#damagedBefore) {
      const { tailSeqnum, entries } = open.header
      const next = this.#nextFile()
      // The header may be damaged too: no number is counted that it cannot have.
      const tail =
        next?.seqnumId === this.seqnumId ? next.head - 1 : Math.min(tailSeqnum, this.#last + entries)
      if (tail > this.#last && tail - this.#last < mostAtOnce) {
        this.#opening.cutShort(this.seqnumId, tail, this.takeDamage())
        this.#last = tail
      }
    }
    this.close()
  }

  /** The first file that may have an entry to come. */
  #nextFile(): ListedFile | undefined {
    return this.#files.find(
      ({ inode, tail, isArchived }) =>
        inode !== this.#open?.inode && !this.#done.has(inode) && (tail > this.#last || !isArchived),
    )
  }

  /** @throws {UnknownFlagsError} if journalctl may be able to read it */
  #giveUp(error: unknown, file?: ListedFile): void {
    const inode = file?.inode ?? this.#open?.inode
    this.close()
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      // Renamed or vacuumed since the listing, which is made again.
      this.#files = this.#files.filter((one) => one.inode !== inode)
      return
    }
    // An archived file may only be damaged; where the one in use has such flags, the others will have them too.
    if (error instanceof UnknownFlagsError && file?.isArchived !== true) throw error
    if (!(error instanceof ParseError)) throw error
    if (inode !== undefined) this.#done.add(inode)
    this.#opening.skip(error)
  }
}
