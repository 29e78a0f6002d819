/**
 * One journal file, read from its first entry or from a number on, once to its end and then on as it grows. Entries that
 * are damaged are passed and counted; where the arrays that list them are, entries are looked for object by object.
 */
import { closeSync, fstatSync, openSync } from 'node:fs'
import { ParseError } from '../../../src/errors.ts'
import { Budget } from './budget.ts'
import { Entries, type FileEntry } from './entries.ts'
import { EntryArrays } from './entry-arrays.ts'
import { Fields } from './fields.ts'
import { type FileHeader, headerBytes, parseHeader } from './header.ts'
import { salvage } from './salvage.ts'
import { Windows } from './windows.ts'

/** The file is of a newer systemd: journalctl may know it. */
export class UnknownFlagsError extends ParseError {
  override name = 'UnknownFlagsError'
}

const all = () => true

/** What a damaged header may hide behind its last object. */
const lastObjectBytes = 64 << 20
/** How far back a whole entry is looked for. */
const mostSteps = 16

export class OpenJournal implements Disposable {
  readonly path: string
  readonly inode: number
  readonly #descriptor: number
  readonly #budget: Budget
  readonly #windows: Windows
  readonly #fields: Fields
  readonly #entries: Entries
  #arrays: EntryArrays
  /** As last looked at, and room for the next look. */
  #headerBuffer = Buffer.alloc(headerBytes)
  #headerRoom = Buffer.alloc(headerBytes)
  #header: FileHeader
  #last = 0
  /** Entries up to this number were taken before. */
  #seekTo = 0
  #lastOffset: number
  #salvaging: Generator<FileEntry, void> | undefined
  /** What was wrong with the first entry that was passed, since it was last taken. */
  #damage: ParseError | undefined
  #peeked: FileEntry | undefined
  /** Entries that could not be read; infinite once arrays of them could not, for then nobody knows. */
  damaged = 0

