/** What the tests of the collecting half share: a real spool in a folder of its own, and a log that can be read. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AgentMetrics, createAgentMetrics } from '../../src/agent-metrics.ts'
import type { Clock } from '../../src/clock.ts'
import { type Log, openLog } from '../../src/log.ts'
import type { Collector, Labels, Metric, Sample, StateReading } from '../../src/model.ts'
import { openSpool } from '../../src/spool/open.ts'
import type { SinkRoute } from '../../src/spool/spool.ts'
import type { SqliteSpool } from '../../src/spool/sqlite.ts'
import { contextOf } from '../collectors/context.ts'

export interface Engine extends AsyncDisposable {
  readonly folder: string
  readonly spool: SqliteSpool
  readonly log: Log
  /** Messages written, in order. */
  readonly lines: string[]
  readonly metrics: AgentMetrics
  readonly stopping: AbortController
  readonly surroundings: ReturnType<typeof contextOf>
  /** Closes the spool before the end, for another one on its folder. */
  close(): Promise<void>
}

export const oneSink: SinkRoute = {
  name: 'sink',
  required: true,
  offNode: true,
  keepAll: true,
  kinds: ['events', 'samples'],
  quarantineBytes: 1 << 20,
}

export async function engine(clock: Clock, maxBytes = 16 << 20): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-engine-'))
  const { log, lines } = readableLog()
  const spool = await open(folder, clock, maxBytes)
  const stopping = new AbortController()
  let closed = false
  const close = async () => {
    if (!closed) await spool[Symbol.asyncDispose]()
    closed = true
  }
  return {
    folder,
    spool,
    log,
    lines,
    metrics: createAgentMetrics(log),
    stopping,
    surroundings: contextOf(),
    close,
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await close()
      await rm(folder, { recursive: true })
    },
  }
}

export function open(folder: string, clock: Clock, maxBytes = 16 << 20): Promise<SqliteSpool> {
  const pauseOrder = ['filler', 'source', 'parts']
  return openSpool(
    { path: folder, maxBytes, reserveRatio: 0.01, pauseOrder, clock, report: () => undefined },
    [oneSink],
  )
}

export function readableLog(): { log: Log; lines: string[] } {
  const lines: string[] = []
  const write = (line: string) => {
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed === 'object' && parsed && 'message' in parsed) lines.push(String(parsed.message))
  }
  return { log: openLog('info', { write }), lines }
}

/** A collector that yields what `collect` does, and whose metrics are these. */
export function collector(
  metrics: readonly Metric[],
  collect: Collector['collect'],
  more: Partial<Collector> = {},
): Collector {
  return { name: 'parts', metrics, ...(collect && { collect }), ...more }
}

export function sample(metric: Metric, value: number, labels: Labels = {}): Sample {
  return { metric, value, labels }
}

export function state(part: string, to: string, healthy: boolean): StateReading {
  return {
    part,
    state: to,
    healthy,
    event: 'part.state',
    severity: healthy ? 9 : 17,
    body: `Part ${part} is ${to}`,
    attributes: { part_number: '7' },
  }
}

/** The value of one series of the agent's own metrics; undefined when it is not there. */
export async function own(
  metrics: AgentMetrics,
  name: string,
  labels: Labels = {},
): Promise<number | undefined> {
  const found = (await metrics.registry.getMetricsAsJSON()).find((metric) => metric.name === name)
  return found?.values.find((value) =>
    Object.entries(labels).every(([label, text]) => value.labels[label] === text),
  )?.value
}
