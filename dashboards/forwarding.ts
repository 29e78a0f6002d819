/** The dashboard Forwarding and loss ledger: what was read, where it is, and what became of every record. */
import { type Dashboard, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board, choice, node } from './board.ts'
import { graph, stat, table, timeline } from './panels.ts'

const ofSource = `${node}, source=~"$source"`
const ofSink = `${node}, sink=~"$sink"`
const both = `${ofSource}, sink=~"$sink"`
const rate = (metric: string, labels: string) => `rate(${metric}{${labels}}[$__rate_interval])`

export function forwarding(): Dashboard {
  return board({
    uid: 'remora-forwarding',
    title: 'Forwarding and loss ledger',
    description:
      'What was read, where it is now, and what became of every record: acknowledged, held, quarantined or lost.',
    tags: ['ledger'],
    marks: '| event_name=~"remora.*"',
  })
    .withVariable(choice('source', 'Source', `label_values(remora_records_read_total{${node}}, source)`))
    .withVariable(choice('sink', 'Sink', `label_values(remora_sink_up{${node}}, sink)`))
    .withRow(new RowBuilder('Now'))
    .withPanel(
      stat({
        title: 'At risk',
        description: 'Age of the oldest record that no other machine has.',
        unit: 's',
        levels: { orange: 60, red: 600 },
        queries: [['{{instance}}', `max by (cluster, instance) (remora_at_risk_age_seconds{${node}})`]],
        span: 6,
      }),
    )
    .withPanel(
      stat({
        title: 'Lost',
        description: 'Records that a sink will never have, since the ledger began.',
        unit: 'short',
        levels: { orange: 1, red: 1000 },
        queries: [
          [
            '{{instance}}',
            `sum by (cluster, instance) (remora_records_lost_total{${both}}) or 0 * max by (cluster, instance) (remora_build_info{${node}})`,
          ],
        ],
        span: 6,
      }),
    )
    .withPanel(
      stat({
        title: 'Missed',
        description: 'Records that were gone before they could be read, since the ledger began.',
        unit: 'short',
        levels: { orange: 1, red: 1000 },
        queries: [
          [
            '{{instance}}',
            `sum by (cluster, instance) (remora_records_missed_total{${ofSource}}) or 0 * max by (cluster, instance) (remora_build_info{${node}})`,
          ],
        ],
        span: 6,
      }),
    )
    .withPanel(
      stat({
        title: 'The equation',
        description:
          'Routed − acknowledged − held − quarantined − lost, over sources and sinks. It is 0 at every moment.',
        unit: 'short',
        levels: { orange: 1, red: 1 },
        queries: [
          [
            '{{instance}}',
            `sum by (cluster, instance) (remora_records_routed_total{${node}}) - sum by (cluster, instance) (remora_records_acknowledged_total{${node}}) - sum by (cluster, instance) (remora_records_held{${node}}) - sum by (cluster, instance) (remora_records_quarantined{${node}}) - (sum by (cluster, instance) (remora_records_lost_total{${node}}) or 0 * sum by (cluster, instance) (remora_records_routed_total{${node}}))`,
          ],
        ],
        span: 6,
      }),
    )
    .withRow(new RowBuilder('Flow'))
    .withPanel(
      graph({
        title: 'Read',
        description: 'Records per second, by source.',
        unit: 'ops',
        min: 0,
        queries: [['{{instance}} {{source}}', rate('remora_records_read_total', ofSource)]],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Acknowledged',
        description: 'Records per second, by sink.',
        unit: 'ops',
        min: 0,
        queries: [
          [
            '{{instance}} {{sink}}',
            `sum by (cluster, instance, sink) (${rate('remora_records_acknowledged_total', both)})`,
          ],
        ],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Lag',
        description: 'Age of the oldest batch that each sink awaits.',
        unit: 's',
        min: 0,
        levels: { orange: 60, red: 300 },
        queries: [['{{instance}} {{sink}}', `remora_sink_lag_seconds{${ofSink}}`]],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Held',
        description: 'Records in the spool that each sink still awaits.',
        unit: 'short',
        min: 0,
        queries: [
          ['{{instance}} {{sink}}', `sum by (cluster, instance, sink) (remora_records_held{${both}})`],
        ],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Requests',
        description: 'Per second, by what came of them.',
        unit: 'ops',
        min: 0,
        queries: [['{{instance}} {{sink}} {{result}}', rate('remora_sink_sends_total', ofSink)]],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Time of a request',
        description: 'The mean that each sink takes to answer.',
        unit: 's',
        min: 0,
        queries: [
          [
            '{{instance}} {{sink}}',
            `${rate('remora_sink_send_seconds_total', ofSink)} / on (cluster, job, instance, sink) sum by (cluster, job, instance, sink) (${rate('remora_sink_sends_total', ofSink)} > 0)`,
          ],
        ],
        span: 12,
      }),
    )
    .withRow(new RowBuilder('What did not arrive'))
    .withPanel(
      table(
        {
          title: 'Lost',
          description: 'By source, sink and reason, since the ledger began.',
          unit: 'short',
          queries: [['', `remora_records_lost_total{${both}} > 0`]],
          span: 8,
        },
        [],
      ),
    )
    .withPanel(
      table(
        {
          title: 'Missed',
          description: 'By source and reason, since the ledger began.',
          unit: 'short',
          queries: [['', `remora_records_missed_total{${ofSource}} > 0`]],
          span: 8,
        },
        [],
      ),
    )
    .withPanel(
      table(
        {
          title: 'Quarantined',
          description: 'Refused by the receiver and kept for replay.',
          unit: 'short',
          queries: [['', `remora_records_quarantined{${both}} > 0`]],
          span: 8,
        },
        [],
      ),
    )
    .withPanel(
      graph({
        title: 'Filtered',
        description: 'Records per second that were read and left out by configuration.',
        unit: 'ops',
        min: 0,
        queries: [['{{instance}} {{source}} {{reason}}', rate('remora_records_filtered_total', ofSource)]],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Sources paused',
        description: '1 while the spool has no room for a source.',
        unit: 'none',
        min: 0,
        max: 1,
        queries: [['{{instance}} {{source}}', `remora_source_paused{${ofSource}}`]],
        span: 12,
      }),
    )
    .withRow(new RowBuilder('Spool and agent'))
    .withPanel(
      graph({
        title: 'Spool',
        description: 'What it takes, and its bound.',
        unit: 'bytes',
        min: 0,
        queries: [
          ['{{instance}} used', `remora_spool_used_bytes{${node}}`],
          ['{{instance}} bound', `remora_spool_bound_bytes{${node}}`],
        ],
        span: 6,
      }),
    )
    .withPanel(
      timeline(
        {
          title: 'Spool and its disk',
          description:
            'Whether the disk took the last transaction (sources wait while it does not), and whether there is a disk: else what is held dies with the process.',
          unit: 'none',
          queries: [
            ['{{instance}} written', `remora_spool_writable{${node}}`],
            ['{{instance}} on disk', `remora_spool_on_disk{${node}}`],
          ],
          span: 6,
        },
        [
          ['no', 'red'],
          ['yes', 'green'],
        ],
      ),
    )
    .withPanel(
      graph({
        title: 'Memory of the agent',
        description: 'Resident.',
        unit: 'bytes',
        min: 0,
        queries: [['{{instance}}', `process_resident_memory_bytes{${node}}`]],
        span: 6,
      }),
    )
    .withPanel(
      graph({
        title: 'CPU of the agent',
        description: 'Share of a core.',
        unit: 'percentunit',
        min: 0,
        queries: [['{{instance}}', rate('process_cpu_seconds_total', node)]],
        span: 6,
      }),
    )
    .build()
}
