/**
 * All journal files of one namespace as one sequence of entries, in the order journalctl has: by number within a
 * sequence-number id, by time since boot within a boot, else by the clock.
 */
import type { Numbers } from '../numbers.ts'
import type { FileEntry } from './entries.ts'
import type { ListedFile, Listing } from './listing.ts'
import { type Opening, Series } from './series.ts'

/** Valid until the next call of `peek`. */
export interface Next {
  readonly entry: FileEntry
  readonly series: Series
}

export class JournalSet implements Disposable {
  readonly #listing: Listing
  readonly #opening: Opening
  readonly #numbers: Pick<Numbers, 'lastOf'>
  readonly #series = new Map<string, Series>()
  /** The same as a list. */
  #all: readonly Series[] = []
  /** What `peek` returns, each time. */
  #next: { entry: FileEntry; series: Series } | undefined

  /** @param numbers they know the last number taken of each sequence-number id */
  constructor(listing: Listing, numbers: Pick<Numbers, 'lastOf'>, opening: Opening) {
    this.#listing = listing
    this.#numbers = numbers
    this.#opening = opening
  }

  get files(): readonly ListedFile[] {
    return this.#listing.files
  }

  get folders(): readonly string[] {
    return this.#listing.folders
  }

  /** Looks at headers and, where they have changed, folders; not at those where somebody tells of it (bell.ts). */
  refresh(areWatched = false): void {
    if (!areWatched && this.#listing.refresh()) this.#know()
    for (const series of this.#series.values()) series.refresh()
  }

  /** The same, without trust in the times of folders. */
  refreshAll(): void {
    this.#listing.findFolders()
    this.#listing.relist()
    this.#know()
    for (const series of this.#series.values()) series.refresh()
  }

  /** @returns the next entry without taking it; undefined: there is none now */
  peek(): Next | undefined {
    let found: { entry: FileEntry; series: Series } | undefined
    for (const series of this.#all) {
      const { from } = series
      if (from === undefined) continue
      // Files of other times stay closed.
      if (found && from > found.entry.realtime && !series.isLive) continue
      const entry = series.peek()
      if (!entry || (found && !isBefore(entry, series, found))) continue
      found = this.#next ??= { entry, series }
      found.entry = entry
      found.series = series
    }
    return found
  }

  /** Closes every file. Reading goes on where it was. */
  close(): void {
    for (const series of this.#series.values()) series.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #know(): void {
    for (const bad of this.#listing.takeBad()) this.#opening.skip(bad)
    const groups = Map.groupBy(this.#listing.files, keyOf)
    for (const [key, files] of groups) {
      const [first] = files
      if (!first) continue
      let series = this.#series.get(key)
      if (series === undefined) {
        series = new Series(first, this.#numbers.lastOf(first.seqnumId) ?? 0, this.#opening)
        this.#series.set(key, series)
      }
      series.know(files)
    }
    for (const [key, series] of this.#series) {
      if (groups.has(key)) continue
      series.know([])
      if (series.peek() !== undefined) continue
      series.close()
      this.#series.delete(key)
    }
    this.#all = [...this.#series.values()]
  }
}

function keyOf({ folder, writer, seqnumId }: ListedFile): string {
  return `${folder}/${writer}/${seqnumId}`
}

function isBefore(entry: FileEntry, series: Series, other: Next): boolean {
  const { entry: than } = other
  if (series.seqnumId === other.series.seqnumId) return entry.seqnum < than.seqnum
  if (entry.bootId === than.bootId && entry.monotonic !== than.monotonic)
    return entry.monotonic < than.monotonic
  return entry.realtime < than.realtime
}
