/**
 * Every log of the configured sets, through rotation by renaming, by copying and truncating, and by compressing, through
 * deletion and inodes that are used again. A file is known by what is in it (identity.ts).
 *
 * A log that is read is held open, so that what was written before it was renamed or deleted is read to its end; a
 * deleted one is closed right after. When a log is not where it was (truncated, or moved while nobody looked), the rest
 * of it is looked for among the files beside it, in compressed ones too (rests.ts), and so is what was never seen
 * (unseen.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from '../../src/errors.ts'
import type { ReadContext, SourceBatch } from '../../src/model.ts'
import { endOf, isBeginning } from './beside.ts'
import { Compressed } from './compressed.ts'
import { type FoundFile, findFiles, unlistable } from './find.ts'
import { continues, fingerprint } from './identity.ts'
import { type Chunk, LogFile } from './log-file.ts'
import { Logs } from './logs.ts'
import { OpenFile } from './open-file.ts'
import { type LogSet, type Options, wholeSince } from './options.ts'
import { parsePosition, writePosition } from './position.ts'
import { presets } from './presets.ts'
import { Rests } from './rests.ts'
import { Unseen } from './unseen.ts'

const activeMilliseconds = 50
const quietMilliseconds = 500
const activeForMilliseconds = 2000
const globMilliseconds = 1000
/** A log that was renamed is written to until its writer opens another. */
const renamedMilliseconds = 60_000
/** A deleted log is held so long after its last byte: its writer may have one more line. */
const deletedMilliseconds = 1000
/** More logs than this are not held open: each one idle for a minute is closed. */
const mostIdleMilliseconds = 60_000
const mostOpen = 200

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
  readonly #sets: readonly LogSet[]
  readonly #logs: Logs
  readonly #rests: Rests
  readonly #unseen: Unseen
  /** Files that are copies of what is read elsewhere, by device and inode, with their size when they were compared. */
  readonly #copies = new Map<string, number>()
  readonly #complained = new Set<string>()
  /** Paths of known logs, before the first look. */
  readonly #unvisited: Set<string>
  #found: FoundFile[] = []
  #lookedAt = Number.NEGATIVE_INFINITY
  #isFirst: boolean

  constructor(context: ReadContext<Options>, unfound: () => void) {
    this.#context = context
    this.#sets = [...context.options.logs, ...context.options.presets.map((name) => presets[name])]
    this.#logs = new Logs(context.host, this.#sets, context.options)
    const telling = {
      unfound,
      complain: (path: string, error: unknown) => this.#complain(`Cannot read "${path}"`, error),
    }
    this.#rests = new Rests(this.#logs, telling)
    this.#unseen = new Unseen(this.#logs, telling)
    for (const [stream, text] of context.positions) {
      try {
        const position = parsePosition(text)
        this.#logs.know(stream, position)
        if (!position.done) this.#rests.seek(stream)
      } catch (error) {
        this.#complain(`Cannot go on where log ${stream} was left: it is read anew`, error)
      }
    }
    this.#unvisited = new Set(this.#logs.positions().map(({ path }) => path))
    this.#isFirst = context.positions.size === 0
  }

  async close(): Promise<void> {
    for (const log of this.#logs.open()) await log.content[Symbol.asyncDispose]()
  }

  /** One look at everything. */
  async *look(): AsyncGenerator<SourceBatch, void> {
    const { current, leaving } = this.#logs
    if (performance.now() - this.#lookedAt >= globMilliseconds) {
      this.#lookedAt = performance.now()
      yield* this.#visit()
    }
    for await (const log of this.#rests.found()) yield* this.#readOff(log)
    for (const log of leaving) yield* this.#drain(log, true)
    for (const [path, log] of current) {
      yield* this.#drain(log, false)
      await this.#close(path, log)
    }
  }

  /** Lists the files: which logs have gone from their place, and which have come. */
  async *#visit(): AsyncGenerator<SourceBatch, void> {
    const { current, leaving } = this.#logs
    for (const error of await unlistable(this.#context.host, this.#sets))
      this.#complain('Cannot look for logs', error)
    this.#found = await findFiles(this.#context.host, this.#sets)
    const there = new Map(this.#found.map((file) => [file.path, file]))
    for (const [path, log] of current) {
      const file = there.get(path)
      if (file !== undefined && isAt(log, file)) continue
      current.delete(path)
      leaving.add(log)
    }
    // What was met before is committed before what is newer: after a restart only the newer is looked for.
    for (const log of leaving) yield* this.#drain(log, true)
    for (const path of this.#unvisited) yield* this.#catchUp(path)
    this.#unvisited.clear()
    for (const file of this.#found) yield* this.#meet(file)
    this.#isFirst = false
  }

  /** A file that a glob has found: begins to read it, unless it is read already. */
  async *#meet(file: FoundFile): AsyncGenerator<SourceBatch, void> {
    const { current, leaving } = this.#logs
    if (current.has(file.path)) return
    for (const log of leaving) {
      if (!isAt(log, file)) continue
      leaving.delete(log) // It was renamed to another name that a glob has.
      current.set(file.path, log)
      return
    }
    const key = `${file.device}:${file.inode}`
    if (this.#copies.get(key) === file.size) return
    this.#copies.delete(key)
    if (this.#isIdle(file)) return
    try {
      await using closing = new AsyncDisposableStack()
      const content = closing.use(await OpenFile.open(file.path))
      if (content === undefined) return
      // Replaced since the listing: the next one has it.
      if (content.inode !== file.inode || content.device !== file.device) return
      const log = await this.#identify(content, file)
      // Before anything of this one is committed: after a restart only what is newer than it would be looked for.
      const isNew = () => log !== undefined && this.#logs.positionOf(log.stream) === undefined
      if (log === undefined || isNew()) yield* this.#catchUp(file.path)
      // A copy; or it was rotated and begun meanwhile under another name.
      if (log === undefined || (log.position.offset === 0 && !isNew())) return
      current.set(file.path, log)
      closing.move()
      this.#rests.forget(log.stream)
      if (log.position.offset > 0 && isNew())
        yield* this.#commit(log, { records: [], position: log.position })
    } catch (error) {
      this.#complain(`Cannot read "${file.path}"`, error)
    }
  }

  /** A known log that is at its end, closed, and has not changed since. */
  #isIdle({ device, inode, size }: FoundFile): boolean {
    const stream = this.#logs.streamAt(device, inode)
    if (stream === undefined || this.#rests.isSought(stream)) return false
    return this.#logs.positionOf(stream)?.offset === size
  }

  /** Which log a file is. @returns undefined if it is none yet, or a copy of one that is read */
  async #identify(content: OpenFile, file: FoundFile): Promise<LogFile | undefined> {
    const header = await fingerprint(content)
    if (header === undefined) return undefined
    const { path } = file
    const { device, inode } = content
    const alike = this.#logs.alike(header)
    const rules = this.#logs.rulesOf(path)
    for (const { stream, position } of alike) {
      if (!(await continues(content, position))) continue
      if (this.#logs.reading(stream) === undefined)
        return new LogFile(stream, content, { ...position, device, inode, done: false }, rules)
      this.#copies.set(`${device}:${inode}`, file.size)
      return undefined
    }
    // A copy that is being written begins like the log it is made of, and is not as long yet.
    for (const { stream } of alike) {
      const reading = this.#logs.reading(stream)
      if (reading && (await isBeginning(content, reading.content))) {
        this.#copies.set(`${device}:${inode}`, file.size)
        return undefined
      }
    }
    const isWhole = !this.#isFirst || file.modified >= wholeSince(this.#context.options.initial, Date.now())
    const start = isWhole ? { offset: 0, tail: '' } : await endOf(content, file.size)
    const position = { path, device, inode, modified: file.modified, header, done: false, ...start }
    return new LogFile(this.#logs.newStream(header), content, position, rules)
  }

  /** What was rotated away from this path before it was seen. */
  async *#catchUp(path: string): AsyncGenerator<SourceBatch, void> {
    for await (const log of this.#unseen.beside(path, this.#found)) yield* this.#readOff(log)
  }

  /** A log that is not under its name any more: what it has by now. */
  async *#readOff(log: LogFile): AsyncGenerator<SourceBatch, void> {
    this.#logs.leaving.add(log)
    yield* this.#drain(log, true)
  }

  /** Reads what is there. */
  async *#drain(log: LogFile, isLeaving: boolean): AsyncGenerator<SourceBatch, void> {
    try {
      for (;;) {
        const now = performance.now()
        const isFinal = isLeaving && (await isEnded(log, now))
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
          this.#logs.leaving.delete(log)
          await log.content[Symbol.asyncDispose]()
          if (this.#logs.positionOf(log.stream)) this.#rests.seek(log.stream)
          return
        }
        yield* this.#finish(log)
        return
      }
    } catch (error) {
      this.#complain(`Cannot read "${log.position.path}"`, error)
    }
  }

  async *#finish(log: LogFile): AsyncGenerator<SourceBatch, void> {
    yield* this.#commit(log, { records: [], position: { ...log.position, done: true } })
    this.#logs.leaving.delete(log)
    this.#rests.forget(log.stream)
    await log.content[Symbol.asyncDispose]()
  }

  async *#commit(
    log: LogFile,
    { records, position }: Pick<Chunk, 'records' | 'position'>,
  ): AsyncGenerator<SourceBatch, void> {
    yield { records, positions: [{ stream: log.stream, position: writePosition(position) }] }
    log.committed(position)
    this.#logs.know(log.stream, position)
  }

  /** The log was truncated under its name: what it had may be in a copy, and what is there now is another one. */
  async #lose(log: LogFile): Promise<void> {
    const { current, leaving } = this.#logs
    for (const [path, one] of current) if (one === log) current.delete(path)
    leaving.delete(log)
    await log.content[Symbol.asyncDispose]()
    if (this.#logs.positionOf(log.stream)) this.#rests.seek(log.stream)
    this.#rests.hurry()
    this.#copies.clear()
    this.#lookedAt = Number.NEGATIVE_INFINITY
  }

  /** Closes a log that is idle where many are open. */
  async #close(path: string, log: LogFile): Promise<void> {
    const { current } = this.#logs
    if (current.size <= mostOpen || !log.isDry(mostIdleMilliseconds, performance.now())) return
    current.delete(path)
    await log.content[Symbol.asyncDispose]()
  }

  /** The same words once. */
  #complain(what: string, error: unknown): void {
    const words = `${what}: ${describe(error)}`
    if (this.#complained.has(words)) return
    this.#complained.add(words)
    this.#context.skip(new Error(words, { cause: error }))
  }
}

function isAt({ content }: LogFile, { device, inode }: FoundFile): boolean {
  return content instanceof OpenFile && content.inode === inode && content.device === device
}

/** Whether nothing more will be written to a log that was rotated. */
async function isEnded(log: LogFile, now: number): Promise<boolean> {
  if (log.content instanceof Compressed) return true
  const { isDeleted, modified } = await log.content.look()
  if (!isDeleted && Date.now() - modified >= renamedMilliseconds) return true
  return log.isQuiet(isDeleted ? deletedMilliseconds : renamedMilliseconds, now)
}
