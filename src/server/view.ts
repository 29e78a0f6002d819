/** The status at one moment as plain data, out of the last readings and the ledger. */
import type { Sample } from '../model.ts'
import { type Amount, type StatusView, sum, type ZramView } from '../page/view.ts'
import { metricsSource, type SinkCounts } from '../spool/spool.ts'
import type { Status } from '../status.ts'
import { hardwareView } from './hardware.ts'
import { areasOf, problemsOf } from './problems.ts'

export async function statusView(status: Status, now: number = Date.now()): Promise<StatusView> {
  const [samples, ledger] = await Promise.all([status.samples(), status.ledger()])
  const { atRisk, usedBytes, boundBytes, onDisk, writable, pausedSources } = ledger
  const root = samples.find(({ metric }) => metric.name === 'node_root_info')?.labels
  const sinks = status.sinks()
  const plain: Omit<StatusView, 'areas' | 'problems'> = {
    node: status.node,
    bootId: status.bootId,
    version: status.version,
    nowMilliseconds: now,
    startedMilliseconds: status.startedMilliseconds,
    notReady: status.notReady(),
    root: root ?? null,
    zram: zramView(samples),
    hardware: hardwareView(samples),
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
  const facts = { ...plain, unwell: status.unwell() }
  const problems = problemsOf(facts)
  return { ...plain, problems, areas: areasOf(facts, problems) }
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
    const value = (name: string) => named(name)[0]?.value
    const memUsedBytes = value('node_zram_mem_used_bytes')
    const origDataBytes = value('node_zram_orig_data_bytes')
    const diskSizeBytes = value('node_zram_disksize_bytes')
    const { algorithm, kind, mountpoint } = named('node_zram_info')[0]?.labels ?? {}
    return {
      device,
      ...(algorithm && { algorithm }),
      ...(kind && { kind }),
      ...(mountpoint && { mountpoint }),
      ...(memUsedBytes !== undefined && { memUsedBytes }),
      ...(origDataBytes !== undefined && { origDataBytes }),
      ...(diskSizeBytes !== undefined && { diskSizeBytes }),
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
