/** The agent: collectors, spool, sinks and server of one configuration, put together, changed and ended. */
import { isDeepStrictEqual } from 'node:util'
import { runAcknowledgements } from './acknowledgements.ts'
import { createAgentMetrics } from './agent-metrics.ts'
import { beginBoot } from './boot/boot.ts'
import { systemClock } from './clock.ts'
import { contextOf } from './collect.ts'
import { commandRunner, defaultPath } from './command.ts'
import type { LoadedConfig } from './config.ts'
import { type CollectorSection, type Config, collectorSectionsOf } from './config-schema.ts'
import { describe } from './errors.ts'
import { EventTail } from './event-tail.ts'
import { registrySamples } from './exposition.ts'
import { protocols as allProtocols, type Protocols } from './forwarders/all.ts'
import { lastHeartbeat, runHeartbeats } from './heartbeats.ts'
import { History, historyCollectors, historySchedule } from './history.ts'
import type { Log } from './log.ts'
import type { Collector, Sample } from './model.ts'
import { nodeIdentity } from './node.ts'
import { pusher } from './push.ts'
import { Readings } from './readings.ts'
import { type Scheduled, schedule } from './schedule.ts'
import { type RunningServer, startServer } from './server/server.ts'
import { routes, Sinks } from './sinks.ts'
import { Sources } from './sources.ts'
import { ledgerSamples } from './spool/ledger-metrics.ts'
import { openSpool } from './spool/open.ts'
import type { LedgerSnapshot, Spool } from './spool/spool.ts'
import { type UsageReader, usageReader } from './statfs.ts'
import type { Status } from './status.ts'
import { tree } from './tree.ts'
import { version } from './version.ts'

export interface Agent {
  readonly port: number
  /** Applies a configuration that was checked. @throws {Error} it cannot be applied; everything is as before */
  reload(loaded: LoadedConfig): Promise<void>
  /** Stops collecting, drains to the sinks within the configured time, closes everything. @returns what is left, in words */
  stop(): Promise<string>
}

/** A source that commits so many at once does not run far ahead of the sinks, which would read them back out of the file. */
const manyRecords = 1000

/** What runs with every collector of this agent. */
export function surroundings({ paths }: Config) {
  const run = commandRunner([...paths.tools, defaultPath].join(':'))
  const read = usageReader(run)
  const host = tree(paths.root)
  const statfs: UsageReader = (path, canHang) => read(host.resolve(path), canHang)
  return { sys: tree(paths.sys), proc: tree(paths.proc, 'at-once'), host, run, stream: run.stream, statfs }
}

/**
 * @throws {LockedError} another Remora uses the spool; {ConfigError} a sink cannot be made; {Error} the address is taken
 */
