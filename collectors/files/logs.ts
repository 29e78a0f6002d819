/** The logs of this source: what is known of each by its stream, and those that are open. */
import { matchesGlob } from 'node:path'
import type { Tree } from '../../src/tree.ts'
import type { LogFile, Rules } from './log-file.ts'
import type { LogSet, Options } from './options.ts'
import type { FilePosition } from './position.ts'

export class Logs {
  /** Where their path says, by path. */
  readonly current = new Map<string, LogFile>()
  /** Renamed, deleted or copied: read to their end. */
  readonly leaving = new Set<LogFile>()
  readonly #known = new Map<string, FilePosition>()
  /** The stream that each inode was, as far as it is known. */
  readonly #streamAt = new Map<string, string>()
  readonly #host: Tree
  readonly #sets: readonly LogSet[]
  readonly #options: Options

  constructor(host: Tree, sets: readonly LogSet[], options: Options) {
    this.#host = host
    this.#sets = sets
    this.#options = options
  }

  know(stream: string, position: FilePosition): void {
    this.#known.set(stream, position)
    this.#streamAt.set(`${position.device}:${position.inode}`, stream)
  }

  positionOf(stream: string): FilePosition | undefined {
    return this.#known.get(stream)
  }

  positions(): FilePosition[] {
    return [...this.#known.values()]
  }

  streamAt(device: number, inode: number): string | undefined {
    return this.#streamAt.get(`${device}:${inode}`)
  }

  /** Those that begin with this line. */
  alike(header: string): { readonly stream: string; readonly position: FilePosition }[] {
    return [...this.#known]
      .filter(([, position]) => position.header === header)
      .map(([stream, position]) => ({ stream, position }))
  }

  open(): LogFile[] {
    return [...this.current.values(), ...this.leaving]
  }

  /** The log of this stream, if it is open. */
  reading(stream: string): LogFile | undefined {
    return this.open().find((log) => log.stream === stream)
  }

  /** A log that begins like another one gets a number. */
  newStream(header: string): string {
    let stream = header
    for (let number = 2; this.#known.has(stream) || this.reading(stream); number++)
      stream = `${header}-${number}`
    return stream
  }

  /** How the log at a path is read, also one that is not there any more: by the first set that names it. */
  rulesOf(path: string): Rules {
    const names = (pattern: string) => matchesGlob(path, this.#host.resolve(pattern))
    const set = this.#sets.find(({ include, exclude }) => include.some(names) && !exclude.some(names))
    const { line_bytes, entry_seconds, partial_seconds } = this.#options
    return {
      start: set?.start === undefined ? undefined : new RegExp(set.start),
      mostBytes: line_bytes,
      entrySeconds: entry_seconds,
      partialSeconds: partial_seconds,
    }
  }
}
