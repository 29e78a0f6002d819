/** Which stream of Loki a record is in: few labels of few values each. */
import type { LokiSinkConfig } from '../sink-schemas.ts'
import type { Origin } from './forwarder.ts'
import { cut } from './loki-pair.ts'

const mostLabelBytes = 256

/** The labels every stream may have without configuration. */
export const streamNames = ['job', 'host', 'source', 'unit', 'level'] as const

/**
 * Names the stream of a record by a small number; there are few, so they are kept.
 * @param labelsOf by that number, the labels of the streams so far: the new ones go there
 */
export function streamMaker(
  source: string,
  config: LokiSinkConfig,
  origin: Origin,
  labelsOf: string[],
): (unit: string | undefined, severityNumber: number | undefined) => number {
  const made = new Map<string, number>()
  return (unit, severityNumber) => {
    const key = `${severityNumber ?? ''} ${unit ?? ''}`
    const known = made.get(key)
    if (known !== undefined) return known
    const labels = labelText({
      job: 'remora',
      host: origin.node,
      source,
      unit: unit === undefined ? '' : boundedUnit(unit),
      level: severityNumber === undefined ? '' : level(severityNumber),
      ...config.labels,
    })
    const before = labelsOf.indexOf(labels)
    const stream = before < 0 ? labelsOf.push(labels) - 1 : before
    made.set(key, stream)
    return stream
  }
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

function level(severityNumber: number): string {
  return levels[Math.floor((severityNumber - 1) / 4)] ?? 'unknown'
}

/**
 * The unit as a label of few values: without the instance (`getty@.service`), without what names one session, container
 * or run (`session.scope`, `docker.scope`, `run.service`). The whole name is in the metadata, systemd_unit.
 */
export function boundedUnit(unit: string): string {
  return unit
    .replace(/@.*(?=\.[a-z]+$)/, '@')
    .replace(/^([^@-]+)-.*\.scope$/, '$1.scope')
    .replace(/^run-[a-z]?[0-9a-f-]+\.(\w+)$/, 'run.$1')
}

export function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels)
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(cut(value, mostLabelBytes, ''))}`)
  return `{${pairs.join(', ')}}`
}