export async function startAgent(
  loaded: LoadedConfig,
  collectors: readonly Collector[],
  log: Log,
  protocols: Protocols = allProtocols,
): Promise<Agent> {
  const startedMilliseconds = Date.now()
  const clock = systemClock
  let config = loaded.config
  log.setLevel(config.log.level)
  const metrics = createAgentMetrics(log)
  const around = surroundings(config)
  const identity = await nodeIdentity(config.node, around)
  for (const warning of [...loaded.warnings, ...identity.warnings])
    log.warn(`configuration: ${warning}`, warning)

  // Before the spool counts what is held for sinks that are not named any more as lost: this may still refuse to start.
  for (const [name, sink] of Object.entries(config.sinks)) {
    const { name: node, bootId } = identity
    await protocols.make(name, sink, { node, bootId, ledger: '' }, clock).close()
  }

  const spool: Spool = await openSpool(
    {
      path: config.spool.path,
      maxBytes: config.spool.max_bytes,
      reserveRatio: config.spool.reserve_ratio,
      pauseOrder: config.spool.pause_order,
      clock,
      report: (message) => log.warn('spool', `Spool: ${message}`),
    },
    routes(config.sinks, protocols),
  )
  const origin = {
    node: identity.name,
    bootId: identity.bootId,
    get ledger() {
      return spool.ledger
    },
  }
  const collecting = new AbortController()
  const { signal } = collecting
  const sinks = new Sinks({ spool, origin, clock, log, metrics, protocols })
  const events = new EventTail(() => clock.monotonic())
  /** Who reads along sees what was committed, and nothing before it was. */
  const intake: Pick<Spool, 'positions' | 'commit' | 'writable'> = {
    positions: (source) => spool.positions(source),
    writable: (source, until) => spool.writable(source, until),
    commit: async (source, batch) => {
      await spool.commit(source, batch)
      events.take(source, batch.records)
      if (batch.records.length >= manyRecords) await spool.keptUp()
    },
  }
  const readings = new Readings({
    surroundings: around,
    clock,
    log,
    metrics,
    signal,
    spool: intake,
    node: identity.name,
  })
  const sources = new Sources({ surroundings: around, spool: intake, clock, log, metrics }, signal)
  const history = new History()
  const acknowledgements = new AbortController()
  let firstRunsDone = false
  let stopping = false
  let sections: Record<string, CollectorSection> = {}
  let push: Scheduled | undefined
  let heartbeats = { seconds: 0, stop: new AbortController() }
  let server: RunningServer | undefined

  async function samples(names?: readonly string[]): Promise<readonly Sample[]> {
    if (names !== undefined) return readings.current(names)
    metrics.update()
    metrics.commandsStuck.set((await around.run.stuck()).length)
    return [...readings.current(), ...ledgerSamples(await spool.snapshot(), clock.now()), ...sinks.samples()]
  }

  const status: Status = {
    node: identity.name,
    bootId: identity.bootId,
    version,
    startedMilliseconds,
    refresh: (names) => readings.refresh(names),
    samples,
    collectors: () => readings.status(),
    unwell: () => readings.unwell(),
    sinks: () => sinks.status(),
    ledger: () => spool.snapshot(),
    notReady: () => [
      ...(firstRunsDone ? [] : ['the collectors have not finished their first run']),
      ...(stopping ? ['Remora is stopping'] : []),
    ],
    history,
    events,
  }

  const listen = (address: string) =>
    startServer({
      listen: address,
      status,
      registry: metrics.registry,
      failed: (error) => log.error('server', describe(error)),
      dropped: (series) =>
        log.warn('left out', `Series ${series} is left out: it is there twice, or has no valid name`),
    })

  const pushOnce = pusher({
    refresh: () => readings.refresh(),
    samples: async () => [...(await samples()), ...(await registrySamples(metrics.registry))],
    spool,
    clock,
    log,
    signal,
  })

  const beating = { spool, sinks, clock, log }
  const pushing = { name: 'push', log, onOverlap: () => metrics.pushesSkipped.inc() }

  const remember = async () => {
    await readings.refresh(historyCollectors)
    history.record(clock.now(), readings.current(historyCollectors))
  }

  /** Everything that follows the configuration and cannot fail. */
  async function follow(next: Config): Promise<void> {
    sections = withSections(next, collectors)
    const { firstRuns } = await readings.configure(collectors, { ...next, collectors: sections })
    void firstRuns.then(() => {
      firstRunsDone = true
    })
    await sources.configure(collectors, sections)
    push?.stop()
    push = next.push.enabled ? schedule(next.push.schedule, pushOnce, pushing) : undefined
    const { seconds } = next.heartbeat
    if (seconds !== heartbeats.seconds) {
      heartbeats.stop.abort()
      heartbeats = { seconds, stop: new AbortController() }
      if (seconds > 0) void runHeartbeats(beating, seconds, AbortSignal.any([signal, heartbeats.stop.signal]))
    }
    log.setLevel(next.log.level)
  }

  try {
    server = await listen(config.server.listen)
    await sinks.configure(config.sinks)
  } catch (error) {
    await server?.close()
    await spool[Symbol.asyncDispose]()
    throw error
  }
  const contextFor = (collector: string) => {
    const section = sections[collector]
    if (!section?.enabled) return undefined
    const parts = { surroundings: around, options: section.options, states: new Map<string, string>() }
    return contextOf(parts, acknowledgements.signal, (error) =>
      log.warn(`parts of ${collector}`, describe(error)),
    )
  }
  const acknowledged = runAcknowledgements(
    collectors,
    { spool, clock, log, contextFor },
    acknowledgements.signal,
  )
  // Before any source is read: the first event of a boot says what ended the one before.
  const boot = await beginBoot({
    identity,
    spool,
    surroundings: around,
    stateFolder: config.state.path,
    clock,
    log,
    wroteCopy: (result) => metrics.stateCopyWrites.inc({ result }),
  })
  const booted = boot.run(signal)
  await follow(config)
  const remembering = schedule(historySchedule, remember, { name: 'history', log })
  log.info(
    'agent',
    `Remora ${version} runs on ${identity.name}: http://${address(config.server.listen, server.port)}/`,
  )
  if (!Object.values(config.sinks).some((sink) => sink.off_node))
    log.warn(
      'agent',
      'Nothing leaves this node: no sink is on another machine, a reset loses everything since boot',
    )

  return {
    port: server.port,

    async reload(next) {
      const wanted = next.config
      for (const part of ['node', 'spool', 'paths', 'state'] as const) {
        if (!isDeepStrictEqual(config[part], wanted[part]))
          log.warn(`reload ${part}`, `A change of ${part} takes effect at the next start`)
      }
      const [from, to] = [config.server.listen, wanted.server.listen]
      const before = server
      // One port cannot be had on two overlapping addresses: the old one is let go first.
      const samePort = from !== to && portOf(from) === portOf(to)
      try {
        if (samePort) await before?.close()
        if (from !== to) server = await listen(to)
        await sinks.configure(wanted.sinks)
      } catch (error) {
        if (server !== before) await server?.close()
        server = samePort ? await listen(from) : before
        throw error
      }
      if (from !== to && !samePort) await before?.close()
      const { node, spool, paths, state } = config
      config = { ...wanted, node, spool, paths, state }
      await follow(config)
      for (const warning of next.warnings) log.warn(`configuration: ${warning}`, warning)
      log.info('reload', `Configuration applied: ${next.origin}`)
    },

    async stop() {
      stopping = true
      push?.stop()
      remembering.stop()
      // What services stopped before us have said last may still be on its way to the readers.
      await clock.sleep(config.shutdown.linger_seconds * 1000, signal)
      collecting.abort(new Error('Remora is stopping'))
      await Promise.all([sources.ended(), booted])
      await boot.stopping()
      const drained = await sinks.drain(AbortSignal.timeout(config.shutdown.drain_seconds * 1000))
      if (heartbeats.seconds > 0) await lastHeartbeat(beating)
      await sinks.stop()
      acknowledgements.abort()
      await acknowledged
      await boot.ended()
      const left = drained ? 'everything was delivered' : leftInWords(await spool.snapshot())
      await server?.close()
      await spool[Symbol.asyncDispose]()
      return left
    },
  }
}

/** The sections of the configuration, and defaults for collectors it does not know (those of a test, or of a site). */
function withSections(config: Config, collectors: readonly Collector[]): Record<string, CollectorSection> {
  const sections: Record<string, CollectorSection> = collectorSectionsOf(config)
  for (const { name, schedule, deadlineSeconds } of collectors) {
    sections[name] ??= {
      enabled: true,
      deadline_seconds: deadlineSeconds ?? 10,
      ...(schedule !== undefined && { schedule }),
    }
  }
  return sections
}

function leftInWords({ sinks, onDisk }: LedgerSnapshot): string {
  const held = [...sinks].map(([name, sources]) => {
    const count = [...sources.values()].reduce((sum, counts) => sum + counts.held, 0)
    return count > 0 ? `${count} for ${name}` : ''
  })
  const some = held.filter((words) => words !== '').join(', ')
  if (some === '') return 'everything was delivered'
  return `${onDisk ? 'still in the spool' : 'lost with the spool, which was only in memory'}: ${some}`
}

function portOf(listen: string): string {
  return listen.slice(listen.lastIndexOf(':') + 1)
}

function address(listen: string, port: number): string {
  return `${listen.slice(0, listen.lastIndexOf(':'))}:${port}`
}
