/**
 * The one delivery loop, for every sink: take the next batch, send it, understand the answer, move the cursor. One
 * sink's trouble never reaches another: each has its own loop, backoff and cursor.
 */
import { channel } from 'node:diagnostics_channel'
import { describe, QuarantineFullError, SpoolUnavailableError } from '../errors.ts'
import type { SpooledBatch } from '../spool/batch.ts'
import type { BatchResult, Spool } from '../spool/spool.ts'
import type { SinkStatus } from '../status.ts'
import { resolve } from './bisect.ts'
import type { Answer, Forwarder } from './forwarder.ts'
import { SinkState, type SinkStateOptions } from './sink-state.ts'

export interface DeliveryOptions extends SinkStateOptions {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly offNode: boolean
  /** Milliseconds an accepted batch is kept before it counts as acknowledged. */
  readonly settleMilliseconds: number
  /** Called for each answer. */
  readonly answered?: (is: Answer['is'], seconds: number) => void
}

/** A receiver that refuses every batch is asked so long before the batch is quarantined and the next one tried. */
const refusingMilliseconds = 15 * 60_000

/** Tests watch the moments around a request here. */
const phases = channel('remora:delivery')

export class Delivery {
  readonly #options: DeliveryOptions
  readonly #spool: Spool
  readonly #forwarder: Forwarder
  readonly #state: SinkState
  #lastAcknowledged: number | undefined
  /** The last batch sent and accepted; the cursor follows after the settle time. */
  #sent = 0
  /** Accepted batches within their settle time, oldest first. */
  #settling: { result: BatchResult; readyAt: number }[] = []
  /** Up to here the receiver may have batches whose answer we never saw. */
  #uncertain = 0
  #endpoint: string | undefined
  /** Since when the batch of that sequence is refused whatever part of it is sent. */
  #refusedWhole: { sequence: number; since: number } | undefined
  /** The newest batch of the log when there was last nothing left to send or settle. */
  #idleAt: number | undefined
  /** Whose places and numbers all of this is about; undefined before the first step. */
  #ledger: string | undefined

  constructor(options: DeliveryOptions, spool: Spool, forwarder: Forwarder) {
    this.#options = options
    this.#state = new SinkState(options)
    this.#spool = spool
    this.#forwarder = forwarder
  }

  status(): SinkStatus {
    const { name, type, required, offNode } = this.#options
    return {
      name,
      type,
      required,
      offNode,
      ...this.#state.status(),
      ...(this.#lastAcknowledged !== undefined && { lastAcknowledgedMilliseconds: this.#lastAcknowledged }),
    }
  }

  /** Whether nothing in the spool is left to send or settle. */
  get idle(): boolean {
    return this.#idleAt !== undefined && this.#idleAt >= this.#spool.newest
  }

  /** Delivers until the signal; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#ledger !== this.#spool.ledger) await this.#begin()
        await this.#step(signal)
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof NewLedgerError)) await this.#fail(error, signal)
      }
    }
  }

  /**
   * The run before this one, or this one under another ledger, may have sent the first batch; any number after it with a
   * settle time, or where the disk was found read-only: that run may have gone on in memory.
   */
  async #begin(): Promise<void> {
    const { ledger } = this.#spool
    const batch = await this.#spool.next(this.#options.name, 0)
    if (batch?.kind === 'events') batch.release?.()
    const { onDisk } = await this.#spool.snapshot()
    this.#uncertain = this.#settles || !onDisk ? this.#spool.newest : (batch?.sequence ?? 0)
    this.#sent = 0
    this.#settling = []
    this.#idleAt = undefined
    this.#ledger = ledger
  }

  async #step(signal: AbortSignal): Promise<void> {
    // Before what is settled: a full quarantine is emptied by replays.
    await this.#replay(signal)
    await this.#settleReady()
    const newest = this.#spool.newest
    const batch = await this.#spool.next(this.#options.name, this.#sent)
    this.#state.recovered()
    if (batch !== undefined) {
      this.#idleAt = undefined
      await this.#deliver(batch, signal)
      if (batch.kind === 'events') batch.release?.()
      return
    }
    if (this.#settling.length === 0) this.#idleAt = newest
    await this.#wait(newest, signal)
  }

