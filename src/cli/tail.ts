/**
 * `remora tail`: events as they happen, of every source, without a spool and without the agent. Nothing is kept: no
 * position, no number, no state. What the agent would send is printed through the same view.
 */
import { matchesGlob } from 'node:path'
import { systemClock } from '../clock.ts'
import { contextOf, runCollector, type Surroundings } from '../collect.ts'
import type { CollectorSection } from '../config-schema.ts'
import { describe } from '../errors.ts'
import type { Collector, RecordList } from '../model.ts'
import { stateRecords } from '../states.ts'
import { priorityOf, type View, viewer } from '../view.ts'
import { eventJson, eventLine, unitOf } from './event-line.ts'
import type { Complain } from './terminal.ts'

export interface Tail {
  readonly format: 'line' | 'json'
  readonly isColoured: boolean
  /** How long ago to begin, such as `10m`. */
  readonly since?: string | undefined
  /** Only this syslog priority and more urgent ones; records without one stay. */
  readonly priority?: number | undefined
  /** Only units of this name, with wildcards; `ssh` is `ssh.service` too. */
  readonly unit?: string | undefined
  readonly collectors: readonly Collector[]
  readonly surroundings: Surroundings
  readonly sections: Readonly<Record<string, CollectorSection>>
  /** How often cheap collectors are asked for their states; default 5 s. */
  readonly lookMilliseconds?: number
  /** Ends it. */
  readonly signal: AbortSignal
  readonly out: (text: string) => void
  /** For what went wrong. */
  readonly complain: Complain
}

/**
 * Follows the named sources, or all that are enabled, until the signal; their tools have ended when it returns.
 * @returns the exit code: 0 at the signal, 1 when no source is left, 2 no such source
 */
export async function tail(names: readonly string[], how: Tail): Promise<0 | 1 | 2> {
  const able = how.collectors.filter((collector) => collector.read ?? isCheap(collector))
  const unknown = names.filter((name) => !able.some((collector) => collector.name === name))
  if (unknown.length > 0) {
    const known = able.map(({ name }) => name).join(', ')
    how.complain(
      `Cannot follow ${unknown.map((name) => `"${name}"`).join(', ')}: known are ${known}\n`,
      'UsageError',
    )
    return 2
  }
  const wanted = able.filter(({ name }) =>
    names.length > 0 ? names.includes(name) : how.sections[name]?.enabled !== false,
  )
  const print = printer(how)
  /** Where each source is, for the others. */
  const shown = new Map<string, Map<string, string>>()
  const following = wanted.flatMap((collector) => [
    ...(collector.read ? [followSource(collector, how, shown, print)] : []),
    ...(isCheap(collector) ? [followStates(collector, how, print)] : []),
  ])
  await Promise.all(following)
  return how.signal.aborted ? 0 : 1
}

function isCheap({ collect, schedule }: Collector): boolean {
  return collect !== undefined && schedule === undefined
}

type Print = (source: string, records: RecordList) => void

function printer({ format, isColoured, priority, unit, signal, out }: Tail): Print {
  const isWanted = (view: View) =>
    (priority === undefined ||
      view.severityNumber === undefined ||
      priorityOf(view.severityNumber) <= priority) &&
    (unit === undefined || isUnit(unitOf(view), unit))
  return (source, records) => {
    // Those of a batch share their fields, which the viewer remembers: none outlives its batch.
    const see = viewer()
    let text = ''
    for (const record of records) {
      const view = see(source, record)
      if (!isWanted(view)) continue
      text += format === 'json' ? eventJson(source, record, view) : eventLine(source, view, isColoured)
      text += '\n'
    }
    if (text !== '' && !signal.aborted) out(text)
  }
}

function isUnit(unit: string | undefined, pattern: string): boolean {
  return unit !== undefined && (matchesGlob(unit, pattern) || matchesGlob(unit, `${pattern}.service`))
}

/** Until the source ends, which the signal makes it. Never rejects. */
async function followSource(
  collector: Collector,
  how: Tail,
  shown: Map<string, Map<string, string>>,
  print: Print,
): Promise<void> {
  const { surroundings, sections, signal, complain } = how
  const { name, options } = collector
  const configured = sections[name]?.options
  const begun = { ...(typeof configured === 'object' && configured), initial: how.since ?? '0s' }
  const run = {
    surroundings,
    // A source that keeps nothing of the past has no such option.
    options: options?.safeParse(begun).success ? begun : configured,
    states: new Map<string, string>(),
  }
  const skip = (error: Error) => complain(`${name}: passed over: ${describe(error)}\n`, error.name)
  const context = {
    ...contextOf(run, signal, skip),
    positions: new Map<string, string>(),
    positionsOf: async (source: string) => shown.get(source) ?? new Map<string, string>(),
  }
  const own = new Map<string, string>()
  shown.set(name, own)
  try {
    for await (const { records, positions } of collector.read?.(context) ?? []) {
      print(name, records)
      for (const { stream, position } of positions) own.set(stream, position)
    }
    if (!signal.aborted) complain(`${name}: has ended\n`)
  } catch (error) {
    if (!signal.aborted)
      complain(`${name}: ${describe(error)}\n`, error instanceof Error ? error.name : undefined)
  }
}

/** Prints what changes between two runs, and at the first what is not well. Never rejects. */
async function followStates(collector: Collector, how: Tail, print: Print): Promise<void> {
  const { surroundings, sections, signal, lookMilliseconds = 5000 } = how
  const section = sections[collector.name]
  const known = new Map<string, string>()
  const asked = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => asked.resolve(), { once: true })
  while (!signal.aborted) {
    const { reading, ended } = runCollector(collector, {
      surroundings,
      options: section?.options,
      deadlineSeconds: section?.deadline_seconds ?? 10,
      maxSeries: 0,
      states: known,
      clock: systemClock,
      signal,
    })
    const { states, timeMilliseconds } = await reading
    print(collector.name, stateRecords(states, known, timeMilliseconds).records)
    for (const { part, state } of states) known.set(part, state)
    // A run that hangs past its deadline is not begun beside itself, and does not hold the end.
    await Promise.race([ended, asked.promise])
    await systemClock.sleep(lookMilliseconds, signal).catch(() => undefined)
  }
}
