/** The sinks at work: a forwarder and a delivery loop for each, changed with the configuration and drained at the end. */
import { isDeepStrictEqual } from 'node:util'
import type { AgentMetrics } from './agent-metrics.ts'
import type { Clock } from './clock.ts'
import type { Protocols } from './forwarders/all.ts'
import { Delivery } from './forwarders/deliver.ts'
import type { Forwarder, Origin } from './forwarders/forwarder.ts'
import { heartbeat } from './forwarders/heartbeat.ts'
import type { Log } from './log.ts'
import type { Metric, Sample } from './model.ts'
import type { SinkConfig } from './sink-schemas.ts'
import type { SinkRoute, Spool, SpoolProgress } from './spool/spool.ts'
import type { SinkStatus } from './status.ts'
import { version } from './version.ts'

export type SinkConfigs = Readonly<Record<string, SinkConfig>>

export interface SinksParts {
  readonly spool: Spool
  readonly origin: Origin
  readonly clock: Clock
  readonly log: Log
  readonly metrics: AgentMetrics
  readonly protocols: Protocols
}

/** How long a request under way is waited for when its sink stops. */
const stopMilliseconds = 2000

interface Working {
  readonly config: SinkConfig
  readonly forwarder: Forwarder
  readonly delivery: Delivery
  readonly stop: AbortController
  readonly stopped: Promise<void>
  /** A heartbeat is under way. */
  beating: boolean
}

/** What the spool must know of the configured sinks. */
export function routes(configs: SinkConfigs, { kinds }: Pick<Protocols, 'kinds'>): SinkRoute[] {
  return Object.entries(configs).map(([name, config]) => ({
    name,
    required: config.required,
    offNode: config.off_node,
    keepAll: config.keep === 'all',
    kinds: kinds(name, config),
    ...(config.sources !== undefined && { sources: config.sources }),
    quarantineBytes: config.quarantine_bytes,
  }))
}

export class Sinks {
  readonly #parts: SinksParts
  #working = new Map<string, Working>()

  constructor(parts: SinksParts) {
    this.#parts = parts
  }

