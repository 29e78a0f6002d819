/**
 * The dashboard Ephemeral root: how full the RAM image is, how long it lasts, and whether what is written to it gets
 * off the node. One or many nodes, by the variables job, instance and device.
 */
import { type Dashboard, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board, choice, node } from './board.ts'
import { graph, stat } from './panels.ts'

const device = `${node}, device=~"$device"`

/** How long until the fill reaches 1 at the pace of the last hour; no value while it does not grow. */
const timeToFull = `(1 - node_zram_fill_ratio{${device}}) / (deriv(node_zram_fill_ratio{${device}}[1h]) > 1e-7)`

export function ephemeralRoot(): Dashboard {
  return board({
    uid: 'remora-ephemeral-root',
    title: 'Ephemeral root',
    description:
      'Nodes whose root file system is only RAM: fill, compression, memory, inodes, and what leaves the node.',
    tags: ['zram'],
    marks: '| event_name=~"zram.*|filesystem.*|ext4.*"',
  })
    .withVariable(choice('device', 'zram device', `label_values(node_zram_disksize_bytes{${node}}, device)`))
    .withRow(new RowBuilder('Now'))
    .withPanel(
      stat({
        title: 'Fullest',
        description:
          'The highest fill of any constraint: disksize, mem_limit, memory, file system or inodes. At 100 % of mem_limit writes fail and the root goes read-only while df still shows room.',
        unit: 'percentunit',
        decimals: 1,
        min: 0,
        max: 1,
        levels: { orange: 0.85, red: 0.95 },
        queries: [
          ['{{instance}} {{device}}', `max by (cluster, instance, device) (node_zram_fill_ratio{${device}})`],
        ],
        span: 5,
      }),
    )
    .withPanel(
      stat({
        title: 'Time to full',
        description:
          'Until the first constraint reaches 100 % at the pace of the last hour. Empty while nothing grows.',
        unit: 's',
        decimals: 1,
        levels: { orange: 86_400, red: 14_400, falling: true },
        queries: [['{{instance}} {{device}}', `min by (cluster, instance, device) (${timeToFull})`]],
        span: 5,
      }),
    )
    .withPanel(
      stat({
        title: 'Compression ratio',
        description:
          'Data stored over memory held, overhead included. A falling ratio means that what is written compresses badly, and the device takes more RAM for the same data.',
        unit: 'none',
        decimals: 2,
        levels: { orange: 2, red: 1.2, falling: true },
        queries: [
          ['{{instance}} {{device}}', `node_zram_compression_ratio{${device}, denominator="mem_used"}`],
        ],
        span: 5,
      }),
    )
    .withPanel(
      stat({
        title: 'Failed writes',
        description: 'In the last hour. Any is data lost: the device had no memory or met its mem_limit.',
        unit: 'short',
        decimals: 0,
        levels: { orange: 1, red: 1 },
        queries: [['{{instance}} {{device}}', `increase(node_zram_failed_writes_total{${device}}[1h])`]],
        span: 4,
      }),
    )
    .withPanel(
      stat({
        title: 'At risk',
        description:
          'Age of the oldest record that no other machine has acknowledged: what a reset of the node would lose now.',
        unit: 's',
        levels: { orange: 60, red: 900 },
        queries: [['{{instance}}', `max by (cluster, instance) (remora_at_risk_age_seconds{${node}})`]],
        span: 5,
      }),
    )
    .withRow(new RowBuilder('zram'))
    .withPanel(
      graph({
        title: 'Fill by constraint',
        description:
          'Each bound of the device by itself; the highest counts. memory is what the device holds over that and MemAvailable.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        levels: { orange: 0.85, red: 0.95 },
        queries: [['{{instance}} {{device}} {{constraint}}', `node_zram_fill_ratio{${device}}`]],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Time to full',
        description: 'By constraint, at the pace of the last hour. Gaps: it does not grow.',
        unit: 's',
        min: 0,
        levels: { orange: 86_400, red: 14_400, falling: true },
        queries: [['{{instance}} {{device}} {{constraint}}', timeToFull]],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Compression ratio',
        description: 'Data stored over its compressed size, and over the memory held with overhead.',
        unit: 'none',
        min: 0,
        decimals: 2,
        queries: [['{{instance}} {{device}} {{denominator}}', `node_zram_compression_ratio{${device}}`]],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Data and memory',
        description: 'What is stored, what it takes, and the two bounds that are set in bytes.',
        unit: 'bytes',
        min: 0,
        queries: [
          ['{{instance}} {{device}} stored', `node_zram_orig_data_bytes{${device}}`],
          ['{{instance}} {{device}} compressed', `node_zram_compr_data_bytes{${device}}`],
          ['{{instance}} {{device}} memory held', `node_zram_mem_used_bytes{${device}}`],
          ['{{instance}} {{device}} mem_limit', `node_zram_mem_limit_bytes{${device}}`],
          ['{{instance}} {{device}} disksize', `node_zram_disksize_bytes{${device}}`],
        ],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Reclaimable by trim',
        description:
          'Memory-backed data that no file system uses: deleted files hold it until they are discarded. fstrim gives it back.',
        unit: 'bytes',
        min: 0,
        queries: [['{{instance}} {{device}}', `node_zram_trim_reclaimable_bytes{${device}}`]],
        span: 8,
      }),
    )
    .withPanel(
      graph({
        title: 'Failed writes',
        description: 'Per second. Any is data lost.',
        unit: 'ops',
        min: 0,
        queries: [
          ['{{instance}} {{device}}', `rate(node_zram_failed_writes_total{${device}}[$__rate_interval])`],
        ],
        span: 8,
      }),
    )
    .withPanel(
      graph({
        title: 'Memory a full device would need',
        description:
          'What the rest of the device would take at the present compression, over MemAvailable. Above 100 % RAM ends before the device does.',
        unit: 'percentunit',
        min: 0,
        levels: { orange: 0.7, red: 1 },
        queries: [['{{instance}} {{device}}', `node_zram_growth_ratio{${device}}`]],
        span: 8,
      }),
    )
    .withRow(new RowBuilder('Root file system'))
    .withPanel(
      graph({
        title: 'Space used',
        description: 'Of /, as df says. On zram it can show room when the device has none.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        levels: { orange: 0.85, red: 0.95 },
        queries: [
          [
            '{{instance}} {{fstype}}',
            `1 - node_filesystem_avail_bytes{${node}, mountpoint="/"} / node_filesystem_size_bytes{${node}, mountpoint="/"}`,
          ],
        ],
        span: 8,
      }),
    )
    .withPanel(
      graph({
        title: 'Inodes used',
        description: 'Of /. File systems without a fixed number of inodes have none.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        levels: { orange: 0.85, red: 0.95 },
        queries: [
          [
            '{{instance}} {{fstype}}',
            `1 - node_filesystem_files_free{${node}, mountpoint="/"} / (node_filesystem_files{${node}, mountpoint="/"} > 0)`,
          ],
        ],
        span: 8,
      }),
    )
    .withPanel(
      graph({
        title: 'Read-only',
        description: 'Whether / takes no writes: mounted so, or after an error (emergency_ro).',
        unit: 'bool_yes_no',
        min: 0,
        max: 1,
        queries: [['{{instance}}', `node_filesystem_readonly{${node}, mountpoint="/"}`]],
        span: 8,
      }),
    )
    .withRow(new RowBuilder('Memory'))
    .withPanel(
      graph({
        title: 'Memory available',
        description: 'What programs and the RAM root together can still take.',
        unit: 'bytes',
        min: 0,
        queries: [
          ['{{instance}} available', `node_memory_MemAvailable_bytes{${node}}`],
          ['{{instance}} total', `node_memory_MemTotal_bytes{${node}}`],
        ],
        span: 8,
      }),
    )
    .withPanel(
      graph({
        title: 'Memory pressure',
        description: 'Share of time in which some task waited for memory.',
        unit: 'percentunit',
        min: 0,
        queries: [
          ['{{instance}}', `rate(node_pressure_memory_waiting_seconds_total{${node}}[$__rate_interval])`],
        ],
        span: 8,
      }),
    )
    .withPanel(
      graph({
        title: 'Memory errors',
        description: 'Within an hour, by memory controller. On a RAM root they may be in any file.',
        unit: 'short',
        min: 0,
        queries: [
          [
            '{{instance}} {{controller}} corrected',
            `increase(node_edac_correctable_errors_total{${node}}[1h])`,
          ],
          [
            '{{instance}} {{controller}} not corrected',
            `increase(node_edac_uncorrectable_errors_total{${node}}[1h])`,
          ],
        ],
        span: 8,
      }),
    )
    .withRow(new RowBuilder('Off the node'))
    .withPanel(
      graph({
        title: 'Sink lag',
        description: 'Age of the oldest batch each sink still awaits.',
        unit: 's',
        min: 0,
        levels: { orange: 60, red: 900 },
        queries: [['{{instance}} {{sink}}', `remora_sink_lag_seconds{${node}}`]],
        span: 8,
      }),
    )
    .withPanel(
      graph({
        title: 'At risk',
        description: 'Records and samples that no other machine has acknowledged.',
        unit: 'short',
        min: 0,
        queries: [
          ['{{instance}} records', `remora_at_risk_records{${node}}`],
          ['{{instance}} samples', `remora_at_risk_samples{${node}}`],
        ],
        span: 8,
      }),
    )
    .withPanel(
      graph({
        title: 'Held and lost records',
        description: 'What each sink awaits, and what it will never have, by reason.',
        unit: 'short',
        min: 0,
        queries: [
          ['{{instance}} {{sink}} {{source}} held', `remora_records_held{${node}}`],
          ['{{instance}} {{sink}} {{source}} lost, {{reason}}', `remora_records_lost_total{${node}}`],
        ],
        span: 8,
      }),
    )
    .withPanel(
      graph({
        title: 'Sinks up',
        description: '1 while the sink takes what it is sent.',
        unit: 'none',
        min: 0,
        max: 1,
        queries: [['{{instance}} {{sink}}', `remora_sink_up{${node}}`]],
        span: 8,
      }),
    )
    .withPanel(
      graph({
        title: 'Collectors failing',
        description: '1 where the last run of a collector ended in an error.',
        unit: 'none',
        min: 0,
        queries: [['{{instance}} {{collector}}', `1 - remora_collector_success{${node}}`]],
        span: 8,
      }),
    )
    .withPanel(
      graph({
        title: 'Age of readings',
        description: 'Time since the reading shown was begun.',
        unit: 's',
        min: 0,
        queries: [['{{instance}} {{collector}}', `remora_collector_age_seconds{${node}}`]],
        span: 8,
      }),
    )
    .build()
}
