/** States become log records: one for each change, committed together with the new last known state (format.md). */

import { SpoolUnavailableError } from './errors.ts'
import type { LogRecord, SourceBatch, StateReading } from './model.ts'
import type { Spool } from './spool/spool.ts'

const streamPrefix = 'state:'

/**
 * The records of what changed since the last known states, in the order of the readings.
 * Without an earlier state a healthy part yields none and an unhealthy one comes from "unknown"; both are then known.
 * @param last last known states, by part
 * @param nowMilliseconds the time of the reading, since the epoch
 */
export function stateRecords(
  states: readonly StateReading[],
  last: ReadonlyMap<string, string>,
  nowMilliseconds: number,
): SourceBatch {
  const time = BigInt(Math.round(nowMilliseconds)) * 1_000_000n
  const changed = states.filter((reading) => last.get(reading.part) !== reading.state)
  return {
    records: changed
      .filter((reading) => !reading.healthy || last.has(reading.part))
      .map((reading) => recordOf(reading, last.get(reading.part) ?? 'unknown', time)),
    positions: changed.map(({ part, state }) => ({ stream: streamPrefix + part, position: state })),
  }
}

function recordOf(reading: StateReading, from: string, time: bigint): LogRecord {
  const { part, state, event, severity, body, attributes } = reading
  const fields = [
    ['event.name', event],
    ['severity_number', String(severity)],
    ['severity_text', severityText(severity)],
    ['body', body],
    ['part', part],
    ['from', from],
    ['to', state],
    ...Object.entries(attributes),
  ] as const
  return {
    stream: streamPrefix + part,
    id: `${part}:${from}:${state}:${time}`,
    time,
    observed: time,
    fields: fields.map(([name, value]) => [name, Buffer.from(value)]),
  }
}

/** The short names of OpenTelemetry's severity numbers, four to each. */
const severities = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']

function severityText(severity: number): string {
  return severities[Math.floor((severity - 1) / 4)] ?? 'UNSPECIFIED'
}

/** The last known states of one collector. */
export interface LastStates {
  /** By part. */
  known(): ReadonlyMap<string, string>
  /**
   * Commits what changed. Without room in the spool, or while an earlier commit goes on, nothing is: the last state
   * stays known, so that the next reading offers the change again.
   * @throws what else the spool throws
   */
  offer(states: readonly StateReading[], nowMilliseconds: number): Promise<void>
}

/** The last known states out of the positions of a source. */
export function statesOf(positions: ReadonlyMap<string, string>): Map<string, string> {
  const states = new Map<string, string>()
  for (const [stream, position] of positions) {
    if (stream.startsWith(streamPrefix)) states.set(stream.slice(streamPrefix.length), position)
  }
  return states
}

/** Loads them out of the spool, where a restart finds them again. */
export async function lastStates(
  source: string,
  spool: Pick<Spool, 'positions' | 'commit'>,
): Promise<LastStates> {
  const known = statesOf(await spool.positions(source))
  let committing = false
  return {
    known: () => known,
    offer: async (states, nowMilliseconds) => {
      const batch = stateRecords(states, known, nowMilliseconds)
      if (committing || batch.positions.length === 0) return
      committing = true
      try {
        await spool.commit(source, batch)
        for (const { stream, position } of batch.positions)
          known.set(stream.slice(streamPrefix.length), position)
      } catch (error) {
        if (!(error instanceof SpoolUnavailableError)) throw error
      } finally {
        committing = false
      }
    },
  }
}
