/** The entries of a batch as columns, by the place of each record; used for batch after batch. */
import type { RecordList } from '../model.ts'
import { RecordColumns } from '../record-columns.ts'
import type { SpooledRecord } from '../spool/batch.ts'

export class Entries {
  /** What is asked of few of them. */
  #records: RecordList<SpooledRecord> = []
  #room = 0
  /** The labels of each stream: `{host="n7", job="remora", …}`. */
  readonly streams: string[] = []
  /** Of each entry the number of its stream. */
  stream = new Uint32Array()
  /** Which there are: 0, 1, 2 … */
  places = new Uint32Array()
  /** Its own time, microseconds since the epoch, and the nanoseconds beyond. */
  microsecond = new Float64Array()
  nanosecond = new Uint16Array()
  /** Of its id, from 0 to 999,999 (loki-stamp.ts). */
  ordinal = new Uint32Array()
  /** The run of the line, whole; and the list of the runs of its metadata, with all their bytes (loki-runs.ts). */
  line = new Uint32Array()
  from = new Uint32Array()
  to = new Uint32Array()
  metadataBytes = new Uint32Array()
  /** The time that it is sent with, and whether that is another than its own. */
  sentMicrosecond = new Float64Array()
  sentSeconds = new Float64Array()
  sentNanoseconds = new Uint32Array()
  isMoved = new Uint8Array()
  /** The run of the line, cut where it must be. */
  sentLine = new Uint32Array()
  /** Of all of it, without its own tag and length. */
  length = new Uint32Array()
  /** The next entry of its stream in the request that is made. */
  next = new Int32Array()
  /** `remora_time`, of those that were moved. */
  readonly own = new Map<number, Buffer>()

  /**
   * Begins another batch, with the times of its records; what was of the one before is gone.
   * @returns whether each is at least as late as the one before it, to the microsecond
   */
  begin(records: RecordList<SpooledRecord>): boolean {
    this.#records = records
    this.streams.length = 0
    this.own.clear()
    if (records.length > this.#room) this.#makeRoom(records.length)
    const { microsecond, nanosecond } = this
    let isOrdered = true
    let before = Number.NEGATIVE_INFINITY
    for (let index = 0; index < records.length; index++) {
      if (records instanceof RecordColumns) {
        microsecond[index] = records.microsecond(index)
        nanosecond[index] = records.nanosecond(index)
      } else {
        const time = this.time(index)
        microsecond[index] = Number(time / 1000n)
        nanosecond[index] = Number(time % 1000n)
      }
      const now = microsecond[index] ?? 0
      if (now < before) isOrdered = false
      before = now
    }
    return isOrdered
  }

  #makeRoom(least: number): void {
    const room = Math.max(least, 64)
    this.#room = room
    this.stream = new Uint32Array(room)
    this.places = Uint32Array.from({ length: room }, (_, index) => index)
    this.microsecond = new Float64Array(room)
    this.nanosecond = new Uint16Array(room)
    this.ordinal = new Uint32Array(room)
    this.line = new Uint32Array(room)
    this.from = new Uint32Array(room)
    this.to = new Uint32Array(room)
    this.metadataBytes = new Uint32Array(room)
    this.sentMicrosecond = new Float64Array(room)
    this.sentSeconds = new Float64Array(room)
    this.sentNanoseconds = new Uint32Array(room)
    this.isMoved = new Uint8Array(room)
    this.sentLine = new Uint32Array(room)
    this.length = new Uint32Array(room)
    this.next = new Int32Array(room)
  }

  set(index: number, stream: number, line: number, from: number, to: number, metadataBytes: number): void {
    this.stream[index] = stream
    this.line[index] = line
    this.from[index] = from
    this.to[index] = to
    this.metadataBytes[index] = metadataBytes
  }

  /** Nanoseconds since the epoch. */
  time(index: number): bigint {
    return this.#records.at(index)?.time ?? 0n
  }

  /** When it was read, in microseconds since the epoch. */
  observedMicrosecond(index: number): number {
    return Number((this.#records.at(index)?.observed ?? 0n) / 1000n)
  }
}
