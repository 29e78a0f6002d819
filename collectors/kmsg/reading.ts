/** Records out of the ring, numbered without a gap: what is missing between two of them is counted with its reason. */
import { ParseError } from '../../src/errors.ts'
import type { LogRecord, SourceBatch } from '../../src/model.ts'
import { recordMaker } from './fields.ts'
import { type KmsgPosition, kmsgStream, writeKmsg } from './position.ts'
import { type KmsgRecord, parseRecord } from './record.ts'
import type { Ring } from './ring.ts'
import { covers, Growing, type Stretch } from './stretches.ts'

const mostRecords = 1000
const mostBytes = 1 << 20
/** A device that only ever says so is no /dev/kmsg. */
const mostShort = 1000

/** Nanoseconds since the epoch, and since boot: the wall clock may step, so both are asked at once. */
export interface Clocks {
  now(): bigint
  sinceBoot(): bigint
}

export interface Gathered {
  readonly records: readonly Numbered[]
  /** Whether the ring had no more. */
  readonly isAtEnd: boolean
}

interface Numbered {
  readonly record: KmsgRecord
  /** How many came between it and the record before, and could not be taken. */
  readonly overrun: number
  readonly unreadable: number
  readonly time: bigint
}

export class Reading {
  readonly #boot: string
  readonly #ring: Ring
  readonly #clocks: Clocks
  readonly #skip: (error: Error) => void
  readonly #make: ReturnType<typeof recordMaker>
  readonly #growing: Growing
  /** The sequence number that comes next. */
  #next: number
  /** Records since the last one taken that were there and could not be read. */
  #bad = 0
  /** When the ring was last seen without more: what comes then was written later. */
  #atEnd: bigint | undefined
  #observed = 0n
  /** Whether the last committed position leaves the end of its newest stretch open. */
  #isOpen = false

  /** @param position of this boot; undefined: from the first record that is there */
  constructor(
    boot: string,
    ring: Ring,
    position: KmsgPosition | undefined,
    clocks: Clocks,
    skip: (error: Error) => void,
  ) {
    this.#boot = boot
    this.#ring = ring
    this.#clocks = clocks
    this.#skip = skip
    this.#make = recordMaker(boot)
    this.#growing = new Growing(position?.stretches)
    this.#next = position?.next ?? 0
    this.#isOpen = position?.open ?? false
  }

  /** Reads what is there, up to the bounds of a batch. */
  gather(): Gathered {
    const records: Numbered[] = []
    const before = this.#atEnd
    const booted = this.#clocks.now() - this.#clocks.sinceBoot()
    let bytes = 0
    let isAtEnd = false
    let short = 0
    while (records.length < mostRecords && bytes < mostBytes) {
      const read = this.#ring.read()
      if (read === 'end') {
        isAtEnd = true
        break
      }
      if (read === 'overrun') continue
      if (read === 'short') {
        this.#bad += 1
        short += 1
        if (short > mostShort) throw new Error('Cannot read /dev/kmsg: no record fits')
        continue
      }
      bytes += read.length
      const record = this.#parse(read)
      if (record === undefined || record.sequence < this.#next) continue
      const gap = record.sequence - this.#next
      const unreadable = Math.min(gap, this.#bad)
      this.#bad = 0
      this.#next = record.sequence + 1
      records.push({
        record,
        overrun: gap - unreadable,
        unreadable,
        time: booted + BigInt(record.microseconds) * 1000n,
      })
    }
    this.#observed = this.#clocks.now()
    this.#atEnd = isAtEnd ? this.#observed : undefined
    return {
      records: records.map((one) => ({ ...one, time: within(one.time, before, this.#observed) })),
      isAtEnd,
    }
  }

  /**
   * Decides who has each record.
   * @param others what journald has spooled, or is about to
   * @returns undefined when there is nothing to commit
   */
  decide(
    { records, isAtEnd }: Gathered,
    others: readonly Stretch[],
    priority: number,
  ): SourceBatch | undefined {
    if (records.length === 0 && !(this.#isOpen && isAtEnd)) return undefined
    const kept: LogRecord[] = []
    const filtered = { journald: 0, priority: 0 }
    const missed = { overrun: 0, unreadable: 0 }
    for (const { record, overrun, unreadable, time } of records) {
      missed.overrun += overrun
      missed.unreadable += unreadable
      if (overrun + unreadable > 0) this.#growing.tear()
      if (covers(others, record.microseconds)) {
        filtered.journald += 1
        this.#growing.leave(record.microseconds)
        continue
      }
      this.#growing.take(record.microseconds)
      if (record.priority > priority) filtered.priority += 1
      else kept.push(this.#make(record, time, this.#observed))
    }
    this.#isOpen = !isAtEnd
    const position = writeKmsg({
      boot: this.#boot,
      next: this.#next,
      stretches: this.stretches.map(([from, to]) => [from, to]),
      open: this.#isOpen,
    })
    return {
      records: kept,
      positions: [{ stream: kmsgStream, position }],
      filtered: some(filtered),
      missed: some(missed),
    }
  }

  get stretches(): readonly Stretch[] {
    return this.#growing.all
  }

  takeForgotten(): number {
    return this.#growing.takeForgotten()
  }

  #parse(bytes: Buffer): KmsgRecord | undefined {
    try {
      return parseRecord(bytes)
    } catch (error) {
      if (!(error instanceof ParseError)) throw error
      this.#bad += 1
      this.#skip(error)
      return undefined
    }
  }
}

/** The kernel's clock drifts from the wall's; what was seen to come is no older than the look before it. */
function within(time: bigint, before: bigint | undefined, now: bigint): bigint {
  if (time > now) return now
  return before !== undefined && time < before ? before : time
}

function some(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
}
