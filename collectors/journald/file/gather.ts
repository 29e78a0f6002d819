/** Entries that were read directly, gathered to a batch with everything that is counted on the way. */
import { ParseError } from '../../../src/errors.ts'
import type { Field, RecordList, SourceBatch } from '../../../src/model.ts'
import { RecordColumns } from '../../../src/record-columns.ts'
import type { Copies } from '../copies.ts'
import { writeCursor } from '../cursor.ts'
import { droppedBefore } from '../entry.ts'
import type { Gap, Numbers } from '../numbers.ts'
import { streamOf, writePosition } from '../position.ts'
import { openLineOf, rejoin } from '../rejoin.ts'
import { type FilterReason, text } from '../shape.ts'
import type { Datum } from './datum.ts'
import type { FileEntry } from './entries.ts'
import type { ListedFile } from './listing.ts'
import { type Damage, lossesOf, lossInWords } from './losses.ts'
import type { Series } from './series.ts'

/** What a batch costs beside its entries is then little; while few come, it has few. */
const mostEntries = 4000
/** Of distinct fields. */
const mostBytes = 4 << 20
/** What is kept for the next batch: bytes of fields, and indices. */
const mostSpareBytes = 1 << 20
const mostSpareIndices = 1 << 18

/** Of all that gather. */
let batches = 0

export interface GatherOptions {
  readonly namespace: string
  readonly numbers: Numbers
  readonly copies: Copies
  /** The most bytes of a line rejoined; 0: split lines stay as they are. */
  readonly rejoinBytes: number
  /** Whether numbers before the first entry of an id lie before the place where reading began. */
  isBeforeStart(seqnumId: string): boolean
  /** Absent: every entry is wanted. */
  readonly filter: ((fields: readonly Field[]) => FilterReason | undefined) | undefined
  /** Told of each field that is left out. */
  dropped(): void
  /** Told of entries that are in a file, or should be, and cannot be read. */
  skip(error: Error): void
}

type EntryHead = Omit<FileEntry, 'data' | 'offset'>

function keep(into: { -readonly [K in keyof EntryHead]: EntryHead[K] }, entry: EntryHead): void {
  into.seqnum = entry.seqnum
  into.bootId = entry.bootId
  into.monotonic = entry.monotonic
  into.realtime = entry.realtime
  into.xorHigh = entry.xorHigh
  into.xorLow = entry.xorLow
}

