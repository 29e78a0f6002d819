/** What FreeIPMI and ipmitool are parsed into. A value that a tool does not print is absent. */

export type SensorState = 'nominal' | 'warning' | 'critical' | 'unknown'

export interface Sensor {
  /** The record id in the BMC's repository, or its number: stable while the BMC's firmware is. */
  readonly id: string
  readonly name: string
  /** `Temperature`, `Fan`, `Cable/Interconnect`. */
  readonly type: string
  readonly state: SensorState
  readonly value?: number | undefined
  /** As the tool prints it: `C`, `RPM`, `%`, `V`, `A`, `W`. */
  readonly units: string
  /** What the sensor says, in the tool's words. */
  readonly event: string
}

export interface SelEntry {
  /** The record's id in the log. */
  readonly id: number
  /** `2023-07-09T13:56:23`, by the BMC's clock; absent before that was set (PostInit, Pre-Init). */
  readonly time?: string | undefined
  readonly name: string
  readonly type: string
  readonly state: SensorState
  readonly event: string
}

const states: Readonly<Record<string, SensorState>> = {
  nominal: 'nominal',
  warning: 'warning',
  critical: 'critical',
  // ipmitool: non-critical, critical, non-recoverable thresholds.
  ok: 'nominal',
  nc: 'warning',
  cr: 'critical',
  nr: 'critical',
}

export function stateOf(word: string): SensorState {
  return states[word.toLowerCase()] ?? 'unknown'
}
