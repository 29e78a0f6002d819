/** `remora collect`: one run of each collector, without a spool and without the agent, printed. */
import { systemClock } from '../clock.ts'
import { probe, type Reading, type RunOptions, runCollector, type Surroundings } from '../collect.ts'
import type { CollectorSection } from '../config-schema.ts'
import { describe } from '../errors.ts'
import { render } from '../exposition.ts'
import type { Collector, StateReading } from '../model.ts'
import { waitingFor } from './progress.ts'
import { seriesLines, tableLines, wrapWords } from './table.ts'
import type { Complain } from './terminal.ts'

export type CollectFormat = 'table' | 'prometheus' | 'json'

export interface CollectOnce {
  readonly format: CollectFormat
  readonly collectors: readonly Collector[]
  readonly surroundings: Surroundings
  /** A part of the configuration. */
  readonly config: {
    readonly collect: { readonly max_series: number }
    readonly collectors: Readonly<Record<string, CollectorSection>>
  }
  readonly signal: AbortSignal
  /** Of a table on a terminal. */
  readonly isColoured: boolean
  /** Of the terminal; absent: there is none. */
  readonly columns?: number
  /** Writes to the terminal what is waited for; absent: there is none. */
  readonly show?: (text: string) => void
  readonly out: (text: string) => void
  /** For what went wrong, where the format has no place for it. */
  readonly complain: Complain
}

/** What one run came to. */
type Result =
  | { readonly name: string; readonly is: 'absent'; readonly why: string }
  | { readonly name: string; readonly is: 'failed'; readonly error: Error; readonly reading?: Reading }
  | { readonly name: string; readonly is: 'read'; readonly reading: Reading }

/**
 * Runs the named collectors, or all that are enabled, at once.
 * @returns the exit code: 0 something was read or nothing is here to read, 1 a collector failed, 2 no such collector
 */
export async function collectOnce(names: readonly string[], how: CollectOnce): Promise<0 | 1 | 2> {
  const able = how.collectors.filter((collector) => collector.collect)
  const unknown = names.filter((name) => !able.some((collector) => collector.name === name))
  if (unknown.length > 0) {
    const known = able.map((collector) => collector.name).join(', ')
    how.complain(
      `Cannot collect ${unknown.map((name) => `"${name}"`).join(', ')}: known are ${known}\n`,
      'UsageError',
    )
    return 2
  }
  const wanted = able.filter(({ name }) =>
    names.length > 0 ? names.includes(name) : how.config.collectors[name]?.enabled !== false,
  )
  using waiting = waitingFor(
    wanted.map(({ name }) => name),
    how.show,
  )
  const results = await Promise.all(
    wanted.map(async (collector) => {
      const result = await runOnce(collector, how)
      waiting.done(collector.name)
      return result
    }),
  )
  waiting[Symbol.dispose]()
  print(results, how)
  return results.some((result) => result.is === 'failed') ? 1 : 0
}

async function runOnce(collector: Collector, how: CollectOnce): Promise<Result> {
  const { name } = collector
  const section = how.config.collectors[name]
  const options: RunOptions = {
    surroundings: { ...how.surroundings, isAlone: true },
    options: section?.options,
    deadlineSeconds: section?.deadline_seconds ?? 10,
    maxSeries: how.config.collect.max_series,
    states: new Map(),
    clock: systemClock,
    signal: how.signal,
  }
  const found = await probe(collector, options).presence
  if ('error' in found) return { name, is: 'failed', error: found.error }
  if (!found.here) return { name, is: 'absent', why: found.why }
  const reading = await runCollector(collector, options).reading
  return reading.error ? { name, is: 'failed', error: reading.error, reading } : { name, is: 'read', reading }
}

function print(results: readonly Result[], how: CollectOnce): void {
  const { format, out, complain } = how
  if (format === 'json') out(`${JSON.stringify(results.map(toJson), null, 2)}\n`)
  else if (format === 'table') out(`${results.map((result) => toTable(result, how)).join('\n\n')}\n`)
  else out(render(results.flatMap(samplesOf), 'text'))
  for (const result of format === 'prometheus' ? results : []) {
    for (const line of complaints(result)) complain(`${result.name}: ${line}\n`)
  }
}

function toTable(result: Result, { collectors, isColoured, columns }: CollectOnce): string {
  const reading = 'reading' in result ? result.reading : undefined
  const said = complaints(result)
  if (result.is === 'absent') return `${result.name}: ${said.join('; ')}`
  const { table, notes } = collectors.find(({ name }) => name === result.name) ?? {}
  const lines = [
    ...[...said, ...(notes?.(reading?.samples ?? []) ?? [])].flatMap(wrapWords),
    ...(table
      ? tableLines(table(reading?.samples ?? []), isColoured, columns === undefined ? undefined : columns - 2)
      : seriesLines(reading?.samples ?? [])),
    // A table shows every part; of the states only what is wrong is said again.
    ...(reading?.states ?? [])
      .filter(({ healthy }) => !table || !healthy)
      .flatMap((state) => wrapWords(stateLine(state))),
  ]
  if (result.is === 'read' && lines.length === 0) return `${result.name}: nothing to read here`
  return [result.name, ...lines.map((line) => `  ${line}`)].join('\n')
}

/** What a person should know beside the values, in plain words. */
function complaints(result: Result): string[] {
  if (result.is === 'absent') return [`not here: ${result.why}`]
  const { reading } = result
  const lines = result.is === 'failed' ? [`failed: ${describe(result.error)}`] : []
  for (const error of reading?.skipped ?? []) lines.push(`passed over: ${describe(error)}`)
  for (const [reason, count] of reading?.dropped ?? []) lines.push(`dropped ${count} samples: ${reason}`)
  if (reading && reading.refusedSeries > 0) {
    lines.push(`refused ${reading.refusedSeries} series over the bound of collect.max_series`)
  }
  return lines
}

function stateLine({ part, state, healthy, body }: StateReading): string {
  return `${healthy ? 'ok  ' : 'BAD '}${part} ${state}: ${body}`
}

function samplesOf(result: Result) {
  return 'reading' in result ? (result.reading?.samples ?? []) : []
}

function toJson(result: Result) {
  const reading = 'reading' in result ? result.reading : undefined
  return {
    collector: result.name,
    result: result.is,
    ...(result.is === 'absent' && { why: result.why }),
    ...(result.is === 'failed' && { error: describe(result.error) }),
    ...(reading && {
      time: new Date(reading.timeMilliseconds).toISOString(),
      duration_seconds: reading.durationSeconds,
      samples: reading.samples.map(({ metric: { name, type, unit }, labels, value }) => ({
        name,
        type,
        unit,
        labels,
        // JSON has no infinities.
        value: Number.isFinite(value) ? value : String(value),
      })),
      states: reading.states,
      skipped: reading.skipped.map(describe),
    }),
  }
}
