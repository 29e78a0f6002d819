/** Counts of memory errors as states: every rise is one event, which says where. */
import type { StateReading } from '../../src/model.ts'

const info = 9
const warn = 13
const error = 17

export interface ErrorCount {
  /** Stable across boots: `mc0:dimm3`. */
  readonly place: string
  /** For a person: `CPU0_DIMM_A1 (mc0 dimm3)`. */
  readonly name: string
  readonly kind: 'corrected' | 'uncorrected'
  readonly count: number
  readonly attributes: Readonly<Record<string, string>>
}

export function memoryState({ place, name, kind, count, attributes }: ErrorCount): StateReading {
  return {
    part: `edac:${place}:${kind}`,
    state: String(count),
    healthy: count === 0,
    event: 'edac.memory_errors',
    severity: count === 0 ? info : kind === 'corrected' ? warn : error,
    body: `Memory ${name} has ${count} ${kind} errors`,
    attributes: { ...attributes, kind },
  }
}

/** Exceptions and deferred errors were not corrected; threshold interrupts come with what EDAC counts. */
export function machineCheckState(kind: string, count: number): StateReading {
  return {
    part: `edac:machine_checks:${kind}`,
    state: String(count),
    healthy: count === 0,
    event: 'edac.machine_checks',
    severity: count === 0 ? info : error,
    body: `The CPUs had ${count} machine checks of kind ${kind}`,
    attributes: { kind },
  }
}

export function memoryFailureState(node: string, pages: number): StateReading {
  return {
    part: `edac:memory_failure:${node}`,
    state: String(pages),
    healthy: pages === 0,
    event: 'edac.memory_failure',
    severity: pages === 0 ? info : error,
    body: `The kernel met ${pages} pages with an uncorrected error on ${node}`,
    attributes: { node },
  }
}
