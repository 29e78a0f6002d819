/**
 * What was written and rotated away between two looks, or two lives: it lies beside a known log, is not known itself,
 * and is newer.
 */
import { contentOf, isBeginning, restOf } from './beside.ts'
import type { Compressed } from './compressed.ts'
import { type FoundFile, type Sibling, settledSiblings } from './find.ts'
import { continues, fingerprint } from './identity.ts'
import { LogFile } from './log-file.ts'
import type { Logs } from './logs.ts'
import { OpenFile } from './open-file.ts'
import type { Telling } from './rests.ts'

/** A rotation may go on while the files beside a log are looked through: then they are listed anew, at most so often. */
const mostStale = 50

export class Unseen {
  readonly #logs: Logs
  readonly #telling: Telling
  /** Keys of the files beside a log that were looked into, by its path. */
  readonly #looked = new Map<string, Set<string>>()

  constructor(logs: Logs, telling: Telling) {
    this.#logs = logs
    this.#telling = telling
  }

  /**
   * Begins them, each to be read before the next is asked for: oldest first, so that those begun later are newer than
   * what is committed.
   * @param found what a glob has, under the name it has now, is begun on its own
   */
  async *beside(path: string, found: readonly FoundFile[]): AsyncGenerator<LogFile, void> {
    const own = this.#logs.positions().filter((position) => position.path === path)
    if (own.length === 0) return
    const newest = Math.max(...own.map(({ modified }) => modified))
    const looked = this.#looked.get(path) ?? new Set()
    this.#looked.set(path, looked)
    /** Looked into now; for good only once it is committed: one that is read elsewhere may still be lost there. */
    const passed = new Set<string>()
    for (let stale = 0; stale < mostStale; ) {
      const beside = await settledSiblings(path)
      for (const key of looked) if (!beside.some((one) => one.key === key)) looked.delete(key)
      const isNew = (one: Sibling) =>
        one.modified >= newest &&
        one.path !== path &&
        !passed.has(one.key) &&
        !looked.has(one.key) &&
        !isAmong(found, one)
      if (!beside.some(isNew)) return
      for (const one of beside.filter(isNew)) {
        const content = await contentOf(one).catch((error: unknown) => {
          this.#telling.complain(one.path, error)
          return 'unreadable' as const
        })
        if (content === 'unreadable') {
          looked.add(one.key)
          continue
        }
        if (content === undefined) {
          stale += 1
          break // Renamed since: another one would be begun in its place, before it.
        }
        passed.add(one.key)
        const log = await this.#begin(path, one, content, beside)
        // At once: a life that is too short for all of them still goes forward.
        if (log instanceof LogFile) yield log
        if (log !== 'elsewhere') looked.add(one.key)
      }
    }
  }

  /** @returns `known` if it is committed, `elsewhere` if it is read under another name, or is nothing yet */
  async #begin(
    path: string,
    sibling: Sibling,
    content: OpenFile | Compressed,
    beside: readonly Sibling[],
  ): Promise<LogFile | 'known' | 'elsewhere'> {
    try {
      const header = await fingerprint(content, true)
      const met = header === undefined ? 'elsewhere' : await this.#met(header, content, beside)
      if (header !== undefined && met === undefined) {
        const { device, inode } = content instanceof OpenFile ? content : { device: 0, inode: 0 }
        const { modified } = sibling
        const position = { path, device, inode, modified, header, offset: 0, tail: '', done: false }
        return new LogFile(this.#logs.newStream(header), content, position, this.#logs.rulesOf(path))
      }
      await content[Symbol.asyncDispose]()
      return met ?? 'elsewhere'
    } catch (error) {
      await content[Symbol.asyncDispose]()
      this.#telling.complain(sibling.path, error)
      return 'elsewhere'
    }
  }

  /** Whether a log that begins like this is this one, or the one of which this is a copy. */
  async #met(
    header: string,
    content: OpenFile | Compressed,
    beside: readonly Sibling[],
  ): Promise<'known' | 'elsewhere' | undefined> {
    for (const { stream, position } of this.#logs.alike(header)) {
      if (await continues(content, position)) return 'known'
      const reading = this.#logs.reading(stream)
      if (reading && (await isBeginning(content, reading.content))) return 'elsewhere'
      if (reading) continue
      await using rest = await restOf(position, beside)
      if (rest && (await isBeginning(content, rest))) return 'elsewhere'
    }
    // One that is open and of which nothing is committed yet.
    return this.#logs.open().some((log) => log.position.header === header && log.position.offset === 0)
      ? 'elsewhere'
      : undefined
  }
}

function isAmong(found: readonly FoundFile[], { path, device, inode }: Sibling): boolean {
  return found.some((file) => file.path === path && file.inode === inode && file.device === device)
}
