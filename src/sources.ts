/**
 * Reads event sources for as long as the agent runs. A source decides the size of its batches; each is committed
 * with the positions after it, whole, and offered again until it is: nothing is skipped and nothing kept elsewhere.
 */
import { isDeepStrictEqual } from 'node:util'
import type { AgentMetrics } from './agent-metrics.ts'
import type { Clock } from './clock.ts'
import { contextOf, type Surroundings } from './collect.ts'
import type { CollectorSection } from './config-schema.ts'
import { describe, SpoolUnavailableError, skipReason } from './errors.ts'
import type { Log } from './log.ts'
import type { Collector, SourceBatch } from './model.ts'
import type { Spool } from './spool/spool.ts'
import { statesOf } from './states.ts'

/** A source that ended is begun anew after this, doubled each time until it yields a batch again. */
const firstSeconds = 1
const mostSeconds = 60
const retryMilliseconds = 100

export interface SourceParts {
  readonly surroundings: Surroundings
  readonly spool: Pick<Spool, 'positions' | 'commit' | 'writable'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: AgentMetrics
}

/**
 * Reads one source until the signal: from the committed positions, and from them again whenever it throws or ends.
 * @param options this collector's own section of the configuration
 * @returns once the source is left, promptly after the signal; it never rejects
 */
export async function runSource(
  collector: Collector,
  options: unknown,
  parts: SourceParts,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, metrics } = parts
  const source = collector.name
  const tell = (state: string, message: string, level: 'info' | 'warn') =>
    log.onChange(`source ${source}`, state.replace(/[\d.]+/g, '0'), message, level)
  metrics.sourceRestarts.inc({ source }, 0)
  let failures = 0
  while (!signal.aborted) {
    try {
      metrics.sourceUp.set({ source }, 1)
      for await (const batch of batches(collector, options, parts, signal)) {
        await commit(source, batch, parts, signal)
        batch.release?.()
        failures = 0
        tell('up', `Source ${source} is read`, 'info')
      }
      tell('ended', `Source ${source} has ended; begins anew`, 'info')
    } catch (error) {
      if (signal.aborted) break
      tell(describe(error), `Source ${source} failed and begins anew: ${describe(error)}`, 'warn')
    }
    metrics.sourceUp.set({ source }, 0)
    if (signal.aborted) break
    metrics.sourceRestarts.inc({ source })
    const seconds = Math.min(mostSeconds, firstSeconds * 2 ** failures++) * (0.5 + Math.random() / 2)
    await clock.sleep(seconds * 1000, signal).catch(() => undefined)
  }
  metrics.sourceUp.set({ source }, 0)
}

/** What the source yields from its committed positions on. Left at the signal even if the source ignores it. */
async function* batches(
  collector: Collector,
  options: unknown,
  { surroundings, spool, metrics, log }: SourceParts,
  signal: AbortSignal,
): AsyncGenerator<SourceBatch> {
  const positions = await spool.positions(collector.name)
  const skip = (error: Error) => {
    metrics.collectorSkipped.inc({ collector: collector.name, reason: skipReason(error) })
    log.warn(`parts of ${collector.name}`, describe(error))
  }
  const left = new AbortController()
  const context = contextOf(
    { surroundings, options, states: statesOf(positions) },
    AbortSignal.any([signal, left.signal]),
    skip,
  )
  const reading = collector
    .read?.({
      ...context,
      positions,
      positionsOf: (source) => spool.positions(source),
    })
    [Symbol.asyncIterator]()
  if (!reading) return
  try {
    for (;;) {
      const next = await orAborted(reading.next(), signal)
      if (next.done) return
      yield next.value
    }
  } finally {
    left.abort()
    // Not waited for: a source that hangs would hold the stop.
    reading.return?.().catch((error: unknown) => log.debug(`source ${collector.name}`, describe(error)))
  }
}

/** Commits the batch, however often the spool has no room for it. @throws the signal's reason, or what else the spool throws */
async function commit(
  source: string,
  batch: SourceBatch,
  { spool, clock }: SourceParts,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await spool.commit(source, batch)
      return
    } catch (error) {
      if (!(error instanceof SpoolUnavailableError)) throw error
      await spool.writable(source, signal)
      // Room may be gone again at once; without a pause the two calls would spin.
      await clock.sleep(retryMilliseconds, signal)
    }
  }
}

/** The promise, or the signal's reason if that comes first; leaves nothing on the signal, which outlives it. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

interface Reading {
  readonly section: CollectorSection
  readonly stop: AbortController
  readonly stopped: Promise<void>
}

/** The event sources at work, changed with the configuration. */
export class Sources {
  readonly #parts: SourceParts
  readonly #signal: AbortSignal
  readonly #reading = new Map<string, Reading>()

  constructor(parts: SourceParts, signal: AbortSignal) {
    this.#parts = parts
    this.#signal = signal
  }

  /** Those whose section stays the same go on untouched; a changed one goes on from its committed positions. */
  async configure(
    collectors: readonly Collector[],
    sections: Readonly<Record<string, CollectorSection>>,
  ): Promise<void> {
    for (const collector of collectors) {
      if (collector.read === undefined) continue
      const before = this.#reading.get(collector.name)
      const section = sections[collector.name]
      if (before !== undefined && isDeepStrictEqual(before.section, section)) continue
      before?.stop.abort()
      await before?.stopped
      this.#reading.delete(collector.name)
      if (!section?.enabled) continue
      const stop = new AbortController()
      const until = AbortSignal.any([this.#signal, stop.signal])
      const stopped = runSource(collector, section.options, this.#parts, until)
      this.#reading.set(collector.name, { section, stop, stopped })
    }
  }

  /** Resolves when every source is left, which the signal makes them. */
  async ended(): Promise<void> {
    await Promise.all([...this.#reading.values()].map(({ stopped }) => stopped))
  }
}
