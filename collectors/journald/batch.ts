/** Entries of one namespace gathered to a batch, with everything that is counted on the way. */
import type { Field, LogRecord, SourceBatch } from '../../src/model.ts'
import type { Cursor } from './cursor.ts'
import { droppedBefore, type Located } from './entry.ts'
import type { ExportEntry } from './export.ts'
import type { JournalFile } from './files.ts'
import type { Found } from './look-again.ts'
import { Losses } from './losses.ts'
import { type Gap, type Numbers, splitGap } from './numbers.ts'
import { streamOf, writePosition } from './position.ts'
import type { Range } from './range.ts'
import { openLineOf, rejoin } from './rejoin.ts'
import { type FilterReason, text } from './shape.ts'

const mostEntries = 2000
const mostBytes = 1 << 20

export interface Gathering {
  readonly namespace: string
  readonly numbers: Numbers
  /** Whether numbers before the first entry of an id lie before the place where reading began. */
  isBeforeStart(seqnumId: string): boolean
  files(): Promise<readonly JournalFile[]>
  /** What of these numbers the files do hold (look-again.ts). */
  lookAgain(range: Range, before: Cursor | undefined, files: readonly JournalFile[]): Promise<Found>
  filter(entry: ExportEntry): FilterReason | undefined
  fields(entry: ExportEntry): readonly Field[]
  /** Told of entries that are in a file and cannot be read. */
  skip(error: Error): void
  /** The most bytes of a line rejoined; 0: split lines stay as they are. */
  readonly rejoinBytes: number
}

export class Batch {
  readonly #how: Gathering
  #records: LogRecord[] = []
  #bytes = 0
  #read = 0
  #cursor = ''
  /** When the last entry was read. */
  #observed = 0n
  #filtered: Record<string, number> = {}
  #missed: Record<string, number> = {}
  /** The streams whose last entry was a part of a line that goes on. */
  #open = new Set<string>()
  #gaps: { gap: Gap; seqnumId: string; before: Cursor | undefined; at: number }[] = []
  #before: Cursor | undefined
  /** Records of which a value ends in zeros, as it does when its file is vacuumed or cut short while it is read. */
  #suspects = new Map<LogRecord, number>()

  /** @param before the entry that the first one follows */
  constructor(how: Gathering, before: Cursor | undefined) {
    this.#how = how
    this.#before = before
  }

  get isEmpty(): boolean {
    return this.#read === 0
  }

  get isFull(): boolean {
    return this.#read >= mostEntries || this.#bytes >= mostBytes
  }

  /** Whether a split line goes on in entries to come. */
  get isOpen(): boolean {
    return this.#open.size > 0
  }

  miss(reason: string, count: number): void {
    if (count > 0) this.#missed[reason] = (this.#missed[reason] ?? 0) + count
  }

  /**
   * Takes the next entry. Its sequence-number id must be known to the numbers.
   * @param copy it was taken already, out of another file
   */
  add(entry: ExportEntry, place: Located, observed: bigint, copy: boolean): void {
    const { cursor, cursorText } = place
    const { seqnumId, seqnum } = cursor
    const gap = seqnum === undefined ? undefined : this.#how.numbers.take(seqnumId, seqnum)
    if (gap) this.#gaps.push({ gap, seqnumId, before: this.#before, at: this.#records.length })
    this.#before = cursor
    this.#read += 1
    this.#cursor = cursorText
    this.#observed = observed
    const record = this.#record(entry, place, copy)
    if (!record) return
    this.#records.push(record)
    if (this.#how.rejoinBytes > 0) this.#follow(record)
  }

  /** @returns undefined if it is filtered out */
  #record(
    entry: ExportEntry,
    { cursor: { seqnumId, seqnum, id }, time }: Located,
    copy: boolean,
  ): LogRecord | undefined {
    const dropped = droppedBefore(entry.fields)
    if (dropped && !copy) this.miss(dropped.reason, dropped.count)
    const reason = copy ? 'copy' : this.#how.filter(entry)
    if (reason !== undefined) {
      this.#filter(reason, 1)
      return undefined
    }
    this.#bytes += entry.bytes
    const fields = this.#how.fields(entry)
    const record = { stream: seqnumId, id, time, observed: this.#observed, fields }
    if (seqnum !== undefined && entry.fields.some(([, value]) => value[value.length - 1] === 0))
      this.#suspects.set(record, seqnum)
    return record
  }

  /** @returns what was gathered, with the position after it; then it is empty */
  async take(): Promise<SourceBatch> {
    if (this.#gaps.length > 0) await this.#explain()
    if (this.#suspects.size > 0) await this.#judge()
    if (this.#how.rejoinBytes > 0) this.#rejoin()
    const { namespace, numbers } = this.#how
    const batch = {
      records: this.#records,
      positions: [{ stream: streamOf(namespace), position: writePosition(this.#cursor, numbers) }],
      filtered: this.#filtered,
      missed: this.#missed,
    }
    this.#records = []
    this.#bytes = 0
    this.#read = 0
    this.#filtered = {}
    this.#missed = {}
    return batch
  }

  async #explain(): Promise<void> {
    const files = await this.#how.files()
    this.#how.numbers.know(files)
    const lost = new Losses()
    // From the last one on, so that what is put in moves no place that is still to come.
    for (const { gap, seqnumId, before, at } of this.#gaps.toReversed()) {
      if (gap.first && this.#how.isBeforeStart(seqnumId)) {
        this.miss('before_start', gap.to - gap.from + 1)
        continue
      }
      const { vacuumed, there } = splitGap(gap, seqnumId, files)
      this.miss('vacuumed', vacuumed)
      lost.add({ seqnumId, from: gap.from, to: gap.from + vacuumed - 1 }, vacuumed)
      if (!there) continue
      const { copies, passed } = await this.#how.lookAgain(there, before, files)
      this.#filter('copy', copies)
      const found = passed.map(({ entry, place }) => this.#record(entry, place, false))
      this.#records.splice(at, 0, ...found.filter((record) => record !== undefined))
      const unread = there.to - there.from + 1 - copies - passed.length
      this.miss('corrupted', unread)
      lost.add(there, unread)
    }
    this.#gaps = []
    for (const error of lost.inWords(files)) this.#how.skip(error)
  }

  #follow({ fields }: LogRecord): void {
    const goesOn = openLineOf(fields)
    if (goesOn !== undefined) this.#open.add(goesOn)
    else if (this.#open.size > 0) this.#open.delete(text(fields, '_STREAM_ID') ?? '')
  }

  #rejoin(): void {
    const joined = rejoin(this.#records, this.#how.rejoinBytes)
    this.#filter('rejoined', this.#records.length - joined.length)
    this.#records = joined
    this.#open.clear()
  }

  /** Takes out the suspects that no whole file has any more. Where one is there, zeros are what was written. */
  async #judge(): Promise<void> {
    const files = await this.#how.files()
    const isGone = (record: LogRecord) => {
      const number = this.#suspects.get(record)
      return (
        number !== undefined &&
        !files.some(
          ({ seqnumId, head, tail, isWhole }) =>
            isWhole && seqnumId === record.stream && head <= number && number <= tail,
        )
      )
    }
    const whole = this.#records.filter((record) => !isGone(record))
    this.miss('corrupted', this.#records.length - whole.length)
    this.#records = whole
    this.#suspects.clear()
  }

  #filter(reason: string, count: number): void {
    if (count > 0) this.#filtered[reason] = (this.#filtered[reason] ?? 0) + count
  }
}
