/** What the page shows and /api/v1/status says: the status at one moment as plain data. */
import type { Sample } from '../model.ts'
import { metricsSource, type SinkCounts } from '../spool/spool.ts'
import type { CollectorStatus, SinkStatus, Status } from '../status.ts'

/** One zram device, from its last reading. Ratios are 0 to 1 for fill, stored per held for compression. */
export interface ZramView {
  readonly device: string
  readonly algorithm?: string
  /** root, swap, mount or unused. */
  readonly kind?: string
  readonly mountpoint?: string
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
  readonly root?: Readonly<Record<string, string>>
  readonly zram: readonly ZramView[]
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

export async function statusView(status: Status, now: number = Date.now()): Promise<StatusView> {
  const [samples, ledger] = await Promise.all([status.samples(), status.ledger()])
  const { atRisk, usedBytes, boundBytes, onDisk, writable, pausedSources } = ledger
  const root = samples.find(({ metric }) => metric.name === 'node_root_info')?.labels
  const sinks = status.sinks()
  return {
    node: status.node,
    bootId: status.bootId,
    version: status.version,
    nowMilliseconds: now,
    startedMilliseconds: status.startedMilliseconds,
    notReady: status.notReady(),
    ...(root && { root }),
    zram: zramView(samples),
    collectors: status.collectors(),
    sinks: sinks.map((sink) => {
      const rows = ledger.sinks.get(sink.name)
      const oldest = ledger.oldestHeldMilliseconds.get(sink.name)
      return {
        ...sink,
        held: amount(rows, (counts) => counts.held),
        quarantined: amount(rows, (counts) => counts.quarantined),
        lost: amount(rows, (counts) => sum(counts.lost)),
        ...(oldest !== undefined && { oldestHeldSeconds: Math.max(0, now - oldest) / 1000 }),
      }
    }),
    atRisk: {
      records: atRisk.records,
      samples: atRisk.samples,
      bytes: atRisk.bytes,
      ...(atRisk.oldestMilliseconds !== undefined && {
        oldestSeconds: Math.max(0, now - atRisk.oldestMilliseconds) / 1000,
      }),
    },
    ledger: {
      id: ledger.ledger,
      sources: [...ledger.sources].map(([source, { read, spooled, filtered, missed }]) => ({
        source,
        read,
        filtered: sum(filtered),
        spooled,
        missed,
        difference: read - sum(filtered) - spooled,
      })),
      sinks: [...ledger.sinks].flatMap(([sink, rows]) =>
        [...rows].map(([source, counts]) => ({
          sink,
          source,
          ...counts,
          difference:
            counts.routed - counts.acknowledged - counts.held - counts.quarantined - sum(counts.lost),
          removed: !sinks.some(({ name }) => name === sink),
        })),
      ),
    },
    spool: { usedBytes, boundBytes, onDisk, writable, pausedSources },
  }
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

function amount(
  rows: ReadonlyMap<string, SinkCounts> | undefined,
  of: (counts: SinkCounts) => number,
): Amount {
  let records = 0
  let samples = 0
  for (const [source, counts] of rows ?? []) {
    if (source === metricsSource) samples += of(counts)
    else records += of(counts)
  }
  return { records, samples }
}

function zramView(samples: readonly Sample[]): ZramView[] {
  const devices = new Map<string, Sample[]>()
  for (const sample of samples) {
    const { device } = sample.labels
    if (device === undefined || !sample.metric.name.startsWith('node_zram_')) continue
    const already = devices.get(device)
    if (already === undefined) devices.set(device, [sample])
    else already.push(sample)
  }
  return [...devices].map(([device, readings]) => {
    const named = (name: string) => readings.filter(({ metric }) => metric.name === name)
    const { algorithm, kind, mountpoint } = named('node_zram_info')[0]?.labels ?? {}
    return {
      device,
      ...(algorithm && { algorithm }),
      ...(kind && { kind }),
      ...(mountpoint && { mountpoint }),
      fill: named('node_zram_fill_ratio').map(({ labels, value }) => ({
        constraint: labels.constraint ?? '',
        ratio: value,
      })),
      compression: named('node_zram_compression_ratio').map(({ labels, value }) => ({
        denominator: labels.denominator ?? '',
        ratio: value,
      })),
    }
  })
}
