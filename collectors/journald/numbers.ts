/**
 * Which entries are missing, from the numbers of those that came. journald numbers entries 1, 2, 3 … under a random
 * id. The system journal and those of users, side by side in one folder, are numbered by one counter, though until
 * systemd 254 each under an id of its own: so a number is missing only where no id of its folder has it.
 */
import type { JournalFile } from './files.ts'
import type { Range } from './range.ts'

export interface Gap {
  /** The first and the last number that did not come. */
  readonly from: number
  readonly to: number
  /** True if no entry of this id came before. */
  readonly first: boolean
}

/**
 * The id under which journald goes on counting where its own file is gone under it: it goes on from the number that the
 * last id had reached.
 */
const nobodysId = '0'.repeat(32)

/** So many ids are remembered; each boot of a volatile journal brings one. */
const most = 256

export class Numbers {
  /** The last number that came, by id; the least recently seen first. */
  #last: Map<string, number>
  #newest: string | undefined
  /** The folder of each id's files. */
  #folders: ReadonlyMap<string, string> = new Map()
  /** The number before the first that was given under an id, where its first file was seen. */
  readonly #origins = new Map<string, number>()

  constructor(last: Readonly<Record<string, number>>, files: readonly JournalFile[]) {
    this.#last = new Map(Object.entries(last))
    this.#newest = [...this.#last.keys()].at(-1)
    this.know(files)
  }

  /** Makes other files known: a rotated or new one. */
  know(files: readonly JournalFile[]): void {
    this.#folders = foldersOf(files)
    for (const { seqnumId, head, isOrigin } of files) if (isOrigin) this.#origins.set(seqnumId, head - 1)
  }

  isKnown(seqnumId: string): boolean {
    return this.#folders.has(seqnumId) || this.#last.has(seqnumId)
  }

  /** The last number of an id that came. */
  lastOf(seqnumId: string): number | undefined {
    return this.#last.get(seqnumId)
  }

  /** Whether this number leaves no gap. */
  isNext(seqnumId: string, number: number): boolean {
    const last = this.#last.get(seqnumId)
    return (
      number === (last ?? this.#origins.get(seqnumId) ?? 0) + 1 ||
      number <= this.#before(seqnumId, number, last) + 1
    )
  }

  #before(seqnumId: string, number: number, last: number | undefined): number {
    if (last === undefined && seqnumId === nobodysId) return this.#reached(number)
    return Math.max(last ?? this.#origins.get(seqnumId) ?? 0, this.#between(seqnumId, number))
  }

  /** What the newest id that came had reached below this number; without one, nobody knows of an earlier number. */
  #reached(number: number): number {
    const last = this.#newest === undefined ? undefined : this.#last.get(this.#newest)
    return last !== undefined && last < number ? last : number - 1
  }

  /** Takes the next number. @returns the gap before it, if there is one */
  take(seqnumId: string, number: number): Gap | undefined {
    const last = this.#last.get(seqnumId)
    if (last !== undefined && number === last + 1) {
      this.#see(seqnumId, number)
      return undefined
    }
    const before = this.#before(seqnumId, number, last)
    this.#see(seqnumId, Math.max(last ?? 0, number))
    if (this.#last.size > most) this.#forget()
    return number > before + 1 ? { from: before + 1, to: number - 1, first: last === undefined } : undefined
  }

  /** No number of this id up to this one will come any more. It says nothing of what came last. */
  close(seqnumId: string, number: number): void {
    if (this.#last.has(seqnumId)) this.#last.set(seqnumId, Math.max(number, this.#last.get(seqnumId) ?? 0))
    else this.#last = new Map([[seqnumId, number], ...this.#last])
  }

  /** How many entries these files hold that have not come, at most. Numbers of one counter are counted once. */
  behind(files: readonly JournalFile[]): number {
    const counters = new Map<string, Range[]>()
    for (const range of this.toCome(files)) {
      const counter = this.#folders.get(range.seqnumId) ?? range.seqnumId
      counters.set(counter, [...(counters.get(counter) ?? []), range])
    }
    return [...counters.values()].reduce((sum, ranges) => sum + lengthOf(ranges), 0)
  }

  /** The numbers of each id that these files should have and that have not come; some may be of another id. */
  toCome(files: readonly JournalFile[]): Range[] {
    const tails = new Map<string, number>()
    for (const { seqnumId, tail } of files) tails.set(seqnumId, Math.max(tail, tails.get(seqnumId) ?? 0))
    return [...tails].flatMap(([seqnumId, to]) => {
      const from = Math.max(this.#last.get(seqnumId) ?? 0, this.#lastOfFolder(seqnumId, to)) + 1
      return from > to ? [] : [{ seqnumId, from, to }]
    })
  }

  /** The last number that came, by id, as a position keeps it. */
  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#last)
  }

  /** Forgets the oldest id that has no file. */
  #forget(): void {
    for (const id of this.#last.keys()) {
      if (this.#folders.has(id)) continue
      this.#last.delete(id)
      return
    }
  }

  #see(seqnumId: string, number: number): void {
    if (seqnumId !== this.#newest) this.#last.delete(seqnumId)
    this.#last.set(seqnumId, number)
    this.#newest = seqnumId
  }

  /**
   * The highest number below this one that an id of the same counter has had since this id's last. After an unclean end
   * journald counts from 1 again, under a new id: what the old one had says nothing of it.
   */
  #between(seqnumId: string, number: number): number {
    let found = 0
    for (const [id, last] of this.#last) {
      if (id === seqnumId) found = 0
      else if (last > found && last < number && this.#share(id, seqnumId)) found = last
    }
    return found
  }

  /** The highest last number of this counter up to `tail`: a higher one is of a counter that has begun again since. */
  #lastOfFolder(seqnumId: string, tail: number): number {
    let found = 0
    for (const [id, number] of this.#last) {
      if (number > found && number <= tail && this.#share(id, seqnumId)) found = number
    }
    return found
  }

  /** Whether two ids are of one counter, as far as their files tell: a counter gives its first number once. */
  #share(one: string, other: string): boolean {
    const folder = this.#folders.get(one)
    const bothFirst = one !== other && this.#origins.get(one) === 0 && this.#origins.get(other) === 0
    return folder !== undefined && folder === this.#folders.get(other) && !bothFirst
  }
}

/** How many numbers lie in any of the ranges. */
function lengthOf(ranges: readonly Range[]): number {
  let length = 0
  let reached = 0
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    length += Math.max(0, to - Math.max(from - 1, reached))
    reached = Math.max(reached, to)
  }
  return length
}

/** Only the files of journald itself share a counter. */
function foldersOf(files: readonly JournalFile[]): Map<string, string> {
  return new Map(
    files
      .filter(({ path, folder }) => /^(system|user-)/.test(path.slice(folder.length + 1)))
      .map(({ seqnumId, folder }) => [seqnumId, folder]),
  )
}

/**
 * Splits a gap at the first number that any file of its id still has: what is before was vacuumed, what is after was
 * in a file and did not come out of it.
 */
export function splitGap(
  { from, to }: Gap,
  seqnumId: string,
  files: readonly JournalFile[],
): { readonly vacuumed: number; readonly there: Range | undefined } {
  const heads = files.filter((file) => file.seqnumId === seqnumId).map(({ head }) => head)
  const oldest = Math.max(from, Math.min(...heads, to + 1))
  return { vacuumed: oldest - from, there: oldest > to ? undefined : { seqnumId, from: oldest, to } }
}
