/** What a forwarder is: it only encodes, sends and says what happened. deliver.ts decides everything else. */
import type { Sample } from '../model.ts'
import type { SpooledBatch } from '../spool/batch.ts'
import type { Heartbeat } from './heartbeat.ts'

/** Who sends: the same words in every protocol's own place. */
export interface Origin {
  readonly node: string
  readonly bootId: string
  readonly ledger: string
}

export type Outcome =
  /** The receiver has all of it. */
  | { readonly is: 'accepted' }
  /** The receiver has all but these, and said why. Indices into the batch's records or samples. */
  | { readonly is: 'partly'; readonly refused: readonly { readonly index: number; readonly words: string }[] }
  /**
   * Not now: 429, 5xx, no connection, a full disk. `unanswered` when the receiver may have taken it all the same;
   * `busy` when it is certain to be as it was, so that it still has what it accepted before (429).
   */
  | {
      readonly is: 'retry'
      readonly words: string
      readonly retryAfterSeconds?: number | undefined
      readonly unanswered?: boolean
      readonly busy?: boolean
    }
  /** The sink is down until someone mends it: 401, 403, 404, 405, 407, TLS. Retried, shown. */
  | { readonly is: 'down'; readonly words: string; readonly retryAfterSeconds?: number | undefined }
  /** Refused for its content: 400, 413, 422. The batch is bisected. */
  | { readonly is: 'refused'; readonly words: string }
  /** The receiver can never take it, by this protocol's own rules: `too_old`. Counted as lost. */
  | { readonly is: 'lost'; readonly reason: string; readonly words: string }

/** An outcome, and which of several receivers said so: a change of it matters to a settle time. */
export type Answer = Outcome & { readonly endpoint?: string }

export interface Forwarder {
  /** What it takes. */
  readonly kinds: readonly ('events' | 'samples')[]
  /**
   * Sends one batch (of at most its records or samples; a bisection sends parts). Never throws for what a receiver
   * does. `again` says that an earlier sending of the same batch was never answered.
   */
  send(batch: SpooledBatch, signal: AbortSignal, again: boolean): Promise<Answer>
  /**
   * Sends a heartbeat beside the batches, past those that wait, in the protocol's own place. Once: whatever comes of
   * it, it neither waits for a batch, nor holds one, nor changes where the next one goes. Never throws.
   */
  heartbeat?(beat: Heartbeat, signal: AbortSignal): Promise<Outcome>
  /** Metrics of its own, if it has any (deleted files, say), without the `sink` label, which the engine adds. */
  samples?(): readonly Sample[]
  close(): Promise<void>
}
