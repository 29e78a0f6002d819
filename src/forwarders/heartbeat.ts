/**
 * A heartbeat: what the node knows of its own records at one moment, for whoever looks for what died with it. It is no
 * record: it has no number, is not spooled, not counted and never sent again (docs/decisions/heartbeat.md).
 */
import type { SpoolProgress } from '../spool/spool.ts'
import { metricsSource } from '../spool/spool.ts'
import type { Origin } from './forwarder.ts'

export interface Heartbeat {
  /** When it was made, milliseconds since the epoch by the node's clock. */
  readonly timeMilliseconds: number
  /** One line of JSON, as docs/after-a-crash.md describes it. */
  readonly text: string
}

export interface HeartbeatParts {
  /** Whom it is for: the counts of sources are those of this sink. */
  readonly sink: string
  readonly origin: Origin
  readonly version: string
  readonly timeMilliseconds: number
  /** When the next one is due; 0: it is the last one of an agent that was stopped. */
  readonly nextSeconds: number
}

/** What positions may take of a heartbeat, in characters: one of them, and all. */
const mostPosition = 1024
const mostPositions = 64 << 10

/** States are positions too; what changed of them are records of their own. */
const statePrefix = 'state:'

export function heartbeat(
  { sources, sinks }: SpoolProgress,
  { sink, origin, version, timeMilliseconds, nextSeconds }: HeartbeatParts,
): Heartbeat {
  let room = mostPositions
  let leftOut = 0
  const positionsOf = (positions: ReadonlyMap<string, string>) => {
    const kept: Record<string, string> = {}
    for (const [stream, position] of positions) {
      if (stream.startsWith(statePrefix)) continue
      const length = stream.length + position.length
      if (length > mostPosition || length > room) leftOut += 1
      else {
        kept[stream] = position
        room -= length
      }
    }
    return kept
  }
  const taken = [...(sinks.get(sink) ?? [])].filter(([source]) => source !== metricsSource)
  const bySource = Object.fromEntries(
    taken.map(([source, { acknowledged, held, quarantined, lost }]) => [
      source,
      {
        last_number: sources.get(source)?.lastNumber ?? 0,
        acknowledged,
        held,
        quarantined,
        lost: sum(Object.values(lost)),
        positions: positionsOf(sources.get(source)?.positions ?? new Map()),
      },
    ]),
  )
  const bySink = Object.fromEntries(
    [...sinks].map(([name, counts]) => {
      const records = [...counts].filter(([source]) => source !== metricsSource).map(([, one]) => one)
      const unacknowledged = sum(records.map(({ held, quarantined }) => held + quarantined))
      return [name, { unacknowledged }]
    }),
  )
  const text = JSON.stringify({
    heartbeat: 1,
    node: origin.node,
    boot_id: origin.bootId,
    ledger: origin.ledger,
    version,
    time: new Date(timeMilliseconds).toISOString(),
    next_seconds: nextSeconds,
    sink,
    sources: bySource,
    sinks: bySink,
    ...(leftOut > 0 && { positions_left_out: leftOut }),
  })
  return { timeMilliseconds, text }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