  /**
   * @param fieldBytes the most that is kept of one field's value
   * @throws {ParseError} if it is no journal file
   * @throws {UnknownFlagsError} if it has flags that we do not know
   */
  constructor(
    path: string,
    fieldBytes: number,
    keeps: (name: string) => boolean = all,
    budget = new Budget(),
  ) {
    this.path = path
    this.#budget = budget
    this.#descriptor = openSync(path, 'r')
    budget.files += 1
    try {
      this.inode = fstatSync(this.#descriptor).ino
      this.#windows = new Windows(this.#descriptor, budget)
      this.#header = this.#readHeader()
      const { unknownFlags } = this.#header
      if (unknownFlags !== 0)
        throw new UnknownFlagsError(
          `Cannot read journal file "${path}": incompatible flags 0x${unknownFlags.toString(16)} of a newer systemd`,
        )
      this.#fields = new Fields(this.#windows, this.#header, fieldBytes, keeps, budget)
      this.#entries = new Entries(this.#windows, this.#fields, this.#header)
      this.#arrays = new EntryArrays(this.#windows, this.#header.entryArrayOffset, this.#header.isCompact)
      this.#lastOffset = this.#header.headerSize
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  get header(): FileHeader {
    return this.#header
  }

  /** Whether it has a name no more: it was vacuumed. */
  get isDeleted(): boolean {
    return fstatSync(this.#descriptor).nlink === 0
  }

  /** Looks at the header. @returns whether there are more entries @throws {ParseError} if it is no header any more */
  refresh(): boolean {
    const before = this.#header
    const there = this.#windows.readInto(this.#headerRoom, 0)
    // Most looks find nothing.
    if (there === headerBytes && this.#headerRoom.equals(this.#headerBuffer)) return false
    const header = this.#readHeader()
    if (header.entries === before.entries) {
      this.#header = header
      return false
    }
    // Objects before the last one of then were whole.
    this.#windows.forgetFrom(before.tailObjectOffset)
    this.#header = header
    return true
  }

  /** Goes on behind this number: what is before it was taken. */
  seek(seqnum: number): void {
    this.#last = Math.max(this.#last, seqnum)
    this.#seekTo = seqnum
    this.#seek((offset) => this.#entries.seqnumAt(offset) > seqnum)
  }

  /** Goes to the last entry before the first of this time or later, microseconds since the epoch, and shows it. */
  lastBefore(realtime: number): FileEntry | undefined {
    this.#seek((offset) => this.#entries.realtimeAt(offset) >= realtime)
    const { index } = this.#arrays
    for (let at = index - 1; at >= 0 && at >= index - mostSteps; at--) {
      this.#arrays = new EntryArrays(this.#windows, this.#header.entryArrayOffset, this.#header.isCompact)
      this.#seek(undefined, at)
      const entry = this.peek()
      if (entry && entry.realtime < realtime) return entry
    }
    return undefined
  }

  /** Goes on at the first entry of another boot than the next one's. @returns whether there is one */
  seekBoot(bootId: string): boolean {
    this.#seek((offset) => this.#entries.bootAt(offset) !== bootId)
    return this.#arrays.index < this.#header.entries
  }

  /** Where it cannot be done, every entry from here on will be looked at. */
  #seek(isBeyond: ((offset: number) => boolean) | undefined, index = 0): void {
    this.#peeked = undefined
    try {
      if (isBeyond) this.#arrays.seek(this.#header.entries, isBeyond)
      else this.#arrays.goTo(index)
    } catch (error) {
      if (!(error instanceof ParseError)) throw error
    }
    this.#windows.startAnew()
  }

  /** @returns the next entry without taking it; undefined when there is none yet, or none any more */
  peek(): FileEntry | undefined {
    this.#peeked ??= this.#next()
    return this.#peeked
  }

  /** Takes what `peek` showed. */
  take(): void {
    this.#peeked = undefined
  }

  /** @returns what was wrong with the first entry that was passed, since the last call */
  takeDamage(): ParseError | undefined {
    const damage = this.#damage
    this.#damage = undefined
    return damage
  }

  /** Gives back the memory of what was read, where many files share it; it can be read on. */
  rest(): void {
    if (this.#budget.files <= 4) return
    this.#windows.forgetFrom(0)
    this.#fields.forgetAll()
  }

  [Symbol.dispose](): void {
    this.#budget.files -= 1
    closeSync(this.#descriptor)
  }

  #next(): FileEntry | undefined {
    for (;;) {
      const entry = this.#salvaging ? this.#salvaged() : this.#listed()
      if (entry === 'damaged') continue
      if (entry === undefined) return undefined
      this.#last = entry.seqnum
      this.#lastOffset = entry.offset
      return entry
    }
  }

  #listed(): FileEntry | 'damaged' | undefined {
    try {
      const offset = this.#arrays.next(this.#header.entries)
      if (offset === undefined) return undefined
      try {
        if (offset <= this.#lastOffset)
          throw new ParseError(`Cannot read entry at ${offset}: it is out of order`)
        const entry = this.#entries.at(offset)
        const { seqnum } = entry
        if (this.#mayBe(seqnum)) return entry
        if (seqnum <= this.#seekTo) return 'damaged'
        throw new ParseError(`Cannot read entry at ${offset}: number ${seqnum} is out of order`)
      } catch (error) {
        return this.#damaged(error)
      }
    } catch (error) {
      this.#damaged(error)
      this.damaged = Number.POSITIVE_INFINITY
      const { tailObjectOffset } = this.#header
      const to = Math.min(
        this.#windows.fileBytes,
        Math.max(tailObjectOffset, this.#lastOffset) + lastObjectBytes,
      )
      this.#salvaging = salvage(this.#windows, this.#entries, this.#lastOffset, to, this.#last, this.#header)
      return 'damaged'
    }
  }

  #salvaged(): FileEntry | undefined {
    return this.#salvaging?.next().value ?? undefined
  }

  /**
   * Whether the entry that was listed last can have this number, which no hash covers: as many as are listed before it
   * have lower ones, as many as are listed behind it have higher ones. Where the file has every number there is one left.
   */
  #mayBe(seqnum: number): boolean {
    if (seqnum <= this.#last) return false
    const { headSeqnum, tailSeqnum, entries, numbersAgree } = this.#header
    const { index } = this.#arrays
    if (numbersAgree && (seqnum < headSeqnum + index - 1 || seqnum > tailSeqnum - (entries - index)))
      return false
    if (seqnum === this.#last + 1) return true
    const following = this.#following()
    return following > this.#last ? seqnum < following : numbersAgree || seqnum === tailSeqnum
  }

  /** The number of the entry behind; 0 if none is there. */
  #following(): number {
    const next = this.#arrays.peek(this.#header.entries)
    if (next === undefined) return 0
    try {
      return this.#entries.seqnumAt(next)
    } catch (error) {
      if (error instanceof ParseError) return 0
      throw error
    }
  }

  #damaged(error: unknown): 'damaged' {
    if (!(error instanceof ParseError)) throw error
    this.damaged += 1
    this.#damage ??= error
    return 'damaged'
  }

  #readHeader(): FileHeader {
    const room = this.#headerRoom.fill(0)
    const there = this.#windows.readInto(room, 0)
    const header = parseHeader(room.subarray(0, there), this.path)
    this.#headerRoom = this.#headerBuffer
    this.#headerBuffer = room
    return header
  }
}
