/**
 * Puts what a scrape would show into the spool, on a schedule: one collection, one time for all samples.
 * A series that was in the push before and is absent now ends with one stale marker. After a restart there is no push
 * before, and what ended meanwhile goes stale at the receiver by itself.
 */
import type { Clock } from './clock.ts'
import { describe } from './errors.ts'
import type { Log } from './log.ts'
import { type Labels, type Sample, seriesKey } from './model.ts'
import type { SpooledSample } from './spool/batch.ts'
import type { Spool } from './spool/spool.ts'

/** How long a push waits for the cheap collectors; the slow one's last reading is then taken. */
const patienceMilliseconds = 2000

/** A clock further ahead than this is wrong, by the rule of the `prometheus` sink. */
const correctionMilliseconds = 60_000

export interface PushOptions {
  /** Reads the cheap collectors now. */
  readonly refresh: () => Promise<void>
  /** Everything a scrape would show: the last readings and the agent's own metrics. */
  readonly samples: () => Promise<readonly Sample[]>
  readonly spool: Pick<Spool, 'commitSamples'>
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/** @returns what makes one push; it never rejects. The caller runs it on `push.schedule`, one at a time. */
export function pusher({ refresh, samples, spool, clock, log, signal }: PushOptions): () => Promise<void> {
  let before = new Map<string, Series>()
  let lastMilliseconds = 0

  const refreshed = async () => {
    const done = new AbortController()
    const patience = clock.sleep(patienceMilliseconds, AbortSignal.any([signal, done.signal]))
    await Promise.race([refresh(), patience]).finally(() => done.abort())
  }

  return async () => {
    try {
      const tickMilliseconds = clock.now()
      await refreshed()
      const timeMilliseconds = stamp(Math.round(tickMilliseconds), lastMilliseconds)
      const { spooled, series } = collection(await samples(), before)
      await spool.commitSamples(timeMilliseconds, spooled)
      lastMilliseconds = timeMilliseconds
      before = series
      log.onChange('push', 'ok', 'Pushes samples', 'debug')
    } catch (error) {
      if (!signal.aborted) log.onChange('push', 'failing', `Cannot push samples: ${describe(error)}`, 'error')
    }
  }
}

/**
 * A receiver takes one sample of a series for one time, and only forward: a clock corrected by a little is waited out
 * in steps of 1 ms. One set back by more was wrong before: what it stamped is lost{clock_ahead}, not what is true now.
 */
function stamp(now: number, last: number): number {
  return now > last || last - now > correctionMilliseconds ? now : last + 1
}

interface Series {
  readonly name: string
  readonly labels: Labels
}

/** The samples of one push, then a stale marker for each series of `before` that is not among them. */
export function collection(
  samples: readonly Sample[],
  before: ReadonlyMap<string, Series>,
): { spooled: SpooledSample[]; series: Map<string, Series> } {
  const series = new Map<string, Series>()
  const spooled: SpooledSample[] = []
  for (const { metric, labels, value } of samples) {
    const key = seriesKey(metric.name, labels)
    if (series.has(key)) continue
    series.set(key, { name: metric.name, labels })
    spooled.push({ name: metric.name, labels, value, stale: false })
  }
  for (const [key, { name, labels }] of before) {
    if (!series.has(key)) spooled.push({ name, labels, value: Number.NaN, stale: true })
  }
  return { spooled, series }
}
