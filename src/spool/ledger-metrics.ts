/** The ledger as metrics: one snapshot of it becomes samples, so that the equations hold within every scrape. */
import { counter, gauge, type Labels, type Metric, type Sample } from '../model.ts'
import { type LedgerSnapshot, metricsSource } from './spool.ts'

const ofSource = ['source']
const ofSourceReason = ['source', 'reason']
const ofSink = ['source', 'sink']
const ofSinkReason = ['source', 'sink', 'reason']

/** The same terms twice: for records (log events) and for samples. */
const records = {
  read: counter(
    'remora_records_read_total',
    'none',
    'ledger',
    'Records read from the source: filtered + spooled.',
    ofSource,
  ),
  filtered: counter(
    'remora_records_filtered_total',
    'none',
    'ledger',
    'Records read and left out.',
    ofSourceReason,
  ),
  spooled: counter(
    'remora_records_spooled_total',
    'none',
    'ledger',
    'Records committed to the spool.',
    ofSource,
  ),
  missed: counter(
    'remora_records_missed_total',
    'none',
    'ledger',
    'Records gone before they could be read.',
    ofSourceReason,
  ),
  routed: counter(
    'remora_records_routed_total',
    'none',
    'ledger',
    'Records for this sink: acknowledged + held + quarantined + lost.',
    ofSink,
  ),
  acknowledged: counter(
    'remora_records_acknowledged_total',
    'none',
    'ledger',
    'Records the receiver has acknowledged.',
    ofSink,
  ),
  held: gauge(
    'remora_records_held',
    'none',
    'ledger',
    'Records in the spool that this sink still awaits.',
    ofSink,
  ),
  quarantined: gauge(
    'remora_records_quarantined',
    'none',
    'ledger',
    'Refused records kept for replay.',
    ofSink,
  ),
  lost: counter(
    'remora_records_lost_total',
    'none',
    'ledger',
    'Records this sink will never have.',
    ofSinkReason,
  ),
}
const samples: typeof records = {
  read: counter(
    'remora_samples_read_total',
    'none',
    'ledger',
    'Samples collected for pushing: filtered + spooled.',
    ofSource,
  ),
  filtered: counter(
    'remora_samples_filtered_total',
    'none',
    'ledger',
    'Samples collected and left out.',
    ofSourceReason,
  ),
  spooled: counter(
    'remora_samples_spooled_total',
    'none',
    'ledger',
    'Samples committed to the spool.',
    ofSource,
  ),
  missed: counter(
    'remora_samples_missed_total',
    'none',
    'ledger',
    'Samples that could not be spooled.',
    ofSourceReason,
  ),
  routed: counter(
    'remora_samples_routed_total',
    'none',
    'ledger',
    'Samples for this sink: acknowledged + held + quarantined + lost.',
    ofSink,
  ),
  acknowledged: counter(
    'remora_samples_acknowledged_total',
    'none',
    'ledger',
    'Samples the receiver has acknowledged.',
    ofSink,
  ),
  held: gauge(
    'remora_samples_held',
    'none',
    'ledger',
    'Samples in the spool that this sink still awaits.',
    ofSink,
  ),
  quarantined: gauge(
    'remora_samples_quarantined',
    'none',
    'ledger',
    'Refused samples kept for replay.',
    ofSink,
  ),
  lost: counter(
    'remora_samples_lost_total',
    'none',
    'ledger',
    'Samples this sink will never have.',
    ofSinkReason,
  ),
}

const info = gauge(
  'remora_ledger_info',
  'info',
  'ledger',
  'The random id of the ledger; a new spool begins a new one.',
  ['ledger'],
)
const riskRecords = gauge(
  'remora_at_risk_records',
  'none',
  'ledger',
  'Records that no off-node sink has acknowledged.',
)
const riskSamples = gauge(
  'remora_at_risk_samples',
  'none',
  'ledger',
  'Samples that no off-node sink has acknowledged.',
)
const riskBytes = gauge('remora_at_risk_bytes', 'bytes', 'ledger', 'Records and samples at risk, as spooled.')
const riskAge = gauge(
  'remora_at_risk_age_seconds',
  'seconds',
  'ledger',
  'Age of the oldest record or sample at risk; 0 without any.',
)
const lag = gauge(
  'remora_sink_lag_seconds',
  'seconds',
  'ledger',
  'Age of the oldest batch this sink awaits; 0 without any.',
  ['sink'],
)
const used = gauge('remora_spool_used_bytes', 'bytes', 'spool', 'File, write-ahead log and free pages.')
const bound = gauge('remora_spool_bound_bytes', 'bytes', 'spool', 'The bound in force.')
const onDisk = gauge(
  'remora_spool_on_disk',
  'none',
  'spool',
  '0: the spool is only in memory, a crash of the agent loses it.',
)
const writable = gauge(
  'remora_spool_writable',
  'none',
  'spool',
  '0: the disk refused the last transaction, sources wait.',
)
const batches = gauge('remora_spool_batches', 'none', 'spool', 'Batches in the log.')
const paused = gauge(
  'remora_source_paused',
  'none',
  'spool',
  '1 while the spool has no room for this source.',
  ofSource,
)

export const ledgerMetrics: readonly Metric[] = [
  info,
  ...Object.values(records),
  ...Object.values(samples),
  riskRecords,
  riskSamples,
  riskBytes,
  riskAge,
  lag,
  used,
  bound,
  onDisk,
  writable,
  batches,
  paused,
]

/** @param now milliseconds since the epoch */
export function ledgerSamples(snapshot: LedgerSnapshot, now: number): Sample[] {
  const found: Sample[] = []
  const add = (metric: Metric, value: number, labels: Labels = {}) => found.push({ metric, value, labels })
  const age = (milliseconds: number | undefined) =>
    milliseconds === undefined ? 0 : Math.max(0, (now - milliseconds) / 1000)
  add(info, 1, { ledger: snapshot.ledger })
  for (const [source, counts] of snapshot.sources) {
    const terms = source === metricsSource ? samples : records
    add(terms.read, counts.read, { source })
    add(terms.spooled, counts.spooled, { source })
    for (const [reason, count] of Object.entries(counts.filtered))
      add(terms.filtered, count, { source, reason })
    for (const [reason, count] of Object.entries(counts.missed)) add(terms.missed, count, { source, reason })
    add(paused, snapshot.pausedSources.includes(source) ? 1 : 0, { source })
  }
  for (const [sink, sources] of snapshot.sinks) {
    for (const [source, counts] of sources) {
      const terms = source === metricsSource ? samples : records
      const labels = { source, sink }
      add(terms.routed, counts.routed, labels)
      add(terms.acknowledged, counts.acknowledged, labels)
      add(terms.held, counts.held, labels)
      add(terms.quarantined, counts.quarantined, labels)
      for (const [reason, count] of Object.entries(counts.lost)) add(terms.lost, count, { ...labels, reason })
    }
    add(lag, age(snapshot.oldestHeldMilliseconds.get(sink)), { sink })
  }
  add(riskRecords, snapshot.atRisk.records)
  add(riskSamples, snapshot.atRisk.samples)
  add(riskBytes, snapshot.atRisk.bytes)
  add(riskAge, age(snapshot.atRisk.oldestMilliseconds))
  add(used, snapshot.usedBytes)
  add(bound, snapshot.boundBytes)
  add(onDisk, Number(snapshot.onDisk))
  add(writable, Number(snapshot.writable))
  add(batches, snapshot.batches)
  return found
}