  /**
   * Makes these the sinks. Those that stay the same go on untouched; a changed one is stopped, and what it had under
   * way is sent again by the new one.
   * @throws {ConfigError} a sink cannot be made; {SpoolUnavailableError} its disk refuses; everything is as before
   */
  async configure(configs: SinkConfigs): Promise<void> {
    const { spool, origin, clock, log, metrics, protocols } = this.#parts
    const changed = Object.entries(configs).filter(
      ([name, config]) => !isDeepStrictEqual(this.#working.get(name)?.config, config),
    )
    const made = changed.map(
      ([name, config]) => [name, config, protocols.make(name, config, origin, clock)] as const,
    )
    const leaving = [...this.#working].filter(
      ([name]) => !(name in configs) || made.some(([same]) => same === name),
    )
    await Promise.all(leaving.map(([name, working]) => this.#stop(name, working)))
    const next = routes(configs, protocols)
    for (const [name, count] of await spool.wouldLose(next))
      log.warn(
        `sink ${name}`,
        `Sink ${name} is removed: the ${count} records and samples held for it are counted as lost`,
      )
    try {
      await spool.route(next)
    } catch (error) {
      for (const [name, { config }] of leaving)
        this.#start(name, config, protocols.make(name, config, origin, clock))
      for (const [, , forwarder] of made) await forwarder.close()
      throw error
    }
    for (const [name, config, forwarder] of made) this.#start(name, config, forwarder)
    for (const [name] of leaving) if (!(name in configs)) metrics.sinkUp.remove({ sink: name })
  }

  status(): SinkStatus[] {
    return [...this.#working.values()].map(({ delivery }) => delivery.status())
  }

  /** What the forwarders tell of themselves. */
  samples(): Sample[] {
    return [...this.#working].flatMap(([sink, { forwarder }]) =>
      (forwarder.samples?.() ?? []).map((sample) => ({
        ...sample,
        metric: labelled(sample.metric),
        labels: { ...sample.labels, sink },
      })),
    )
  }

  /** Resolves with whether everything in the spool was delivered before the signal. */
  async drain(signal: AbortSignal): Promise<boolean> {
    const all = () => [...this.#working.values()].every(({ delivery }) => delivery.idle)
    while (!all() && !signal.aborted) await this.#parts.clock.sleep(20, signal).catch(() => undefined)
    return all()
  }

  /**
   * Sends a heartbeat to every sink on another machine that takes one and is up: one at a time to each, past what
   * waits for it, and without any say in how it is.
   * @param nextSeconds when the next one is due; 0: this is the last
   */
  async beat(progress: SpoolProgress, nextSeconds: number, mostSeconds: number): Promise<void> {
    await Promise.all(
      [...this.#working].map(([name, working]) =>
        this.#beat(name, working, progress, nextSeconds, mostSeconds),
      ),
    )
  }

  async #beat(
    name: string,
    working: Working,
    progress: SpoolProgress,
    nextSeconds: number,
    mostSeconds: number,
  ): Promise<void> {
    const { origin, clock, metrics } = this.#parts
    const { forwarder, config, delivery, stop } = working
    if (forwarder.heartbeat === undefined || !config.off_node) return
    if (working.beating || delivery.status().state !== 'up') {
      metrics.heartbeats.inc({ sink: name, result: 'skipped' })
      return
    }
    working.beating = true
    const milliseconds = Math.min(mostSeconds, config.retry.timeout_seconds) * 1000
    const until = AbortSignal.any([stop.signal, AbortSignal.timeout(milliseconds)])
    try {
      const about = { sink: name, origin, version, timeMilliseconds: clock.now(), nextSeconds }
      const { is } = await forwarder.heartbeat(heartbeat(progress, about), until)
      metrics.heartbeats.inc({ sink: name, result: is === 'accepted' ? 'sent' : 'failed' })
    } finally {
      working.beating = false
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#working].map(([name, working]) => this.#stop(name, working)))
  }

  #start(name: string, config: SinkConfig, forwarder: Forwarder): void {
    const { spool, clock, log, metrics } = this.#parts
    const { retry } = config
    metrics.sinkUp.set({ sink: name }, 1)
    const delivery = new Delivery(
      {
        name,
        type: config.type,
        required: config.required,
        offNode: config.off_node,
        settleMilliseconds: config.settle_seconds * 1000,
        firstRetryMilliseconds: retry.first_seconds * 1000,
        mostRetryMilliseconds: retry.most_seconds * 1000,
        clock,
        report: (state, words) => {
          metrics.sinkUp.set({ sink: name }, state === 'up' ? 1 : 0)
          if (state === 'up') log.info(`sink ${name}`, `Sink ${name} is up again`)
          else log.warn(`sink ${name}`, `Sink ${name} is ${state}: ${words}`)
        },
        answered: (is, seconds) => {
          metrics.sinkSends.inc({ sink: name, result: is })
          metrics.sinkSendTime.inc({ sink: name }, Math.max(0, seconds))
        },
      },
      spool,
      forwarder,
    )
    const stop = new AbortController()
    this.#working.set(name, {
      config,
      forwarder,
      delivery,
      stop,
      stopped: delivery.run(stop.signal),
      beating: false,
    })
  }

  /** A request stuck in a hung file system is left behind: its answer no longer counts. */
  async #stop(name: string, { stop, stopped, forwarder }: Working): Promise<void> {
    stop.abort(new Error(`Cannot go on: sink ${name} is stopped`))
    const late = new AbortController()
    const closed = stopped.then(() => forwarder.close())
    closed.catch((error) => this.#parts.log.warn(`sink ${name}`, `Cannot close sink ${name}: ${error}`))
    const patience = this.#parts.clock.sleep(stopMilliseconds, late.signal).catch(() => undefined)
    await Promise.race([closed.catch(() => undefined), patience])
    late.abort()
    this.#working.delete(name)
  }
}

/** A forwarder's own metric, with the label that says whose it is. */
function labelled(metric: Metric): Metric {
  const known = withSink.get(metric) ?? { ...metric, labels: [...metric.labels, 'sink'] }
  withSink.set(metric, known)
  return known
}
const withSink = new WeakMap<Metric, Metric>()
