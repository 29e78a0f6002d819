/** What the spool stands on, and how it gets another ground. */
import type { Clock } from '../clock.ts'
import type { Database } from './database.ts'
import type { SinkRoute } from './spool.ts'

export interface SpoolOptions {
  /** The folder. */
  readonly path: string
  readonly maxBytes: number
  /** The share of its file system that stays free. */
  readonly reserveRatio: number
  readonly pauseOrder: readonly string[]
  readonly clock: Clock
  /** Says a change of the spool's own state, in words, once. */
  readonly report: (message: string) => void
}

/** What the spool stands on: an open database, and how to get another one when this one is lost. */
export interface Ground {
  readonly db: Database
  /** Absent: memory only, because the disk could not be used at start, or turned read-only. */
  readonly file?: string
  /**
   * A new file after this one was damaged (`error`) or deleted, moved, replaced (no error), with what could be read.
   * @param newest the sequence of the newest batch, as far as it is known
   */
  replace(sinks: readonly SinkRoute[], newest: number, error?: unknown): Ground
  /** The memory, with what could be read, once the file system takes nothing any more; undefined while it may again. */
  leave(sinks: readonly SinkRoute[], newest: number): Ground | undefined
  close(): void
}
