/**
 * Every log of the configured sets, through rotation by renaming, by copying and truncating, and by compressing, through
 * deletion and inodes that are used again. A file is known by what is in it (identity.ts).
 *
 * A log that is read is held open, so that what was written before it was renamed or deleted is read to its end; a
 * deleted one is closed right after. When a log is not where it was (truncated, or moved while nobody looked), the rest
 * of it is looked for among the files beside it, in compressed ones too.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from '../../src/errors.ts'
import type { ReadContext, SourceBatch } from '../../src/model.ts'
import { Compressed, isCompressed } from './compressed.ts'
import { type FoundFile, findFiles, type Sibling, settledSiblings, siblings } from './find.ts'
import { continues, fingerprint, tailDigest } from './identity.ts'
import { LogFile, type Rules } from './log-file.ts'
import { OpenFile } from './open-file.ts'
import { type LogSet, type Options, wholeSince } from './options.ts'
import { type FilePosition, parsePosition, writePosition } from './position.ts'
import { presets } from './presets.ts'

const activeMilliseconds = 50
const quietMilliseconds = 500
const activeForMilliseconds = 2000
const globMilliseconds = 1000
/** A log that was renamed is written to until its writer opens another. */
const renamedMilliseconds = 60_000
/** A deleted log is held so long after its last byte: its writer may have one more line. */
const deletedMilliseconds = 1000
/** How long the rest of a log is looked for. */
const seekMilliseconds = 120_000
const seekEveryMilliseconds = 500
/** More logs than this are not held open: each one idle for a minute is closed. */
const mostIdleMilliseconds = 60_000
const mostOpen = 200
/** A rotation may go on while the files beside a log are looked through: then they are listed anew, at most so often. */
const mostStale = 50

/** A log whose rest is to be found. */
interface Sought {
  readonly stream: string
  readonly since: number
}

/** @param unfound called for each log whose rest was not found */
export async function* follow(
  context: ReadContext<Options>,
  unfound: () => void,
): AsyncGenerator<SourceBatch, void> {
  const following = new Following(context, unfound)
  try {
    let lastRead = 0
    for (;;) {
      context.signal.throwIfAborted()
      for await (const batch of following.look()) {
        lastRead = performance.now()
        yield batch
      }
      const isActive = performance.now() - lastRead < activeForMilliseconds
      await sleep(isActive ? activeMilliseconds : quietMilliseconds, undefined, { signal: context.signal })
    }
  } finally {
    await following.close()
  }
}

class Following {
  readonly #context: ReadContext<Options>
  readonly #unfound: () => void
  readonly #sets: readonly LogSet[]
  /** By stream. */
  readonly #known = new Map<string, FilePosition>()
  /** Logs where their path says, by path. */
  readonly #current = new Map<string, LogFile>()
  /** Logs that were renamed, deleted or copied: read to their end. */
  readonly #leaving = new Set<LogFile>()
  readonly #sought = new Map<string, Sought>()
  /** Files that are copies of what is read elsewhere, by inode, with their size when they were compared. */
  readonly #copies = new Map<string, number>()
  readonly #complained = new Set<string>()
  /** The log that each inode was, as far as it is known. */
  readonly #streamAt = new Map<string, string>()
  /** The first lines of files beside logs, by their key. */
  readonly #headers = new Map<string, string>()
  /** Files beside logs that were looked into. */
  readonly #looked = new Set<string>()
  /** Paths of known logs, before the first look. */
  readonly #unvisited: Set<string>
  #found: FoundFile[] = []
  #lookedAt = Number.NEGATIVE_INFINITY
  #soughtAt = Number.NEGATIVE_INFINITY
  #isFirst: boolean

  constructor(context: ReadContext<Options>, unfound: () => void) {
    this.#context = context
    this.#unfound = unfound
    this.#sets = [...context.options.logs, ...context.options.presets.map((name) => presets[name])]
    const now = performance.now()
    for (const [stream, text] of context.positions) {
      const position = parsePosition(text)
      this.#know(stream, position)
      if (!position.done) this.#sought.set(stream, { stream, since: now })
    }
    this.#unvisited = new Set([...this.#known.values()].map(({ path }) => path))
    this.#isFirst = context.positions.size === 0
  }

