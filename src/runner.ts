/** One collector and what is known of it: whether it is here, how its last run went, and the reading to show. */
import type { AgentMetrics } from './agent-metrics.ts'
import type { Clock } from './clock.ts'
import { probe, type Reading, type RunOptions, runCollector, type Surroundings } from './collect.ts'
import type { CollectorSection } from './config-schema.ts'
import { describe, skipReason } from './errors.ts'
import type { Log } from './log.ts'
import type { Collector, Presence, StateReading } from './model.ts'
import type { LastStates } from './states.ts'
import type { CollectorStatus } from './status.ts'
import { Unwell } from './unwell.ts'

/** What all collectors of this agent share. */
export interface RunnerParts {
  readonly surroundings: Surroundings
  readonly clock: Clock
  readonly log: Log
  readonly metrics: AgentMetrics
  /** Ends the runs that go on. */
  readonly signal: AbortSignal
}

export interface RunnerSettings {
  readonly section: CollectorSection
  readonly maxSeries: number
  /** How long a reading is shown. */
  readonly shelfSeconds: number
}

/** So many are shown of one collector. */
const mostNotes = 3

export class Runner {
  readonly collector: Collector
  readonly settings: RunnerSettings
  readonly #parts: RunnerParts
  readonly #states: LastStates
  /** The reading to show, however old. */
  #shown: Reading | undefined
  #last: Reading | undefined
  #presence: Presence | undefined
  /** Why the last try failed. */
  #failure: Error | undefined
  #flight: Promise<void> | undefined
  /** True while the code of an abandoned run or probe has not ended: invariant, no other is started meanwhile. */
  #stuck = false
  #succeededMilliseconds: number | undefined
  #unwell = new Unwell()

  constructor(collector: Collector, settings: RunnerSettings, states: LastStates, parts: RunnerParts) {
    this.collector = collector
    this.settings = settings
    this.#states = states
    this.#parts = parts
    for (const reason of ['overlap', 'stuck', 'part']) this.count(reason, 0)
  }

  /** Goes on from where another runner of the same collector is, so that a new configuration shows no gap. */
  takeOver(other: Runner): void {
    this.#shown = other.#shown
    this.#unwell = other.#unwell
    this.#succeededMilliseconds = other.#succeededMilliseconds
  }

  /** Takes the series of a collector that is no longer one out of the agent's metrics. */
  forget(): void {
    const { metrics } = this.#parts
    const gauges = [
      metrics.collectorSuccess,
      metrics.collectorHere,
      metrics.collectorDuration,
      metrics.collectorAge,
      metrics.collectorLastSuccess,
      metrics.collectorSeries,
      metrics.collectorRefused,
    ]
    for (const gauge of gauges) gauge.remove({ collector: this.collector.name })
  }

  /** Counts a run not started, or parts passed over. */
  count(reason: string, times = 1): void {
    this.#parts.metrics.collectorSkipped.inc({ collector: this.collector.name, reason }, times)
  }

  get absent(): boolean {
    return this.#presence?.here === false
  }