  /** Until there is a new batch, or the oldest accepted one has settled. */
  async #wait(newest: number, signal: AbortSignal): Promise<void> {
    const due = this.#settling[0]?.readyAt
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    const waits = [this.#spool.grown(newest, either)]
    if (due !== undefined)
      waits.push(this.#options.clock.sleep(Math.max(1, due - this.#options.clock.monotonic()), either))
    try {
      await Promise.race(waits)
    } finally {
      over.abort()
      await Promise.allSettled(waits)
    }
  }

  async #deliver(batch: SpooledBatch, signal: AbortSignal): Promise<void> {
    let taken = false
    const resolution = await resolve(batch, async (part) => {
      const answer = await this.#send(part, signal, taken)
      if (answer.is !== 'refused') this.#refusedWhole = undefined
      if (answer.is === 'accepted' || answer.is === 'partly') taken = true
      this.#state.answered(this.#refusedWhole !== undefined)
      return answer
    })
    if (resolution.is === 'resolved') {
      this.#changeOfEndpoint(resolution.endpoints)
      const { acknowledged, lost, quarantined } = resolution
      await this.#accepted(
        { sequence: batch.sequence, acknowledged, quarantined, ...(lost && { lost }) },
        signal,
      )
      return
    }
    const { clock } = this.#options
    if (this.#refusedWhole?.sequence !== batch.sequence)
      this.#refusedWhole = { sequence: batch.sequence, since: clock.monotonic() }
    if (clock.monotonic() - this.#refusedWhole.since < refusingMilliseconds) {
      await this.#state.waitOut('down', resolution.words, undefined, signal)
      return
    }
    const quarantined = Array.from({ length: batch.count }, (_, index) => ({
      index,
      words: resolution.words,
    }))
    await this.#accepted({ sequence: batch.sequence, acknowledged: 0, quarantined }, signal)
  }

