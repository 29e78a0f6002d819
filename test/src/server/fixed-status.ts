/** A Status of fixed values: what the server shows, with every state and both marks of the ledger in it. */
import { EventTail } from '../../../src/event-tail.ts'
import { History } from '../../../src/history.ts'
import { counter, gauge, type Sample } from '../../../src/model.ts'
import type { LedgerSnapshot, SinkCounts } from '../../../src/spool/spool.ts'
import type { CollectorStatus, PartState, SinkStatus, Status } from '../../../src/status.ts'

const fill = gauge('node_zram_fill_ratio', 'ratio', 'several', 'How full it is.', ['device', 'constraint'])
const ratio = gauge('node_zram_compression_ratio', 'ratio', 'mm_stat', 'Stored per held.', [
  'device',
  'denominator',
])
const info = gauge('node_zram_info', 'info', 'several', 'What it is.', [
  'device',
  'algorithm',
  'kind',
  'mountpoint',
])
const failed = counter('node_zram_failed_writes_total', 'none', 'io_stat', 'Failed writes.', ['device'])
const root = gauge('node_root_info', 'info', 'mountinfo', 'What the root is.', [
  'kind',
  'fstype',
  'ephemeral',
])
const load = gauge('node_load1', 'none', 'loadavg', '1m load average.')

/** The samples of each collector. */
export const fixedSamples: Readonly<Record<string, readonly Sample[]>> = {
  zram: [
    { metric: fill, value: 0.42, labels: { device: 'zram0', constraint: 'disksize' } },
    { metric: fill, value: 0.875, labels: { device: 'zram0', constraint: 'mem_limit' } },
    { metric: fill, value: 0.97, labels: { device: 'zram0', constraint: 'inodes' } },
    { metric: fill, value: 0.0123, labels: { device: 'zram1', constraint: 'disksize' } },
    { metric: ratio, value: 3.456, labels: { device: 'zram0', denominator: 'compr_data' } },
    { metric: ratio, value: 3.21, labels: { device: 'zram0', denominator: 'mem_used' } },
    {
      metric: info,
      value: 1,
      labels: { device: 'zram0', algorithm: 'zstd', kind: 'root', mountpoint: '/' },
    },
    {
      metric: info,
      value: 1,
      labels: { device: 'zram1', algorithm: 'lzo-rle', kind: 'swap', mountpoint: '' },
    },
    { metric: failed, value: 7, labels: { device: 'zram0' } },
  ],
  root: [
    {
      metric: root,
      value: 1,
      labels: { kind: 'zram', filesystem: 'ext4', device: '/dev/zram0', ephemeral: 'true' },
    },
  ],
  host: [{ metric: load, value: 0.25, labels: {} }],
  raid: [],
}

const collectors: readonly CollectorStatus[] = [
  { name: 'zram', state: 'ok', ageSeconds: 0.8, durationSeconds: 0.0021, series: 9 },
  { name: 'root', state: 'failing', why: 'Cannot read "<mountinfo>": & so on', ageSeconds: 75, series: 1 },
  { name: 'host', state: 'waiting', series: 1 },
  { name: 'raid', state: 'absent', why: 'no tool is installed', schedule: '0 */5 * * * *', series: 0 },
]

const now = Date.now()

export const offNodeSink: SinkStatus = {
  name: 'prometheus',
  type: 'prometheus',
  required: true,
  offNode: true,
  state: 'retrying',
  lastError: 'Cannot send to "http://receiver.example/api/v1/write": <503> not now',
  lastAcknowledgedMilliseconds: now - 62_000,
}

const localSink: SinkStatus = {
  name: 'local',
  type: 'file',
  required: true,
  offNode: false,
  state: 'up',
  lastAcknowledgedMilliseconds: now - 3_000,
}

const none: SinkCounts = { routed: 0, acknowledged: 0, held: 0, quarantined: 0, lost: {} }

const ledger: LedgerSnapshot = {
  ledger: '5f0c7a1e9b',
  sources: new Map([
    ['zram', { read: 1204, filtered: { duplicate: 4 }, spooled: 1200, missed: { before_start: 3 } }],
    ['metrics', { read: 90_000, filtered: {}, spooled: 89_999, missed: {} }],
  ]),
  sinks: new Map([
    [
      'local',
      new Map([
        ['zram', { ...none, routed: 1200, acknowledged: 1190, held: 8, lost: { optional: 2 } }],
        ['metrics', { ...none, routed: 89_999, acknowledged: 89_999 }],
      ]),
    ],
    [
      'prometheus',
      new Map([
        [
          'metrics',
          {
            ...none,
            routed: 89_999,
            acknowledged: 85_000,
            held: 4_900,
            quarantined: 90,
            lost: { too_old: 2 },
          },
        ],
      ]),
    ],
  ]),
  oldestHeldMilliseconds: new Map([['prometheus', now - 190_000]]),
  atRisk: { records: 1234, samples: 4990, bytes: 345_678, oldestMilliseconds: now - 3_700_000 },
  usedBytes: 5 << 20,
  batches: 17,
  boundBytes: 64 << 20,
  onDisk: true,
  writable: true,
  pausedSources: [],
}

/** What a test changes. */
export interface Changes {
  readonly sinks?: readonly SinkStatus[]
  readonly notReady?: readonly string[]
  readonly samples?: readonly Sample[]
  /** Instead of `samples`, anew each time. */
  readonly read?: () => Promise<readonly Sample[]>
  /** Called at each refresh with the names asked for. */
  readonly refresh?: (names: readonly string[] | undefined) => Promise<void>
  readonly node?: string
  readonly unwell?: readonly PartState[]
  readonly history?: History
  readonly events?: EventTail
}

export function fixedStatus(changes: Changes = {}): Status {
  return {
    node: changes.node ?? 'oss-12.cluster',
    bootId: '7d3ec2c4-0f5a-4b0c-9f39-0a6c0f3b8e21',
    version: '0.1.0',
    startedMilliseconds: now - 93_000_000,
    refresh: async (names) => await changes.refresh?.(names),
    samples: async (names) =>
      (await changes.read?.()) ??
      changes.samples ??
      Object.entries(fixedSamples).flatMap(([name, all]) => (names?.includes(name) === false ? [] : all)),
    collectors: () => collectors,
    sinks: () => changes.sinks ?? [localSink, offNodeSink],
    ledger: async () => ledger,
    notReady: () => changes.notReady ?? [],
    unwell: () => changes.unwell ?? [],
    history: changes.history ?? new History(),
    events: changes.events ?? new EventTail(() => performance.now()),
  }
}