  /**
   * Runs once, or joins the run that is going on: however many ask at once, the source is read once. No reading is
   * young enough to be taken instead of a run, so what a scrape shows was read after it was asked for, or with it.
   * What is not known to be here is probed first.
   */
  run(): Promise<void> {
    if (this.#flight) return this.#flight
    if (this.#stuck) {
      this.count('stuck')
      return Promise.resolve()
    }
    this.#flight = this.#runOnce().finally(() => {
      this.#flight = undefined
    })
    return this.#flight
  }

  /** Runs because its slot has come; a slot during a run, whoever began it, is skipped and counted. */
  async tick(): Promise<void> {
    if (this.#flight) this.count('overlap')
    else await this.run()
  }

  /** The reading to show, unless it is past its shelf life. */
  current(): Reading | undefined {
    const age = this.#ageSeconds()
    return age === undefined || age > this.settings.shelfSeconds ? undefined : this.#shown
  }

  status(): CollectorStatus {
    const { clock } = this.#parts
    const { schedule } = this.settings.section
    const why = this.#why() ?? this.#notes()
    return {
      name: this.collector.name,
      state: this.absent ? 'absent' : this.#failure ? 'failing' : this.#last ? 'ok' : 'waiting',
      ...(why !== undefined && { why }),
      ...(this.#succeededMilliseconds !== undefined && {
        ageSeconds: (clock.monotonic() - this.#succeededMilliseconds) / 1000,
      }),
      ...(this.#last && { durationSeconds: this.#last.durationSeconds }),
      ...(schedule !== undefined && { schedule }),
      series: this.current()?.samples.length ?? 0,
    }
  }

  /** The states of the parts that are not well. */
  unwell(): StateReading[] {
    return this.#unwell.current(this.#parts.clock.monotonic())
  }

  /** Why there is no reading. */
  #why(): string | undefined {
    const presence = this.#presence
    return presence?.here === false ? presence.why : this.#failure && describe(this.#failure)
  }

  /** What a person should know of the last reading; undefined if nothing. */
  #notes(): string | undefined {
    const reading = this.#last
    if (reading === undefined) return undefined
    const passed = reading.skipped.map((error) => `passed over: ${describe(error)}`)
    const all = [...(this.collector.notes?.(reading.samples) ?? []), ...passed]
    if (all.length === 0) return undefined
    const more = all.length > mostNotes ? [`and ${all.length - mostNotes} more`] : []
    return [...all.slice(0, mostNotes), ...more].join('; ')
  }

  /** Brings the metrics that time alone changes up to date. */
  report(): void {
    const { metrics } = this.#parts
    const labels = { collector: this.collector.name }
    const age = this.#ageSeconds()
    if (age !== undefined) metrics.collectorAge.set(labels, age)
    if (this.#last) metrics.collectorSeries.set(labels, this.current()?.samples.length ?? 0)
  }

  #ageSeconds(): number | undefined {
    return this.#shown && (this.#parts.clock.monotonic() - this.#shown.monotonicMilliseconds) / 1000
  }

  async #runOnce(): Promise<void> {
    if (this.#presence?.here !== true && !(await this.#isHere())) return
    const { reading, ended } = runCollector(this.collector, this.#options())
    const finished = await this.#settled(reading, ended)
    if (this.#parts.signal.aborted) return
    this.#keep(finished)
    try {
      await this.#states.offer(finished.states, finished.timeMilliseconds)
    } catch (error) {
      this.#parts.log.error(`states ${this.collector.name}`, describe(error))
    }
  }

  async #isHere(): Promise<boolean> {
    const { presence, ended } = probe(this.collector, this.#options())
    const found = await this.#settled(presence, ended)
    if (this.#parts.signal.aborted) return false
    this.#failure = 'error' in found ? found.error : undefined
    if ('error' in found) this.#parts.metrics.collectorSuccess.set({ collector: this.collector.name }, 0)
    else {
      this.#presence = found
      this.#parts.metrics.collectorHere.set({ collector: this.collector.name }, Number(found.here))
    }
    this.#tell()
    return 'here' in found && found.here
  }

  /** Waits for the answer, and notes when the code behind it has not ended with it. */
  async #settled<T>(answer: Promise<T>, ended: Promise<void>): Promise<T> {
    let over = false
    const noted = ended.then(() => {
      over = true
      this.#stuck = false
    })
    const value = await answer
    if (!over) this.#stuck = true
    void noted
    return value
  }

  #options(): RunOptions {
    const { section, maxSeries } = this.settings
    return {
      ...this.#parts,
      options: section.options,
      deadlineSeconds: section.deadline_seconds,
      maxSeries,
      refusedFrom: this.#last?.refusedFrom,
      states: this.#states.known(),
    }
  }

  #keep(reading: Reading): void {
    const { metrics } = this.#parts
    const labels = { collector: this.collector.name }
    this.#last = reading
    this.#failure = reading.error
    this.#unwell.take(reading.states, !reading.error, reading.monotonicMilliseconds)
    // A run that failed before it read anything leaves the reading before it, until that is too old.
    if (!reading.error || reading.samples.length > 0) this.#shown = reading
    metrics.collectorSuccess.set(labels, reading.error ? 0 : 1)
    metrics.collectorDuration.set(labels, reading.durationSeconds)
    metrics.collectorRefused.set(labels, reading.refusedSeries)
    for (const error of reading.skipped) this.count(skipReason(error))
    for (const [reason, times] of reading.dropped) metrics.collectorDropped.inc({ ...labels, reason }, times)
    if (!reading.error) {
      this.#succeededMilliseconds = reading.monotonicMilliseconds
      metrics.collectorLastSuccess.set(labels, reading.timeMilliseconds / 1000)
    }
    this.#tell()
  }

  /** One line for each change. Numbers in a reason make no change. */
  #tell(): void {
    const { log } = this.#parts
    const { name } = this.collector
    const { state } = this.status()
    const why = this.#why() ?? ''
    const key = `${state} ${why}`.replace(/[\d.]+/g, '0')
    const level = state === 'failing' ? 'warn' : 'info'
    const reason = why === '' ? '' : `: ${why}`
    if (state !== 'waiting')
      log.onChange(`collector ${name}`, key, `Collector ${name} is ${state}${reason}`, level)
    const parts = [...new Set(this.#last?.skipped.map(describe))].sort().join('; ')
    const told =
      parts === '' ? `Collector ${name} reads every part` : `Collector ${name} passed over: ${parts}`
    const partsLevel = parts === '' ? 'debug' : 'warn'
    log.onChange(`parts of ${name}`, parts.replace(/[\d.]+/g, '0'), told, partsLevel)
    const refused = this.#last?.refusedSeries ?? 0
    const limit = `Collector ${name} yields more than ${this.settings.maxSeries} series: ${refused} refused`
    if (refused > 0) log.onChange(`series of ${name}`, 'refused', limit, 'warn')
  }
}
