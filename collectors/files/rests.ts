/** Looks beside where each log was for the rest of it: it was truncated, or moved while nobody looked. */
import { readHeader, restOf } from './beside.ts'
import { type Sibling, siblings } from './find.ts'
import { LogFile } from './log-file.ts'
import type { Logs } from './logs.ts'
import { OpenFile } from './open-file.ts'

/** How long the rest of a log is looked for. */
const seekMilliseconds = 120_000
const seekEveryMilliseconds = 500

export interface Telling {
  /** The rest of a log was not found. */
  unfound(): void
  /** Something at this path could not be read. */
  complain(path: string, error: unknown): void
}

export class Rests {
  readonly #logs: Logs
  readonly #telling: Telling
  /** Since when, milliseconds of a clock that does not jump, by stream. */
  readonly #sought = new Map<string, number>()
  #soughtAt = Number.NEGATIVE_INFINITY
  /** The first lines of files beside logs, by their key, as of the last look. */
  #headers = new Map<string, string>()

  constructor(logs: Logs, telling: Telling) {
    this.#logs = logs
    this.#telling = telling
  }

  /** Its rest is to be found, from the next look on. */
  seek(stream: string): void {
    if (!this.#sought.has(stream)) this.#sought.set(stream, performance.now())
  }

  /** At the next look, whenever the last one was. */
  hurry(): void {
    this.#soughtAt = Number.NEGATIVE_INFINITY
  }

  forget(stream: string): void {
    this.#sought.delete(stream)
  }

  isSought(stream: string): boolean {
    return this.#sought.has(stream)
  }

  /** Those that are found, each to be read before the next is asked for. */
  async *found(): AsyncGenerator<LogFile, void> {
    if (this.#sought.size === 0 || performance.now() - this.#soughtAt < seekEveryMilliseconds) return
    const listings = new Map<string, Sibling[]>()
    const headers = new Map<string, string>()
    const headerOf = async (sibling: Sibling) => {
      const header = this.#headers.get(sibling.key) ?? headers.get(sibling.key) ?? (await readHeader(sibling))
      if (header !== undefined) headers.set(sibling.key, header)
      return header
    }
    const wanted = [...this.#sought].flatMap(([stream, since]) => {
      const position = this.#logs.positionOf(stream)
      return position === undefined || this.#logs.reading(stream) ? [] : [{ stream, since, position }]
    })
    // The newest have most likely something left; a short life may not come to all.
    for (const { stream, since, position } of wanted.sort(
      (a, b) => b.position.modified - a.position.modified,
    )) {
      const { path } = position
      try {
        const beside = listings.get(path) ?? (await siblings(path))
        listings.set(path, beside)
        const content = await restOf(position, beside, headerOf)
        if (content !== undefined) {
          const place =
            content instanceof OpenFile ? { device: content.device, inode: content.inode } : undefined
          yield new LogFile(stream, content, { ...position, ...place }, this.#logs.rulesOf(path))
          continue
        }
      } catch (error) {
        this.#telling.complain(path, error)
      }
      if (performance.now() - since < seekMilliseconds) continue
      this.#sought.delete(stream)
      this.#telling.unfound()
    }
    this.#headers = headers
    this.#soughtAt = performance.now()
  }
}
