import { type Case, of } from './case.ts'

const build = of('remora_build_info', { version: '0.1.0', nodejs: 'v26' })
const sink = { sink: 'tsdb' }
const lost = { source: 'zram', ...sink, reason: 'spool_full' }
const missed = { source: 'journald', reason: 'vacuumed' }
const collector = { collector: 'raid' }

/** The agent: healthy, and as each alert has it. */
export const remoraCases: readonly Case[] = [
  { alert: 'RemoraAbsent', when: 'samples come', series: { [build]: '1x60' }, at: '50m', fires: [] },
  {
    alert: 'RemoraAbsent',
    when: 'samples have stopped',
    series: { [build]: '1x20 _x60' },
    at: '40m',
    fires: [{ labels: {} }],
  },
  {
    alert: 'RemoraSinkDown',
    when: 'a sink that is up',
    series: { [of('remora_sink_up', sink)]: '1x30' },
    at: '20m',
    fires: [],
  },
  {
    alert: 'RemoraSinkDown',
    when: 'a sink down for 10 minutes',
    series: { [of('remora_sink_up', sink)]: '1x5 0x30' },
    at: '20m',
    fires: [{ labels: sink }],
  },
  {
    alert: 'RemoraSinkLagging',
    when: 'a few seconds behind',
    series: { [of('remora_sink_lag_seconds', sink)]: '4x30' },
    at: '20m',
    fires: [],
  },
  {
    alert: 'RemoraSinkLagging',
    when: 'ten minutes behind',
    series: { [of('remora_sink_lag_seconds', sink)]: '600x30' },
    at: '20m',
    fires: [{ labels: sink, shown: '10m 0s' }],
  },
  {
    alert: 'RemoraAtRiskGrowing',
    when: 'much at risk, and less and less',
    series: { [of('remora_at_risk_age_seconds')]: '900x60', [of('remora_at_risk_bytes')]: '1000000-1000x60' },
    at: '40m',
    fires: [],
  },
  {
    alert: 'RemoraAtRiskGrowing',
    when: 'more and more at risk',
    series: { [of('remora_at_risk_age_seconds')]: '0+60x60', [of('remora_at_risk_bytes')]: '0+1000x60' },
    at: '40m',
    fires: [{ labels: {}, shown: '40m 0s' }],
  },
  {
    alert: 'RemoraRecordsLost',
    when: 'an old loss and none since',
    series: { [of('remora_records_lost_total', lost)]: '5x60' },
    at: '40m',
    fires: [],
  },
  {
    alert: 'RemoraRecordsLost',
    when: 'the first loss for this reason, with no earlier sample of it',
    series: { [of('remora_records_lost_total', lost)]: '_x20 5x20' },
    at: '25m',
    fires: [{ labels: lost, shown: '5' }],
  },
  {
    alert: 'RemoraRecordsMissed',
    when: 'an old gap and none since',
    series: { [of('remora_records_missed_total', missed)]: '7x60' },
    at: '40m',
    fires: [],
  },
  {
    alert: 'RemoraRecordsMissed',
    when: 'the journal was vacuumed before it was read',
    series: { [of('remora_records_missed_total', missed)]: '_x20 7x20' },
    at: '25m',
    fires: [{ labels: missed, shown: '7' }],
  },
  {
    alert: 'RemoraQuarantineNotEmpty',
    when: 'nothing is refused',
    series: { [of('remora_records_quarantined', { source: 'files', ...sink })]: '0x10' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'RemoraQuarantineNotEmpty',
    when: 'three are refused',
    series: { [of('remora_records_quarantined', { source: 'files', ...sink })]: '3x10' },
    at: '5m',
    fires: [{ labels: { source: 'files', ...sink }, shown: '3' }],
  },
  {
    alert: 'RemoraSpoolNearBound',
    when: 'half full',
    series: { [of('remora_spool_used_bytes')]: '50x20', [of('remora_spool_bound_bytes')]: '100x20' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'RemoraSpoolNearBound',
    when: '90 % full',
    series: { [of('remora_spool_used_bytes')]: '90x20', [of('remora_spool_bound_bytes')]: '100x20' },
    at: '10m',
    fires: [{ labels: {}, shown: '90%' }],
  },
  {
    alert: 'RemoraSpoolNotWritable',
    when: 'it takes writes',
    series: { [of('remora_spool_writable')]: '1x20' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'RemoraSpoolNotWritable',
    when: 'the disk refuses',
    series: { [of('remora_spool_writable')]: '1x5 0x20' },
    at: '10m',
    fires: [{ labels: {} }],
  },
  {
    alert: 'RemoraSourcePaused',
    when: 'it is read',
    series: { [of('remora_source_paused', { source: 'files' })]: '0x20' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'RemoraSourcePaused',
    when: 'it waits for room',
    series: { [of('remora_source_paused', { source: 'files' })]: '1x20' },
    at: '10m',
    fires: [{ labels: { source: 'files' } }],
  },
  {
    alert: 'RemoraCollectorFailing',
    when: 'it failed once',
    series: { [of('remora_collector_success', collector)]: '1x5 0x5 1x50' },
    at: '30m',
    fires: [],
  },
  {
    alert: 'RemoraCollectorFailing',
    when: 'it has failed for 15 minutes',
    series: { [of('remora_collector_success', collector)]: '1x5 0x50' },
    at: '30m',
    fires: [{ labels: collector }],
  },
  {
    alert: 'RemoraCollectorStale',
    when: 'read five minutes ago',
    series: { [of('remora_collector_age_seconds', collector)]: '300x30' },
    at: '20m',
    fires: [],
  },
  {
    alert: 'RemoraCollectorStale',
    when: 'read two hours ago',
    series: { [of('remora_collector_age_seconds', collector)]: '7200x30' },
    at: '20m',
    fires: [{ labels: collector, shown: '2h 0m 0s' }],
  },
]