  /**
   * Sends one part of the log again and again until the answer is final. Everything else is waited out.
   * @param taken whether the receiver has taken other parts of the same batch, not settled either
   * @throws {SetBackError} if the receiver may have forgotten what it accepted
   */
  async #send(part: SpooledBatch, signal: AbortSignal, taken: boolean): Promise<Answer> {
    for (;;) {
      const answer = await this.#ask(part, signal, part.sequence <= this.#uncertain)
      if (answer.is !== 'retry' && answer.is !== 'down') return answer
      if (answer.is === 'retry' && answer.unanswered)
        this.#uncertain = Math.max(this.#uncertain, part.sequence)
      if (this.#settles && !isBusy(answer) && (taken || this.#settling.length > 0)) {
        this.#uncertain = Math.max(this.#uncertain, part.sequence)
        this.#setBack()
        throw new SetBackError(
          answer.is === 'down' ? 'down' : 'retrying',
          answer.words,
          answer.retryAfterSeconds,
        )
      }
      await this.#waitOut(answer, signal)
      await this.#settleReady() // A busy receiver keeps what it has.
    }
  }

  /** One request. */
  async #ask(part: SpooledBatch, signal: AbortSignal, again: boolean): Promise<Answer> {
    signal.throwIfAborted()
    if (this.#ledger !== this.#spool.ledger) throw new NewLedgerError()
    const started = this.#options.clock.monotonic()
    phases.publish({ phase: 'sending', sink: this.#options.name })
    const answer = await this.#forwarder.send(part, signal, again)
    phases.publish({ phase: 'answered', sink: this.#options.name, is: answer.is })
    signal.throwIfAborted()
    this.#options.answered?.(answer.is, (this.#options.clock.monotonic() - started) / 1000)
    return answer
  }

  get #settles(): boolean {
    return this.#options.settleMilliseconds > 0
  }

  async #accepted(result: BatchResult, signal: AbortSignal): Promise<void> {
    const { clock, settleMilliseconds } = this.#options
    this.#sent = result.sequence
    this.#settling.push({ result, readyAt: clock.monotonic() + settleMilliseconds })
    while (!signal.aborted && this.#settling[0] !== undefined && settleMilliseconds === 0) {
      try {
        await this.#settleReady()
      } catch (error) {
        await this.#fail(error, signal)
        await this.#replay(signal)
      }
    }
  }

  async #settleReady(): Promise<void> {
    const { clock, name } = this.#options
    for (;;) {
      const oldest = this.#settling[0]
      if (oldest === undefined || oldest.readyAt > clock.monotonic()) return
      await this.#spool.settle(name, [oldest.result])
      this.#settling.shift()
      if (oldest.result.acknowledged > 0) this.#lastAcknowledged = clock.now()
      this.#state.recovered()
    }
  }

  /** The receiver may have restarted before its disk had them: everything unsettled is sent again. */
  #setBack(): void {
    const first = this.#settling[0]
    if (first !== undefined) this.#sent = first.result.sequence - 1
    this.#settling = []
  }

  #changeOfEndpoint(endpoints: ReadonlySet<string>): void {
    const endpoint = [...endpoints].at(-1)
    if (endpoint === undefined || endpoint === this.#endpoint) return
    const known = this.#endpoint !== undefined
    this.#endpoint = endpoint
    if (known && this.#settling.length > 0) {
      // Nothing is uncertain by this: the other receiver has never seen them.
      this.#setBack()
      throw new SetBackError('retrying', `now sending to ${endpoint}`, undefined)
    }
  }

  /** Sends what was asked for out of the quarantine, one record a request, to this sink alone. */
  async #replay(signal: AbortSignal): Promise<void> {
    for (const record of await this.#spool.replays(this.#options.name)) {
      const answer = await this.#sendReplay(record.batch, signal)
      const words =
        answer.is === 'partly' ? answer.refused[0]?.words : 'words' in answer ? answer.words : undefined
      await this.#spool.replayed(record.key, words)
    }
  }

  /** Whatever became of the batch it was in, the receiver has refused this record: only this sending may be known to it. */
  async #sendReplay(record: SpooledBatch, signal: AbortSignal): Promise<Answer> {
    let again = false
    for (;;) {
      const answer = await this.#ask(record, signal, again)
      if (answer.is !== 'retry' && answer.is !== 'down') {
        this.#state.answered(this.#refusedWhole !== undefined)
        return answer
      }
      again ||= answer.is === 'retry' && answer.unanswered === true
      if (this.#settles && !isBusy(answer)) {
        this.#uncertain = Math.max(this.#uncertain, this.#sent)
        this.#setBack()
      }
      await this.#waitOut(answer, signal)
    }
  }

  async #waitOut(answer: Answer & { is: 'retry' | 'down' }, signal: AbortSignal): Promise<void> {
    const state = answer.is === 'down' ? 'down' : 'retrying'
    await this.#state.waitOut(state, answer.words, answer.retryAfterSeconds, signal)
  }

  async #fail(error: unknown, signal: AbortSignal): Promise<void> {
    if (error instanceof SetBackError) {
      await this.#state.waitOut(error.state, error.message, error.retryAfterSeconds, signal)
      return
    }
    const words = error instanceof Error ? error.message : String(error)
    if (error instanceof QuarantineFullError) await this.#state.waitOutOurs('stopped', words, signal)
    else if (error instanceof SpoolUnavailableError) await this.#state.waitOutOurs('retrying', words, signal)
    else await this.#state.waitOutOurs('down', `internal error: ${describe(error)}`, signal)
  }
}

function isBusy(answer: Answer): boolean {
  return answer.is === 'retry' && answer.busy === true
}

/** What was accepted within the settle time has to be sent again, from the acknowledged cursor. */
class SetBackError extends Error {
  override name = 'SetBackError'
  readonly state: 'down' | 'retrying'
  readonly retryAfterSeconds: number | undefined

  constructor(state: 'down' | 'retrying', words: string, retryAfterSeconds: number | undefined) {
    super(words)
    this.state = state
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The spool was replaced: what is to be sent has another number in the ledger that it would be sent under. */
class NewLedgerError extends Error {
  override name = 'NewLedgerError'
}
