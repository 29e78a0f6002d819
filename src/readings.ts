/**
 * The collectors at work and the last reading of each. Cheap ones are read when asked (`refresh`); those with a
 * schedule run once at start and then on it, each apart from the others, and never because somebody looks.
 */
import { isDeepStrictEqual } from 'node:util'
import type { CollectorSection } from './config-schema.ts'
import type { Collector, Sample } from './model.ts'
import { Runner, type RunnerParts, type RunnerSettings } from './runner.ts'
import { intervalSeconds, jitterSeconds, type Scheduled, schedule } from './schedule.ts'
import type { Spool } from './spool/spool.ts'
import { type LastStates, lastStates } from './states.ts'
import type { CollectorStatus, PartState } from './status.ts'

/** How many intervals a reading is shown for. */
const shelfIntervals = 2.5
/** How long a collector stays absent before it is probed again: hardware may be plugged in. */
const reprobeSeconds = 60

export interface ReadingsParts extends RunnerParts {
  readonly spool: Pick<Spool, 'positions' | 'commit'>
  /** The node's name, for the jitter. */
  readonly node: string
}

/** What of the configuration the readings follow. */
export interface ReadingsConfig {
  readonly collect: { readonly max_series: number }
  /** How often cheap collectors are read when nobody asks. */
  readonly push: { readonly schedule: string }
  readonly collectors: Readonly<Record<string, CollectorSection>>
}

interface Working {
  readonly runner: Runner
  readonly scheduled: Scheduled | undefined
}

export class Readings {
  readonly #parts: ReadingsParts
  /** In the order of the collectors; those disabled are not here. */
  #working = new Map<string, Working>()
  #all: readonly Collector[] = []
  /** By collector, kept over a change of configuration: two runners never commit one state twice. */
  readonly #states = new Map<string, LastStates>()

  constructor(parts: ReadingsParts) {
    this.#parts = parts
    parts.metrics.onUpdate(() => {
      for (const { runner } of this.#working.values()) runner.report()
    })
    parts.signal.addEventListener('abort', () => this.#stop(), { once: true })
  }

  /**
   * Makes these the collectors, each as its section says, and starts the first run of every new or changed one.
   * Those whose settings stay the same are left as they are; a changed one shows its old reading until it has another.
   * Call it again with a new configuration. Collectors without `collect` (event sources) are not taken.
   * @returns when the first runs are done, which may be never; nothing needs to wait for it
   */
  async configure(
    collectors: readonly Collector[],
    config: ReadingsConfig,
  ): Promise<{ firstRuns: Promise<void> }> {
    const { signal } = this.#parts
    const first = this.#all.length === 0
    const working = new Map<string, Working>()
    const begun: Promise<void>[] = []
    const all = collectors.filter((collector) => collector.collect)
    for (const collector of all) {
      const section = config.collectors[collector.name]
      if (!section?.enabled) continue
      const settings = settingsOf(section, config)
      const before = this.#working.get(collector.name)
      if (before?.runner.collector === collector && isDeepStrictEqual(before.runner.settings, settings)) {
        working.set(collector.name, before)
        continue
      }
      const runner = new Runner(collector, settings, await this.#statesOf(collector.name), this.#parts)
      if (before) runner.takeOver(before.runner)
      working.set(collector.name, { runner, scheduled: this.#schedule(runner, section) })
      begun.push(runner.run())
    }
    for (const [name, { runner, scheduled }] of this.#working) {
      if (working.get(name)?.runner !== runner) scheduled?.stop()
      if (!working.has(name)) runner.forget()
    }
    this.#working = working
    this.#all = all
    if (first) void this.#askAbsent()
    if (signal.aborted) this.#stop()
    return { firstRuns: Promise.all(begun).then(() => undefined) }
  }

  /** Reads the cheap collectors (all, or those named) and resolves when each has ended or met its deadline. */
  async refresh(names?: readonly string[]): Promise<void> {
    const cheap = this.#named(names).filter(({ runner, scheduled }) => !scheduled && !runner.absent)
    await Promise.all(cheap.map(({ runner }) => runner.run()))
  }

  /** The samples of every reading (or of the collectors named) no older than 2.5 × its interval. */
  current(names?: readonly string[]): Sample[] {
    return this.#named(names).flatMap(({ runner }) => runner.current()?.samples ?? [])
  }

  /** In the order of the collectors, the disabled ones too. */
  status(): CollectorStatus[] {
    return this.#all.map(
      ({ name }) => this.#working.get(name)?.runner.status() ?? { name, state: 'disabled', series: 0 },
    )
  }

  /** The parts that are not well, in the order of the collectors. */
  unwell(): PartState[] {
    return [...this.#working].flatMap(([collector, { runner }]) =>
      runner.unwell().map((reading) => ({ ...reading, collector })),
    )
  }

  #named(names: readonly string[] | undefined): Working[] {
    if (!names) return [...this.#working.values()]
    return [...this.#working].filter(([name]) => names.includes(name)).map(([, working]) => working)
  }

  #schedule(runner: Runner, section: CollectorSection): Scheduled | undefined {
    if (section.schedule === undefined) return undefined
    const { log, node } = this.#parts
    const { name } = runner.collector
    return schedule(section.schedule, () => runner.tick(), {
      name: `collector ${name}`,
      log,
      jitterSeconds: jitterSeconds(node, name, section.schedule),
      onOverlap: () => runner.count('overlap'),
    })
  }

  async #statesOf(name: string): Promise<LastStates> {
    const states = this.#states.get(name) ?? (await lastStates(name, this.#parts.spool))
    this.#states.set(name, states)
    return states
  }

  /** Looks again for what is absent, whatever its schedule. */
  async #askAbsent(): Promise<void> {
    const { clock, signal } = this.#parts
    const wait = () => clock.sleep(reprobeSeconds * 1000, signal).catch(() => undefined)
    for (await wait(); !signal.aborted; await wait()) {
      for (const { runner } of this.#working.values()) if (runner.absent) void runner.run()
    }
  }

  #stop(): void {
    for (const { scheduled } of this.#working.values()) scheduled?.stop()
  }
}

function settingsOf(section: CollectorSection, config: ReadingsConfig): RunnerSettings {
  return {
    section,
    maxSeries: config.collect.max_series,
    shelfSeconds: shelfIntervals * intervalSeconds(section.schedule ?? config.push.schedule),
  }
}
