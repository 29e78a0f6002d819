/** One run of one collector, under its deadline. It ends in a reading, whatever the collector does. */
import { type Accepted, accepting } from './accept.ts'
import type { Clock } from './clock.ts'
import type { CollectContext, Collector, Presence, StateReading } from './model.ts'

/** What every collector of this agent is handed. */
export type Surroundings = Pick<
  CollectContext,
  'sys' | 'proc' | 'host' | 'run' | 'stream' | 'statfs' | 'isAlone'
>

export interface RunOptions {
  readonly surroundings: Surroundings
  /** This collector's own section of the configuration. */
  readonly options: unknown
  readonly deadlineSeconds: number
  readonly maxSeries: number
  /** From the reading before: metrics once refused stay refused. */
  readonly refusedFrom?: number | undefined
  /** Last known states, by part. */
  readonly states: ReadonlyMap<string, string>
  readonly clock: Clock
  /** Ends the run early, as its deadline would. */
  readonly signal: AbortSignal
}

export interface Reading extends Accepted {
  readonly collector: string
  /** The last one of each part, as yielded. */
  readonly states: readonly StateReading[]
  /** When the run began: by the wall clock, and by the one that never steps. */
  readonly timeMilliseconds: number
  readonly monotonicMilliseconds: number
  readonly durationSeconds: number
  /** Why the run ended early; what was yielded before stays. */
  readonly error?: Error
  /** Bad parts which the run passed over. */
  readonly skipped: readonly Error[]
}

export interface Run {
  /** Settles at the deadline at the latest, and never rejects. */
  readonly reading: Promise<Reading>
  /** Settles when the collector's own code has ended, which may be later, or never. Until then it is not run again. */
  readonly ended: Promise<void>
}

/** Starts one run. What it yields after the deadline is not looked at. */
export function runCollector(collector: Collector, run: RunOptions): Run {
  const { clock } = run
  const timeMilliseconds = clock.now()
  const monotonicMilliseconds = clock.monotonic()
  const accept = accepting(collector, run.maxSeries, run.refusedFrom)
  const states = new Map<string, StateReading>()
  const skipped: Error[] = []

  const { outcome, ended } = withDeadline(collector.name, 'collect', run, async (signal) => {
    const context = contextOf(run, signal, (error) => {
      if (!signal.aborted) skipped.push(error)
    })
    for await (const item of collector.collect?.(context) ?? []) {
      if (signal.aborted) return
      if ('metric' in item) accept.add(item)
      else states.set(item.part, item)
    }
  })
  const reading = outcome.then(
    (result): Reading => ({
      ...accept.done(),
      collector: collector.name,
      states: [...states.values()],
      skipped: [...skipped],
      timeMilliseconds,
      monotonicMilliseconds,
      durationSeconds: (clock.monotonic() - monotonicMilliseconds) / 1000,
      ...('error' in result && { error: result.error }),
    }),
  )
  return { reading, ended }
}

/** Asks whether what a collector reads is here, under the same deadline. One without a probe always is. */
export function probe(
  collector: Collector,
  run: RunOptions,
): { presence: Promise<Presence | { readonly error: Error }>; ended: Promise<void> } {
  const { outcome, ended } = withDeadline(
    collector.name,
    'probe',
    run,
    async (signal) => collector.probe?.(contextOf(run, signal, () => undefined)) ?? { here: true as const },
  )
  return { presence: outcome.then((result) => ('value' in result ? result.value : result)), ended }
}

/** The context of a collector's code that works until `signal`. */
export function contextOf(
  { surroundings, options, states }: Pick<RunOptions, 'surroundings' | 'options' | 'states'>,
  signal: AbortSignal,
  skip: (error: Error) => void,
): CollectContext {
  return {
    ...surroundings,
    options,
    signal,
    skip,
    previous: (part) => states.get(part),
    known: () => states,
  }
}

type Outcome<T> = { readonly value: T } | { readonly error: Error }

/** Runs `work` and stops waiting for it at the deadline, when its signal aborts. */
function withDeadline<T>(
  name: string,
  verb: string,
  { deadlineSeconds, signal, clock }: Pick<RunOptions, 'deadlineSeconds' | 'signal' | 'clock'>,
  work: (signal: AbortSignal) => Promise<T>,
): { outcome: Promise<Outcome<T>>; ended: Promise<void> } {
  const late = new AbortController()
  const done = new AbortController()
  const until = AbortSignal.any([late.signal, signal])
  const worked = work(until).then(
    (value): Outcome<T> => ({ value }),
    (error: unknown): Outcome<T> => ({ error: error instanceof Error ? error : new Error(String(error)) }),
  )
  const expired = clock.sleep(deadlineSeconds * 1000, AbortSignal.any([done.signal, signal])).then(
    (): Outcome<T> => {
      const error = new Error(`Cannot ${verb} ${name}: not done after ${deadlineSeconds} s`)
      late.abort(error)
      return { error }
    },
    (): Outcome<T> | Promise<Outcome<T>> =>
      done.signal.aborted ? worked : { error: new Error(`Cannot ${verb} ${name}: Remora is stopping`) },
  )
  const ended = worked.then(() => done.abort())
  return { outcome: Promise.race([worked, expired]), ended }
}
