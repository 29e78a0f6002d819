/**
 * How full the spool is and which sources must wait. The bound is the configured one or, when the file system has
 * less room, what leaves its reserve free: a spool never fills the root it protects. Room is given up above 90 %
 * (room.ts); when that does not help, sources are paused one after the other between 90 and 100 %, and resume in
 * reverse between 80 and 70 %.
 */
import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Database } from './database.ts'

export interface PressureOptions {
  readonly maxBytes: number
  readonly reserveRatio: number
  /** Paused first to last; sources that are not named are paused before all of them. */
  readonly pauseOrder: readonly string[]
  readonly clock: Clock
}

/** How long one look at the file system's room counts. */
const lookMilliseconds = 1000

/** Row, index and tree pages that a batch needs beside its payload. */
const overheadBytes = 8192

export class Pressure {
  /** Above this room is made, down to `relieved`. */
  static readonly full = 0.9
  static readonly relieved = 0.85

  readonly #options: PressureOptions
  readonly #paused = new Set<string>()
  #file: string | undefined
  #pageBytes = 4096
  #looked = Number.NEGATIVE_INFINITY
  #boundBytes: number

  constructor(options: PressureOptions) {
    this.#options = options
    this.#boundBytes = options.maxBytes
  }

  get paused(): readonly string[] {
    return [...this.#paused]
  }

  /** Sets the size of the write-ahead log, which counts against the bound. */
  standOn(db: Database, file: string | undefined): void {
    this.#file = file
    this.#looked = Number.NEGATIVE_INFINITY
    this.#boundBytes = this.#options.maxBytes
    this.#pageBytes = db.number('PRAGMA page_size')
    const pages = Math.max(16, Math.floor(this.#walBytes / 2 / this.#pageBytes))
    db.script(`PRAGMA wal_autocheckpoint = ${pages}; PRAGMA journal_size_limit = ${this.#walBytes}`)
  }

  /** Keeps the log within its share: one transaction may be larger, and the log stays as large as it has been. */
  trimLog(db: Database): void {
    if (this.#file === undefined || sizeOf(`${this.#file}-wal`) <= this.#walBytes) return
    try {
      db.emptyLog()
    } catch {
      // What was done is committed. If the disk refuses, the next transaction meets that and says so.
    }
  }

  /** File, write-ahead log and free pages. */
  used(db: Database, file: string | undefined): number {
    if (file === undefined) return db.number('PRAGMA page_count') * this.#pageBytes
    return sizeOf(file) + sizeOf(`${file}-wal`)
  }

  /** The bound in force: the configured one, or what the file system's reserve leaves. */
  bound(usedBytes: number): number {
    const { clock, maxBytes, reserveRatio } = this.#options
    if (this.#file === undefined || clock.monotonic() - this.#looked < lookMilliseconds)
      return this.#boundBytes
    this.#looked = clock.monotonic()
    try {
      const { bsize, blocks, bavail } = statfsSync(dirname(this.#file))
      const spare = bsize * (bavail - blocks * reserveRatio)
      this.#boundBytes = Math.max(0, Math.min(maxBytes, usedBytes + spare))
    } catch {
      this.#boundBytes = maxBytes // The folder is gone: the next transaction meets that and says so.
    }
    return this.#boundBytes
  }

  /** Whether the file takes more than the bound, which falls when others fill the file system. */
  exceeds(usedBytes: number): boolean {
    return this.#file !== undefined && usedBytes > this.bound(usedBytes)
  }

  /** The share of the bound that live pages and the incoming bytes take; free pages count as room. */
  fill(db: Database, usedBytes: number, incomingBytes: number): number {
    const livePages = db.number('PRAGMA page_count') - db.number('PRAGMA freelist_count')
    const incoming = incomingBytes === 0 ? 0 : incomingBytes + overheadBytes
    return (livePages * this.#pageBytes + incoming) / Math.max(1, this.bound(usedBytes) - this.#walBytes)
  }

  /** Whether room for so many bytes can be made at all. */
  canFit(usedBytes: number, incomingBytes: number): boolean {
    return (
      incomingBytes + overheadBytes <= Pressure.relieved * Math.max(1, this.bound(usedBytes) - this.#walBytes)
    )
  }

  fits(db: Database, usedBytes: number, incomingBytes: number): boolean {
    return this.fill(db, usedBytes, incomingBytes) <= 1
  }

  /** Whether a paused source has to go on waiting; ends its pause when not. */
  pauses(source: string, db: Database, usedBytes: number): boolean {
    if (!this.#paused.has(source)) return false
    if (
      this.fill(db, usedBytes, 0) >= this.#rung(source) - 0.2 &&
      db.number('SELECT count(*) FROM batch') > 0
    )
      return true
    this.#paused.delete(source)
    return false
  }

  /** @returns why the source may not commit now; it is paused then. An empty spool takes a batch of any size. */
  admit(source: string, db: Database, usedBytes: number, incomingBytes: number): string | undefined {
    if (this.pauses(source, db, usedBytes)) return `Cannot spool records of "${source}": it is paused`
    const fill = this.fill(db, usedBytes, incomingBytes)
    if (fill <= this.#rung(source) || db.number('SELECT count(*) FROM batch') === 0) return undefined
    this.#paused.add(source)
    return `Cannot spool records of "${source}": the spool is ${Math.round(fill * 100)} % full`
  }

  #rung(source: string): number {
    const { pauseOrder } = this.#options
    return (
      Pressure.full +
      (1 - Pressure.full) * ((pauseOrder.indexOf(source) + 1) / Math.max(1, pauseOrder.length))
    )
  }

  get #walBytes(): number {
    return Math.min(4 << 20, this.#options.maxBytes / 8)
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
