/** What the server shows and the commands print: the agent's state at one moment. main.ts makes it, server/ draws it. */
import type { EventTail } from './event-tail.ts'
import type { History } from './history.ts'
import type { Sample, StateReading } from './model.ts'
import type { LedgerSnapshot } from './spool/spool.ts'

export interface CollectorStatus {
  readonly name: string
  /** `absent`: its hardware or tool is not here. `waiting`: it has not finished its first run. */
  readonly state: 'ok' | 'failing' | 'absent' | 'disabled' | 'waiting'
  /** Why it is absent or failing, in words. */
  readonly why?: string
  /** Seconds since its last successful reading. */
  readonly ageSeconds?: number
  readonly durationSeconds?: number
  readonly schedule?: string
  readonly series: number
}

export interface SinkStatus {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly offNode: boolean
  /** `retrying`: transient failures. `down`: refuses everything until mended. `stopped`: its quarantine is full. */
  readonly state: 'up' | 'retrying' | 'down' | 'stopped'
  readonly lastError?: string
  /** Milliseconds since the epoch. */
  readonly lastAcknowledgedMilliseconds?: number
  readonly nextTryMilliseconds?: number
}

/** The state of a part as its collector read it. */
export interface PartState extends StateReading {
  readonly collector: string
}

export interface Status {
  readonly node: string
  readonly bootId: string
  readonly version: string
  readonly startedMilliseconds: number
  /** Reads the cheap collectors now (all, or those named), each once however many ask; never waits for a tool. */
  refresh(collectors?: readonly string[]): Promise<void>
  /** The last reading of every collector (or of those named, then without the agent's own), none older than 2.5 × its schedule. */
  samples(collectors?: readonly string[]): Promise<readonly Sample[]>
  collectors(): readonly CollectorStatus[]
  /** The parts that are not well now, and those that went within the last hour. */
  unwell(): readonly PartState[]
  sinks(): readonly SinkStatus[]
  ledger(): Promise<LedgerSnapshot>
  /** Empty when ready; else what is still missing, in words. */
  notReady(): readonly string[]
  readonly history: History
  readonly events: EventTail
}
