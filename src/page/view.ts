/**
 * What the page shows and /api/v1/status says: the status at one moment as plain data. docs/api.md describes it.
 * Everything in this folder runs in the agent, which draws the page once, and in the browser, which keeps it alive.
 */
import type { CollectorStatus, SinkStatus } from '../status.ts'
import type { Mark } from './table.ts'

/** One zram device, from its last reading. Ratios are 0 to 1 for fill, stored per held for compression. */
export interface ZramView {
  readonly device: string
  readonly algorithm?: string
  /** root, swap, mount or unused. */
  readonly kind?: string
  readonly mountpoint?: string
  readonly memUsedBytes?: number
  readonly origDataBytes?: number
  readonly diskSizeBytes?: number
  readonly fill: readonly { readonly constraint: string; readonly ratio: number }[]
  readonly compression: readonly { readonly denominator: string; readonly ratio: number }[]
}

/** A sink with its part of the ledger: `records` of every source but `metrics`, whose counts are `samples`. */
export interface SinkView extends SinkStatus {
  readonly held: Amount
  readonly quarantined: Amount
  readonly lost: Amount
  /** Since the oldest batch it still awaits was spooled; absent: it awaits none. */
  readonly oldestHeldSeconds?: number
}

export interface Amount {
  readonly records: number
  readonly samples: number
}

/** read = filtered + spooled; `difference` is the left side less the right, 0 when it adds up. */
export interface SourceRow {
  readonly source: string
  readonly read: number
  readonly filtered: number
  readonly spooled: number
  /** Gone before they could be read, by reason: outside the equation. */
  readonly missed: Readonly<Record<string, number>>
  readonly difference: number
}

/** routed = acknowledged + held + quarantined + lost; `difference` as in SourceRow. */
export interface SinkRow {
  readonly sink: string
  readonly source: string
  readonly routed: number
  readonly acknowledged: number
  readonly held: number
  readonly quarantined: number
  readonly lost: Readonly<Record<string, number>>
  readonly difference: number
  /** The configuration no longer names this sink. */
  readonly removed: boolean
}

/** One thing that is wrong, in words. */
export interface Problem {
  readonly area: AreaName
  readonly level: 'bad' | 'warn'
  readonly words: string
  /** Of whom the words are: a collector, or the agent itself. */
  readonly source?: string
}

export type AreaName =
  | 'Root'
  | 'Arrays'
  | 'Drives'
  | 'Controllers'
  | 'Ports'
  | 'Other hardware'
  | 'Data at risk'
  | 'Sinks'
  | 'Spool'
  | 'Collectors'

/** What an operator asks first, each answered in a few words. */
export interface Area {
  readonly name: AreaName
  readonly mark: Mark
  readonly words: string
}

/** A piece of hardware and what hangs on it. */
export interface Part {
  /** controller, array, drive, battery, HCA, port. */
  readonly kind: string
  readonly name: string
  readonly detail: string
  /** One word; empty where the part has no state of its own. */
  readonly state: string
  readonly mark: Mark
  readonly parts: readonly Part[]
}

/** The body of /api/v1/status. Times are milliseconds since the epoch, ages seconds, sizes bytes. */
export interface StatusView {
  readonly node: string
  readonly bootId: string
  readonly version: string
  readonly nowMilliseconds: number
  readonly startedMilliseconds: number
  /** What readiness still waits for, in words; empty when ready. */
  readonly notReady: readonly string[]
  /** The labels of node_root_info: what the root is. */
  readonly root: Readonly<Record<string, string>> | null
  readonly areas: readonly Area[]
  /** The worst first. */
  readonly problems: readonly Problem[]
  readonly zram: readonly ZramView[]
  readonly hardware: readonly Part[]
  readonly collectors: readonly CollectorStatus[]
  readonly sinks: readonly SinkView[]
  /** Held or quarantined, and acknowledged by no off-node sink. */
  readonly atRisk: Amount & { readonly bytes: number; readonly oldestSeconds?: number }
  readonly ledger: {
    readonly id: string
    readonly sources: readonly SourceRow[]
    readonly sinks: readonly SinkRow[]
  }
  readonly spool: {
    readonly usedBytes: number
    readonly boundBytes: number
    readonly onDisk: boolean
    readonly writable: boolean
    readonly pausedSources: readonly string[]
  }
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
