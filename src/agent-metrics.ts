/**
 * The agent's own metrics, in a prom-client registry. Each is declared once, here.
 * What the process itself uses is read by `update`, at a scrape or push and at no other time: prom-client's default
 * metrics are left out for their timers.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { Counter, Gauge, Registry } from 'prom-client'
import type { Log } from './log.ts'
import { counter, gauge, type Metric } from './model.ts'
import { version } from './version.ts'

const declared = {
  buildInfo: gauge('remora_build_info', 'info', 'package.json', 'The version that runs.', [
    'version',
    'nodejs',
  ]),
  cpu: counter('process_cpu_seconds_total', 'seconds', 'getrusage', 'CPU time, user and system.'),
  resident: gauge('process_resident_memory_bytes', 'bytes', '/proc/self/stat', 'Resident memory.'),
  start: gauge(
    'process_start_time_seconds',
    'seconds',
    'process.uptime',
    'When the process started, seconds since the epoch.',
  ),
  openFiles: gauge('process_open_fds', 'none', '/proc/self/fd', 'Open file descriptors.'),
  maxFiles: gauge('process_max_fds', 'none', '/proc/self/limits', 'Most file descriptors, soft limit.'),
  collectorSuccess: gauge(
    'remora_collector_success',
    'none',
    'the last run',
    '1 when the last run of the collector ended without an error.',
    ['collector'],
  ),
  collectorDuration: gauge(
    'remora_collector_duration_seconds',
    'seconds',
    'the last run',
    'How long the last run of the collector took.',
    ['collector'],
  ),
  collectorAge: gauge(
    'remora_collector_age_seconds',
    'seconds',
    'the reading shown',
    'Time since the reading shown was begun.',
    ['collector'],
  ),
  collectorLastSuccess: gauge(
    'remora_collector_last_success_timestamp_seconds',
    'timestamp_seconds',
    'the last good run',
    'When the last run without an error was begun.',
    ['collector'],
  ),
  collectorSeries: gauge(
    'remora_collector_series',
    'none',
    'the reading shown',
    'Series of the collector in the reading shown.',
    ['collector'],
  ),
  collectorRefused: gauge(
    'remora_collector_refused_series',
    'none',
    'the last run',
    'Series refused in the last run, whole metrics at a time, to stay within collect.max_series.',
    ['collector'],
  ),
  collectorHere: gauge(
    'remora_collector_here',
    'none',
    'the last look',
    '1 when what the collector reads is on this machine: its tool, its device, its files.',
    ['collector'],
  ),
  collectorSkipped: counter(
    'remora_collector_skipped_total',
    'none',
    'the scheduler',
    'Runs not started (overlap: one is going on; stuck: one past its deadline has not ended) and parts passed over: as a tool refused (no-controller, no-permission, unsupported-version), hung (timeout), or for any other reason (part).',
    ['collector', 'reason'],
  ),
  collectorDropped: counter(
    'remora_collector_dropped_samples_total',
    'none',
    'the last run',
    'Samples dropped because they were undeclared, a duplicate, or no sensible value.',
    ['collector', 'reason'],
  ),
  sourceUp: gauge('remora_source_up', 'none', 'the source loop', '1 while the source is being read.', [
    'source',
  ]),
  sourceRestarts: counter(
    'remora_source_restarts_total',
    'none',
    'the source loop',
    'How often the source ended or failed and was begun anew.',
    ['source'],
  ),
  sinkUp: gauge('remora_sink_up', 'none', 'delivery', '1 while the sink takes what it is sent.', ['sink']),
  sinkSends: counter(
    'remora_sink_sends_total',
    'none',
    'delivery',
    'Requests to the sink, by what came of them.',
    ['sink', 'result'],
  ),
  sinkSendTime: counter(
    'remora_sink_send_seconds_total',
    'seconds',
    'delivery',
    'Time spent waiting for the sink; over the requests it is their mean duration.',
    ['sink'],
  ),
  stateCopyWrites: counter(
    'remora_state_copy_writes_total',
    'none',
    'the state copy',
    'Copies of the positions to `state.path`: written or failed.',
    ['result'],
  ),
  heartbeats: counter(
    'remora_heartbeats_total',
    'none',
    'the heartbeat',
    'Heartbeats to the sink: sent, failed, or skipped because it was down or the one before was still going on.',
    ['sink', 'result'],
  ),
  pushesSkipped: counter(
    'remora_pushes_skipped_total',
    'none',
    'the scheduler',
    'Pushes not made because the one before was still going on.',
  ),
  commandsStuck: gauge(
    'remora_commands_stuck',
    'none',
    'the command runner',
    'Tools that were killed and cannot end (D state); no other is started in their place.',
  ),
  logSuppressed: counter(
    'remora_log_suppressed_total',
    'none',
    'the log',
    'Lines held back by the limit of ten a minute for each cause.',
  ),
} as const

export const agentMetrics: readonly Metric[] = Object.values(declared)

/** The registry with every metric of the agent, ready to be set. */
export function createAgentMetrics(log: Pick<Log, 'suppressed'>) {
  const registry = new Registry()
  const options = ({ name, help, labels }: Metric) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  })
  const updates: (() => void)[] = []
  const metrics = {
    registry,
    resident: new Gauge(options(declared.resident)),
    openFiles: new Gauge(options(declared.openFiles)),
    collectorSuccess: new Gauge(options(declared.collectorSuccess)),
    collectorHere: new Gauge(options(declared.collectorHere)),
    collectorDuration: new Gauge(options(declared.collectorDuration)),
    collectorAge: new Gauge(options(declared.collectorAge)),
    collectorLastSuccess: new Gauge(options(declared.collectorLastSuccess)),
    collectorSeries: new Gauge(options(declared.collectorSeries)),
    collectorRefused: new Gauge(options(declared.collectorRefused)),
    collectorSkipped: new Counter(options(declared.collectorSkipped)),
    collectorDropped: new Counter(options(declared.collectorDropped)),
    sourceUp: new Gauge(options(declared.sourceUp)),
    sourceRestarts: new Counter(options(declared.sourceRestarts)),
    sinkUp: new Gauge(options(declared.sinkUp)),
    sinkSends: new Counter(options(declared.sinkSends)),
    sinkSendTime: new Counter(options(declared.sinkSendTime)),
    stateCopyWrites: new Counter(options(declared.stateCopyWrites)),
    heartbeats: new Counter(options(declared.heartbeats)),
    pushesSkipped: new Counter(options(declared.pushesSkipped)),
    commandsStuck: new Gauge(options(declared.commandsStuck)),
    /** Adds something to do at every update. */
    onUpdate: (update: () => void) => void updates.push(update),
    /** Reads what is only worth reading when somebody looks: call it before every scrape and push. */
    update: () => {
      for (const update of updates) update()
    },
  }
  new Gauge(options(declared.buildInfo)).set({ version, nodejs: process.versions.node }, 1)
  new Gauge(options(declared.start)).set(Math.round(Date.now() / 1000 - process.uptime()))
  new Gauge(options(declared.maxFiles)).set(maxFiles())
  metrics.onUpdate(processReader(metrics, new Counter(options(declared.cpu))))
  const setSuppressed = following(new Counter(options(declared.logSuppressed)))
  metrics.onUpdate(() => setSuppressed(log.suppressed()))
  return metrics
}

export type AgentMetrics = ReturnType<typeof createAgentMetrics>

/** Makes a counter follow a total that is counted elsewhere. */
export function following(counted: Counter): (total: number) => void {
  let last = 0
  return (total) => {
    if (total > last) counted.inc(total - last)
    last = Math.max(last, total)
  }
}

function processReader(
  { resident, openFiles }: Pick<AgentMetrics, 'resident' | 'openFiles'>,
  cpu: Counter,
): () => void {
  const setCpu = following(cpu)
  return () => {
    const { user, system } = process.cpuUsage()
    setCpu((user + system) / 1e6)
    resident.set(process.memoryUsage.rss())
    // Listing the folder holds one descriptor itself.
    openFiles.set(readdirSync('/proc/self/fd').length - 1)
  }
}

function maxFiles(): number {
  const soft = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}