export class Gather {
  readonly #how: GatherOptions
  /** Of a batch that nobody looks at any more. */
  #spare: RecordColumns | undefined
  readonly #released = (columns: RecordColumns) => {
    if (columns.table.bytes.length <= mostSpareBytes && columns.indices.length <= mostSpareIndices)
      this.#spare = columns
  }
  #columns = RecordColumns.empty(1 << 16, this.#released)
  #read = 0
  #bytes = 0
  #filtered: Record<string, number> = {}
  #missed: Record<string, number> = {}
  /** The streams whose last entry was a part of a line that goes on. */
  readonly #open = new Set<string>()
  /** The last entry taken, without its fields, and its id. */
  readonly #last = { seqnum: 0, bootId: '', monotonic: 0, realtime: 0, xorHigh: 0, xorLow: 0 }
  #lastId = ''
  #bootId = ''
  /** The index of its field. */
  #boot = 0
  /** Which batch it is that is gathered. */
  #batch = ++batches

  constructor(how: GatherOptions) {
    this.#how = how
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

  /** Takes an entry out of its series. @param files as they are now, if numbers are missing before it */
  add(entry: FileEntry, series: Series, observed: bigint, files: readonly ListedFile[]): void {
    const { numbers, copies } = this.#how
    const { seqnumId, isCopied } = series
    const gap = numbers.take(seqnumId, entry.seqnum)
    const damage = series.takeDamage()
    if (gap) this.#lose(gap, seqnumId, files, damage)
    series.take(entry)
    this.#read += 1
    keep(this.#last, entry)
    this.#lastId = seqnumId
    if (!isCopied) copies.see(seqnumId, entry.bootId, entry.monotonic)
    else if (copies.has(seqnumId, entry.bootId, entry.monotonic)) {
      this.#filter('copy', 1)
      return
    }
    this.#record(entry, seqnumId, observed)
  }

  /** Counts the last numbers of a file that could not be read. */
  cutShort(seqnumId: string, tail: number, damage: Damage): void {
    const gap = this.#how.numbers.take(seqnumId, tail)
    const count = gap ? gap.to - gap.from + 2 : 1
    this.miss(damage.isDeleted ? 'vacuumed' : 'corrupted', count)
    if (!damage.isDeleted)
      this.#how.skip(lossInWords(count, { from: gap?.from ?? tail, to: tail }, seqnumId, damage))
  }

  /** @returns what was gathered, with the position after it; then it is empty */
  take(): SourceBatch {
    const { namespace, numbers, copies, rejoinBytes } = this.#how
    if (this.#lastId === '') throw new ParseError('Cannot take a batch: it is empty')
    const cursor = writeCursor(this.#lastId, this.#last)
    const columns = this.#columns
    const batch = {
      records: rejoinBytes > 0 ? this.#rejoined(rejoinBytes) : columns,
      positions: [{ stream: streamOf(namespace), position: writePosition(cursor, numbers, copies) }],
      filtered: this.#filtered,
      missed: this.#missed,
      release: () => columns.release(),
    }
    this.#read = 0
    this.#bytes = 0
    this.#columns = this.#spare
      ? RecordColumns.inRoomOf(this.#spare, this.#released)
      : RecordColumns.empty(1 << 16, this.#released)
    this.#spare = undefined
    this.#batch = ++batches
    this.#bootId = ''
    this.#filtered = {}
    this.#missed = {}
    return batch
  }

  #record(entry: FileEntry, seqnumId: string, observed: bigint): void {
    const { data, realtime, monotonic, bootId, seqnum } = entry
    const { filter, rejoinBytes } = this.#how
    if (bootId !== this.#bootId) {
      this.#bootId = bootId
      this.#boot = this.#columns.table.addField('_BOOT_ID', bootId)
    }
    const reason = filter?.(data.map(({ field }) => field))
    const columns = this.#columns
    const { table } = columns
    const batch = this.#batch
    const indices = columns.reserve(data.length * 2 + 1)
    let end = columns.indexCount
    indices[end++] = this.#boot
    let cut: Datum[] | undefined
    for (let at = 0; at < data.length; at++) {
      const datum = data[at]
      if (datum === undefined) continue
      if (!datum.isPlain) {
        if (datum.isDriver) this.#driver(data)
        if (datum.boot !== undefined) continue // It is there already.
        if (!datum.name.isKept) {
          if (reason === undefined) this.#how.dropped()
          continue
        }
        if (datum.cutFrom !== undefined) cut = [...(cut ?? []), datum]
      }
      if (reason !== undefined) continue
      if (datum.batch !== batch) {
        datum.batch = batch
        datum.index = table.add(datum.bytes, datum.from, datum.to)
        this.#bytes += datum.to - datum.from
      }
      indices[end++] = datum.index
    }
    if (reason !== undefined) {
      this.#filter(reason, 1)
      return
    }
    for (const { name, cutFrom } of cut ?? [])
      indices[end++] = table.addField('REMORA_CUT', `${name.text}:${cutFrom}`)
    columns.end(end, seqnumId, seqnum, monotonic)
    columns.setTimes(realtime, observed)
    if (rejoinBytes > 0) this.#follow(columns.fields(columns.length - 1))
  }

  /** What journald says of messages it has dropped itself. */
  #driver(data: readonly Datum[]): void {
    const dropped = droppedBefore(data.map(({ field }) => field))
    if (dropped) this.miss(dropped.reason, dropped.count)
  }

  #lose(gap: Gap, seqnumId: string, files: readonly ListedFile[], damage: Damage): void {
    if (gap.first && this.#how.isBeforeStart(seqnumId)) {
      this.miss('before_start', gap.to - gap.from + 1)
      return
    }
    const losses = lossesOf(gap, seqnumId, files, damage)
    for (const [reason, count] of Object.entries(losses)) this.miss(reason, count)
    const unread = losses.corrupted + losses.unseen
    if (unread > 0) this.#how.skip(lossInWords(unread, gap, seqnumId, damage))
  }

  #follow(fields: readonly Field[]): void {
    const goesOn = openLineOf(fields)
    if (goesOn !== undefined) this.#open.add(goesOn)
    else if (this.#open.size > 0) this.#open.delete(text(fields, '_STREAM_ID') ?? '')
  }

  #rejoined(mostLineBytes: number): RecordList {
    this.#open.clear()
    const joined = rejoin(this.#columns, mostLineBytes)
    const parts = this.#columns.length - joined.length
    this.#filter('rejoined', parts)
    return parts > 0 ? joined : this.#columns
  }

  #filter(reason: string, count: number): void {
    if (count > 0) this.#filtered[reason] = (this.#filtered[reason] ?? 0) + count
  }
}