  async close(): Promise<void> {
    for (const log of [...this.#current.values(), ...this.#leaving]) await log.content[Symbol.asyncDispose]()
  }

  /** One look at everything. */
  async *look(): AsyncGenerator<SourceBatch, void> {
    if (performance.now() - this.#lookedAt >= globMilliseconds) {
      this.#lookedAt = performance.now()
      this.#found = await findFiles(this.#context.host, this.#sets)
      const there = new Map(this.#found.map((file) => [file.path, file]))
      for (const [path, log] of this.#current) {
        const file = there.get(path)
        if (
          log.content instanceof OpenFile &&
          file?.inode === log.content.inode &&
          file.device === log.content.device
        )
          continue
        this.#current.delete(path)
        this.#leaving.add(log)
      }
      // What was met before is committed before what is newer: after a restart only the newer is looked for.
      for (const log of this.#leaving) yield* this.#drain(log, true)
      for (const path of this.#unvisited) yield* this.#catchUp(path)
      this.#unvisited.clear()
      for (const file of this.#found) yield* this.#meet(file)
      this.#isFirst = false
    }
    if (this.#sought.size > 0 && performance.now() - this.#soughtAt >= seekEveryMilliseconds) {
      yield* this.#seek()
      this.#soughtAt = performance.now()
    }
    for (const log of this.#leaving) yield* this.#drain(log, true)
    for (const [path, log] of this.#current) {
      yield* this.#drain(log, false)
      await this.#rest(path, log)
    }
  }

  /** A file that a glob has found: begins to read it, unless it is read already. */
  async *#meet(file: FoundFile): AsyncGenerator<SourceBatch, void> {
    if (this.#current.has(file.path)) return
    for (const log of this.#leaving) {
      if (!(log.content instanceof OpenFile) || log.content.inode !== file.inode) continue
      if (log.content.device !== file.device) continue
      this.#leaving.delete(log) // It was renamed to another name that a glob has.
      this.#current.set(file.path, log)
      return
    }
    const key = `${file.device}:${file.inode}`
    if (this.#copies.get(key) === file.size) return
    this.#copies.delete(key)
    if (this.#isIdle(file)) return
    try {
      const content = await OpenFile.open(file.path)
      if (content === undefined) return
      if (content.inode !== file.inode || content.device !== file.device) {
        await content[Symbol.asyncDispose]() // Replaced since the listing: the next one has it.
        return
      }
      const log = await this.#identify(content, file)
      // Before anything of this one is committed: after a restart only what is newer than it would be looked for.
      if (log === undefined || !this.#known.has(log.stream)) yield* this.#catchUp(file.path)
      if (log === undefined || (log.position.offset === 0 && this.#known.has(log.stream))) {
        await content[Symbol.asyncDispose]() // A copy; or it was rotated and begun meanwhile under another name.
        return
      }
      this.#current.set(file.path, log)
      this.#sought.delete(log.stream)
      if (log.position.offset > 0 && !this.#known.has(log.stream))
        yield* this.#commit(log, { records: [], position: log.position })
    } catch (error) {
      this.#complain(file.path, error)
    }
  }

  /** A known log that is at its end, closed, and has not changed since. */
  #isIdle({ device, inode, size }: FoundFile): boolean {
    const stream = this.#streamAt.get(`${device}:${inode}`)
    if (stream === undefined || this.#sought.has(stream)) return false
    return this.#known.get(stream)?.offset === size
  }

  #know(stream: string, position: FilePosition): void {
    this.#known.set(stream, position)
    this.#streamAt.set(`${position.device}:${position.inode}`, stream)
  }

  /** Which log a file is. @returns undefined if it is none yet, or a copy of one that is read */
  async #identify(content: OpenFile, file: FoundFile): Promise<LogFile | undefined> {
    const header = await fingerprint(content)
    if (header === undefined) return undefined
    const { path, set } = file
    const { device, inode } = content
    const alike = [...this.#known].filter(([, position]) => position.header === header)
    for (const [stream, position] of alike) {
      if (!(await continues(content, position))) continue
      const reading = this.#readingOf(stream)
      if (reading !== undefined) {
        this.#copies.set(`${device}:${inode}`, file.size)
        return undefined
      }
      return new LogFile(stream, content, { ...position, device, inode, done: false }, this.#rules(set))
    }
    // A copy that is being written begins like the log it is made of, and is not as long yet.
    for (const [stream] of alike) {
      const reading = this.#readingOf(stream)
      if (reading && (await isBeginning(content, reading, file.size))) {
        this.#copies.set(`${device}:${inode}`, file.size)
        return undefined
      }
    }
    const isWhole = !this.#isFirst || file.modified >= wholeSince(this.#context.options.initial, Date.now())
    const start = isWhole ? { offset: 0, tail: '' } : await endOf(content, file.size)
    const position = { path, device, inode, modified: file.modified, header, done: false, ...start }
    return new LogFile(this.#newStream(header), content, position, this.#rules(set))
  }

  /** A log that begins like another one gets a number. */
  #newStream(header: string): string {
    let stream = header
    for (let number = 2; this.#known.has(stream) || this.#readingOf(stream); number++)
      stream = `${header}-${number}`
    return stream
  }

  #readingOf(stream: string): LogFile | undefined {
    for (const log of this.#current.values()) if (log.stream === stream) return log
    for (const log of this.#leaving) if (log.stream === stream) return log
    return undefined
  }

  /** Reads what is there. */
  async *#drain(log: LogFile, isLeaving: boolean): AsyncGenerator<SourceBatch, void> {
    try {
      for (;;) {
        const now = performance.now()
        const isFinal = isLeaving && (await this.#isFinal(log, now))
        const chunk = await log.next(now, isFinal)
        if (chunk === 'changed') {
          await this.#lose(log)
          return
        }
        if (chunk !== 'nothing') {
          yield* this.#commit(log, chunk)
          if (chunk.goesOn) continue
        }
        if (!isFinal) return
        if (log.content instanceof Compressed && log.content.isTorn) {
          // It is still being written, or damaged: looked at again until the time is over.
          this.#leaving.delete(log)
          await log.content[Symbol.asyncDispose]()
          if (this.#known.has(log.stream) && !this.#sought.has(log.stream))
            this.#sought.set(log.stream, { stream: log.stream, since: now })
          return
        }
        yield* this.#finish(log)
        return
      }
    } catch (error) {
      this.#complain(log.position.path, error)
    }
  }

  /** Whether nothing more will be written to a log that was rotated. */
  async #isFinal(log: LogFile, now: number): Promise<boolean> {
    if (log.content instanceof Compressed) return true
    const { isDeleted, modified } = await log.content.look()
    if (!isDeleted && Date.now() - modified >= renamedMilliseconds) return true
    return log.isQuiet(isDeleted ? deletedMilliseconds : renamedMilliseconds, now)
  }

  async *#finish(log: LogFile): AsyncGenerator<SourceBatch, void> {
    yield* this.#commit(log, { records: [], position: { ...log.position, done: true } })
    this.#leaving.delete(log)
    this.#sought.delete(log.stream)
    await log.content[Symbol.asyncDispose]()
  }

  async *#commit(
    log: LogFile,
    {
      records,
      position,
    }: Pick<Exclude<Awaited<ReturnType<LogFile['next']>>, string>, 'records' | 'position'>,
  ): AsyncGenerator<SourceBatch, void> {
    yield { records, positions: [{ stream: log.stream, position: writePosition(position) }] }
    log.committed(position)
    this.#know(log.stream, position)
  }

  /** The log was truncated under its name: what it had may be in a copy, and what is there now is another one. */
  async #lose(log: LogFile): Promise<void> {
    for (const [path, one] of this.#current) if (one === log) this.#current.delete(path)
    this.#leaving.delete(log)
    await log.content[Symbol.asyncDispose]()
    const now = performance.now()
    if (this.#known.has(log.stream)) this.#sought.set(log.stream, { stream: log.stream, since: now })
    this.#copies.clear()
    this.#lookedAt = Number.NEGATIVE_INFINITY
    this.#soughtAt = Number.NEGATIVE_INFINITY
  }

  /** Looks beside where each log was for the rest of it. */
  async *#seek(): AsyncGenerator<SourceBatch, void> {
    const listings = new Map<string, Sibling[]>()
    const wanted = [...this.#sought].flatMap(([stream, { since }]) => {
      const position = this.#known.get(stream)
      return position === undefined || this.#readingOf(stream) ? [] : [{ stream, since, position }]
    })
    // The newest have most likely something left; a short life may not come to all.
    for (const { stream, since, position } of wanted.sort(
      (a, b) => b.position.modified - a.position.modified,
    )) {
      const { path } = position
      const beside = listings.get(path) ?? (await siblings(path))
      listings.set(path, beside)
      try {
        const log = await this.#restOf(stream, position, beside)
        if (log !== undefined) {
          this.#leaving.add(log)
          yield* this.#drain(log, true)
          continue
        }
      } catch (error) {
        this.#complain(path, error)
      }
      if (performance.now() - since < seekMilliseconds) continue
      this.#sought.delete(stream)
      this.#unfound()
    }
  }

  /** By its inode where that is still its own; else by what is in the files written to since, the oldest first. */
  async #restOf(
    stream: string,
    position: FilePosition,
    beside: readonly Sibling[],
  ): Promise<LogFile | undefined> {
    const { device, inode } = position
    const isSame = (one: Sibling) => one.inode === inode && one.device === device
    // What has more of it was written to at that time or later; a compressed file keeps the time, a copy has its own.
    const later = beside.filter((one) => !isSame(one) && one.modified >= position.modified)
    for (const one of [...beside.filter(isSame), ...later]) {
      if (!isSame(one) && (await this.#headerOf(one)) !== position.header) continue
      const content = await contentOf(one)
      if (content === undefined) continue
      if (position.offset > 0 && (await continues(content, position))) {
        const place = content instanceof OpenFile ? { device: content.device, inode: content.inode } : {}
        const rules = this.#rules(this.#setOf(position.path))
        return new LogFile(stream, content, { ...position, ...place }, rules)
      }
      await content[Symbol.asyncDispose]()
    }
    return undefined
  }

  /** The first line of a file beside a log, read once for each content. */
  async #headerOf(sibling: Sibling): Promise<string | undefined> {
    const known = this.#headers.get(sibling.key)
    if (known !== undefined) return known
    const content = await contentOf(sibling)
    if (content === undefined) return undefined
    await using _closed = content
    const header = await fingerprint(content, true)
    if (header !== undefined) this.#headers.set(sibling.key, header)
    return header
  }

  /**
   * Begins what was written and rotated away between two looks, or two lives: it lies beside a known log, is not known
   * itself, and is newer. Oldest first, so that those begun later are newer than what is committed.
   */
  async *#catchUp(path: string): AsyncGenerator<SourceBatch, void> {
    const own = [...this.#known.values()].filter((position) => position.path === path)
    if (own.length === 0) return
    const newest = Math.max(...own.map(({ modified }) => modified))
    /** Looked into now; for good only once it is committed: one that is read elsewhere may still be lost there. */
    const passed = new Set<string>()
    for (let stale = 0; stale < mostStale; ) {
      const beside = await settledSiblings(path)
      const isNew = (one: Sibling) =>
        one.modified >= newest &&
        one.path !== path &&
        !passed.has(one.key) &&
        !this.#looked.has(one.key) &&
        !this.#isFound(one)
      if (!beside.some(isNew)) return
      for (const one of beside.filter(isNew)) {
        const content = await contentOf(one).catch((error: unknown) => {
          this.#complain(one.path, error)
          return 'unreadable' as const
        })
        if (content === 'unreadable') {
          this.#looked.add(one.key)
          continue
        }
        if (content === undefined) {
          stale += 1
          break // Renamed since: another one would be begun in its place, before it.
        }
        passed.add(one.key)
        const log = await this.#begin(path, one, content)
        // At once: a life that is too short for all of them still goes forward.
        if (log instanceof LogFile) yield* this.#drain(log, true)
        if (log !== 'elsewhere') this.#looked.add(one.key)
      }
    }
  }

  /** @returns `known` if it is committed, `elsewhere` if it is read under another name, or is nothing yet */
  async #begin(
    path: string,
    sibling: Sibling,
    content: OpenFile | Compressed,
  ): Promise<LogFile | 'known' | 'elsewhere'> {
    try {
      const header = await fingerprint(content, true)
      const isKnown = [...this.#known.values()].some((position) => position.header === header)
      if (header === undefined || isKnown || this.#isRead(header)) {
        await content[Symbol.asyncDispose]()
        return isKnown ? 'known' : 'elsewhere'
      }
      const { device, inode } = content instanceof OpenFile ? content : { device: 0, inode: 0 }
      const { modified } = sibling
      const position = { path, device, inode, modified, header, offset: 0, tail: '', done: false }
      const log = new LogFile(this.#newStream(header), content, position, this.#rules(this.#setOf(path)))
      this.#leaving.add(log)
      return log
    } catch (error) {
      this.#complain(sibling.path, error)
      return 'elsewhere'
    }
  }

  #isRead(header: string): boolean {
    return [...this.#current.values(), ...this.#leaving].some((log) => log.position.header === header)
  }

  /** Whether a glob has it, under the name it has now: it is begun on its own. */
  #isFound({ path, device, inode }: Sibling): boolean {
    return this.#found.some((file) => file.path === path && file.inode === inode && file.device === device)
  }

  /** Closes a log that is idle where many are open. */
  async #rest(path: string, log: LogFile): Promise<void> {
    if (this.#current.size <= mostOpen || !log.isDry(mostIdleMilliseconds, performance.now())) return
    this.#current.delete(path)
    await log.content[Symbol.asyncDispose]()
  }

  #setOf(path: string): LogSet | undefined {
    return this.#found.find((file) => file.path === path)?.set ?? this.#sets[0]
  }

  #rules(set: LogSet | undefined): Rules {
    const { line_bytes, entry_seconds, partial_seconds } = this.#context.options
    return {
      start: set?.start === undefined ? undefined : new RegExp(set.start),
      mostBytes: line_bytes,
      entrySeconds: entry_seconds,
      partialSeconds: partial_seconds,
    }
  }

  /** Of each file the same words once. */
  #complain(path: string, error: unknown): void {
    const words = `Cannot read "${path}": ${describe(error)}`
    if (this.#complained.has(words)) return
    this.#complained.add(words)
    this.#context.skip(new Error(words, { cause: error }))
  }
}

const compareBytes = 4096

/** Whether a file has nothing that the log has not at the same place. */
async function isBeginning(content: OpenFile, log: LogFile, size: number): Promise<boolean> {
  const from = Math.max(0, size - compareBytes)
  const [own, other] = await Promise.all([
    content.read(from, size - from),
    log.content.read(from, size - from),
  ])
  return own.equals(other)
}

/** The place behind the last whole line. */
async function endOf(content: OpenFile, size: number): Promise<{ offset: number; tail: string }> {
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - (64 << 10))
    const bytes = await content.read(from, end - from)
    const newline = bytes.lastIndexOf(0x0a)
    if (newline >= 0) {
      const offset = from + newline + 1
      const before = Math.min(64, offset)
      return { offset, tail: tailDigest(await content.read(offset - before, before)) }
    }
    end = from
  }
  return { offset: 0, tail: '' }
}

/** @returns undefined if another file is called so by now, which may have the same inode */
async function contentOf(sibling: Sibling): Promise<OpenFile | Compressed | undefined> {
  const { path, device, inode, modified } = sibling
  const file = await OpenFile.open(path)
  if (file === undefined) return undefined
  const isIt = file.device === device && file.inode === inode && (await file.look()).modified === modified
  if (isIt) return isCompressed(path) ? new Compressed(file, path) : file
  await file[Symbol.asyncDispose]()
  return undefined
}
