/**
 * The spool: one log of batches, a cursor per sink, source positions and the ledger, changed together (format.md).
 * Asynchronous, so that what is behind it can move to a worker.
 */
import type { SourceBatch } from '../model.ts'
import type { SpooledBatch, SpooledSample } from './batch.ts'

/** The source of every sample batch in the ledger and in a sink's `sources`. */
export const metricsSource = 'metrics'

/** The source of Remora's own records: the boot record, and what is said of a damaged spool. */
export const ownSource = 'remora'

/** A position up to which every required off-node sink that takes the source, at least one, is done. */
export interface DonePosition {
  readonly source: string
  readonly stream: string
  readonly position: string
  /** False: some of it was quarantined or lost, and is not acknowledged back to the source. */
  readonly acknowledged: boolean
}

/** What the spool must know of a sink. A sink is its name. */
export interface SinkRoute {
  readonly name: string
  readonly required: boolean
  readonly offNode: boolean
  /** Events this sink still awaits are never given up for room. */
  readonly keepAll: boolean
  readonly kinds: readonly ('events' | 'samples')[]
  /** The sources it takes; absent: all. */
  readonly sources?: readonly string[]
  readonly quarantineBytes: number
}

/** What became of one batch at one sink; the cursor moves past it. */
export interface BatchResult {
  readonly sequence: number
  readonly acknowledged: number
  readonly lost?: { readonly reason: string; readonly count: number }
  /** Refused records or samples, by their place in the batch, with the receiver's words. */
  readonly quarantined?: readonly { readonly index: number; readonly words: string }[]
}

/** One row of the ledger of a source: records it read. All counts are whole numbers. */
export interface SourceCounts {
  readonly read: number
  readonly spooled: number
  readonly filtered: Readonly<Record<string, number>>
  readonly missed: Readonly<Record<string, number>>
}

/** One row of the ledger of a sink and a source. */
export interface SinkCounts {
  readonly routed: number
  readonly acknowledged: number
  /** Summed from the batches behind the cursor, never derived from the others. */
  readonly held: number
  readonly quarantined: number
  readonly lost: Readonly<Record<string, number>>
}

/**
 * What no off-node sink has acknowledged: held or quarantined; of a source that no off-node sink takes, everything
 * since the ledger began (counted, not held).
 */
export interface AtRisk {
  readonly records: number
  readonly samples: number
  /** Of both, as spooled. */
  readonly bytes: number
  /** When the oldest of them was spooled, milliseconds since the epoch. */
  readonly oldestMilliseconds?: number
}

/** The whole ledger, read in one snapshot. Source `metrics` counts samples, every other one records. */
export interface LedgerSnapshot {
  readonly ledger: string
  readonly sources: ReadonlyMap<string, SourceCounts>
  /** By sink, then by source. Removed sinks stay. */
  readonly sinks: ReadonlyMap<string, ReadonlyMap<string, SinkCounts>>
  /** When the oldest batch each sink still awaits was spooled, milliseconds since the epoch; absent: it awaits none. */
  readonly oldestHeldMilliseconds: ReadonlyMap<string, number>
  readonly atRisk: AtRisk
  /** File, write-ahead log and free pages. */
  readonly usedBytes: number
  /** Batches in the log. */
  readonly batches: number
  readonly boundBytes: number
  /** False: the disk could not be used at the start or turned read-only, a crash of the agent loses what is held. */
  readonly onDisk: boolean
  /** False: the disk refused the last transaction, and the sources wait. */
  readonly writable: boolean
  readonly pausedSources: readonly string[]
}

/** How far everything has come, read in one snapshot: what a heartbeat tells. */
export interface SpoolProgress {
  readonly sources: ReadonlyMap<
    string,
    {
      /** Of its records; of metrics, of its collections. */
      readonly lastNumber: number
      readonly positions: ReadonlyMap<string, string>
    }
  >
  /** By sink, then by source. Removed sinks are not among them. */
  readonly sinks: ReadonlyMap<string, ReadonlyMap<string, SinkCounts>>
}

export interface QuarantinedRecord {
  readonly key: number
  readonly sink: string
  readonly source: string
  readonly id: string
  readonly number: number
  readonly words: string
  readonly quarantinedMilliseconds: number
  readonly replay: boolean
  /** The record or sample alone, as a batch of one. */
  readonly batch: SpooledBatch
}

export interface Spool extends AsyncDisposable {
  /** The random id of this ledger; a new spool has a new one. */
  readonly ledger: string
  /** The sequence of the newest batch. */
  readonly newest: number
  /** Makes these the sinks: new ones start with the next batch, what is held for one no longer named is lost{sink_removed}. */
  route(sinks: readonly SinkRoute[]): Promise<void>
  /** Held and quarantined records that `route` would count as lost, by sink. */
  wouldLose(sinks: readonly SinkRoute[]): Promise<ReadonlyMap<string, number>>
  /** Positions and last states (`state:<part>`) of a source, by stream. */
  positions(source: string): Promise<ReadonlyMap<string, string>>
  /**
   * Numbers the records and commits them with the positions after them and the ledger rows, in one transaction.
   * @throws {SpoolUnavailableError} nothing was taken: the source waits for `writable` and offers the same batch again
   */
  commit(source: string, batch: SourceBatch): Promise<void>
  /** Commits one collection. Never waits: without room it is counted as lost, on a broken disk as missed. */
  commitSamples(timeMilliseconds: number, samples: readonly SpooledSample[]): Promise<void>
  /** Resolves when this source may commit: at once, or when it is no longer paused and the disk takes writes. */
  writable(source: string, signal: AbortSignal): Promise<void>
  /** The first batch routed to the sink after `sequence` and its cursor; undefined when there is none. Damaged ones are counted lost and passed. */
  next(sink: string, after: number): Promise<SpooledBatch | undefined>
  /** Resolves once a sink has taken the newest batch, or, within 100 ms, when none does. */
  keptUp(): Promise<void>
  /** Moves the sink's cursor past these batches, in order, with everything that follows from it, in one transaction. */
  settle(sink: string, results: readonly BatchResult[]): Promise<void>
  /** Resolves when something was committed after `sequence`, or a replay was asked for. */
  grown(after: number, signal: AbortSignal): Promise<void>
  snapshot(): Promise<LedgerSnapshot>
  progress(): Promise<SpoolProgress>
  /** Positions that every required off-node sink has now acknowledged, since the last call (format.md, Acknowledgement). */
  acknowledgedPositions(): Promise<
    readonly { readonly source: string; readonly stream: string; readonly position: string }[]
  >
  /** The same that every such sink is done with, quarantined and lost records included; of one reader. */
  donePositions(): Promise<readonly DonePosition[]>
  /**
   * Takes over positions of an earlier boot (a state copy), in one transaction, if the spool has none at all.
   * @param quarantined records that died in quarantine, by source: missed
   * @returns whether it did
   */
  adopt(positions: readonly DonePosition[], quarantined: Readonly<Record<string, number>>): Promise<boolean>
  /** Quarantined records of a sink whose replay was asked for, oldest first, at most 100. */
  replays(sink: string): Promise<readonly QuarantinedRecord[]>
  /** What became of a replay: acknowledged, or refused again with these words (it stays, and is not tried until asked for). */
  replayed(key: number, refused?: string): Promise<void>
}
