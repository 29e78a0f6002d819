/** One log being read: an open file, or what is in a compressed one, from an offset on. */
import type { Field, LogRecord } from '../../src/model.ts'
import { Compressed } from './compressed.ts'
import { continues, tailBytes, tailDigest } from './identity.ts'
import { split } from './lines.ts'
import { OpenFile } from './open-file.ts'
import type { FilePosition } from './position.ts'
import { recordOf } from './record.ts'

const chunkBytes = 1 << 20
const mostRecords = 4000

export interface Rules {
  readonly start: RegExp | undefined
  readonly mostBytes: number
  readonly entrySeconds: number
  readonly partialSeconds: number
}

export interface Chunk {
  readonly records: readonly LogRecord[]
  readonly position: FilePosition
  /** Whether more is there that can be read at once. */
  readonly goesOn: boolean
}

/** What a look at a log brings. `changed`: it is not the log that was read before, which was truncated or replaced. */
export type Look = Chunk | 'nothing' | 'changed'

export class LogFile {
  readonly stream: string
  readonly content: OpenFile | Compressed
  readonly rules: Rules
  readonly #pathField: Field
  #position: FilePosition
  /** Its size at the last look, and since when nothing more was there. */
  #size = -1
  #quietSince = 0
  #seen = -1
  #modified: number
  #last: { readonly end: number; readonly bytes: Buffer } | undefined

  constructor(stream: string, content: OpenFile | Compressed, position: FilePosition, rules: Rules) {
    this.stream = stream
    this.content = content
    this.rules = rules
    this.#position = position
    this.#modified = position.modified
    this.#pathField = ['log.file.path', Buffer.from(position.path)]
  }

  get position(): FilePosition {
    return this.#position
  }

  /** Whether nothing was written to it for so many milliseconds. */
  isQuiet(milliseconds: number, now: number): boolean {
    return this.#size >= 0 && now - this.#quietSince >= milliseconds
  }

  /** Whether everything that is there is taken as well. */
  isDry(milliseconds: number, now: number): boolean {
    return this.isQuiet(milliseconds, now) && this.#size <= this.#position.offset
  }

  /**
   * Reads on. What was read belongs to this log for certain: its first line and the bytes before are compared after the
   * reading, as it may be truncated and written anew meanwhile.
   * @param isFinal nothing more will be written: a last line without a newline is taken too
   */
  async next(now: number, isFinal: boolean): Promise<Look> {
    const { offset } = this.#position
    if (this.content instanceof OpenFile) {
      const { size, modified } = await this.content.look()
      const isTouched = size !== this.#size || modified !== this.#modified
      if (isTouched) this.#quietSince = now
      this.#size = size
      this.#modified = modified
      if (size < offset) return 'changed'
      if (!isTouched && size === this.#seen && !isFinal && !this.#isRipe(now)) return 'nothing'
    }
    const buffer = await this.content.read(offset, chunkBytes)
    if (this.content instanceof OpenFile && !(await continues(this.content, this.#position))) return 'changed'
    this.#seen = offset + buffer.length
    if (buffer.length === 0) return 'nothing'
    const isTorn = this.content instanceof Compressed && this.content.isTorn
    const isEnd = buffer.length < chunkBytes && !isTorn
    const quiet = (now - this.#quietSince) / 1000
    const { entries, consumed } = split(buffer, {
      start: this.rules.start,
      mostBytes: this.rules.mostBytes,
      mostRecords,
      isQuiet: isEnd && (isFinal || quiet >= this.rules.entrySeconds),
      isFinal: isEnd && (isFinal || quiet >= this.rules.partialSeconds),
    })
    if (consumed === 0) return 'nothing'
    const goesOn = consumed < buffer.length ? entries.length >= mostRecords : !isEnd
    // What was read and not taken for the number of records is there without another write.
    if (goesOn) this.#seen = -1
    const observed = BigInt(Date.now()) * 1_000_000n
    const end = offset + consumed
    const before =
      consumed >= tailBytes
        ? buffer.subarray(0, consumed)
        : Buffer.concat([await this.#bytesBefore(offset), buffer.subarray(0, consumed)])
    this.#last = { end, bytes: Buffer.from(before.subarray(Math.max(0, before.length - tailBytes))) }
    const position = {
      ...this.#position,
      modified: this.#modified,
      offset: end,
      tail: tailDigest(before),
      done: false,
    }
    return {
      records: entries.map((entry) =>
        recordOf(entry, this.stream, offset + entry.at, this.#pathField, observed),
      ),
      position,
      goesOn,
    }
  }

  /** The last bytes before an offset, out of what was read: the file may be another one by now. */
  async #bytesBefore(offset: number): Promise<Buffer> {
    if (this.#last?.end === offset) return this.#last.bytes
    const from = Math.max(0, offset - tailBytes)
    return this.content.read(from, offset - from)
  }

  /** The chunk is committed. */
  committed(position: FilePosition): void {
    this.#position = position
  }

  /** Whether bytes that wait for more have waited long enough. */
  #isRipe(now: number): boolean {
    if (this.#seen <= this.#position.offset) return false
    const { start, entrySeconds, partialSeconds } = this.rules
    const seconds = (now - this.#quietSince) / 1000
    return seconds >= partialSeconds || (start !== undefined && seconds >= entrySeconds)
  }
}
