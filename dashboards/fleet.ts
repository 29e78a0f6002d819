/** The dashboard Fleet: all nodes, the worst first, and where to look next. */
import { type Dashboard, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board, node } from './board.ts'
import { graph, stat, table } from './panels.ts'

/** Of every node the worst figures; hidden by `topk` are only those that are well. */
const worst = (expression: string) => `topk(20, ${expression})`

export function fleet(): Dashboard {
  return board({
    uid: 'remora-fleet',
    title: 'Fleet',
    description: 'All nodes that Remora rides, the worst first.',
    tags: ['fleet'],
    marks: '| event_name=~".+" | level=~"error|fatal"',
  })
    .withRow(new RowBuilder('How many'))
    .withPanel(
      stat({
        title: 'Nodes',
        description: 'Nodes that Remora reports from.',
        unit: 'none',
        queries: [['', `count(remora_build_info{${node}})`]],
        span: 4,
      }),
    )
    .withPanel(
      stat({
        title: 'Roots over 85 %',
        description: 'Nodes on which a zram device is over 85 % by any constraint.',
        unit: 'none',
        levels: { orange: 1, red: 5 },
        queries: [['', `count(instance:node_zram_fill_ratio:max{${node}} > 0.85) or vector(0)`]],
        span: 4,
      }),
    )
    .withPanel(
      stat({
        title: 'Roots read-only',
        description: 'Nodes whose root takes no writes.',
        unit: 'none',
        levels: { orange: 1, red: 1 },
        queries: [['', `count(node_filesystem_readonly{${node}, mountpoint="/"} == 1) or vector(0)`]],
        span: 4,
      }),
    )
    .withPanel(
      stat({
        title: 'Arrays unhealthy',
        description: 'Arrays that are degraded, failed or offline.',
        unit: 'none',
        levels: { orange: 1, red: 5 },
        queries: [['', `sum(instance:raid_array_unhealthy:count{${node}}) or vector(0)`]],
        span: 4,
      }),
    )
    .withPanel(
      stat({
        title: 'Drives unhealthy',
        description: 'Drives that are failed, missing, or about to fail.',
        unit: 'none',
        levels: { orange: 1, red: 5 },
        queries: [['', `sum(instance:raid_drive_unhealthy:count{${node}}) or vector(0)`]],
        span: 4,
      }),
    )
    .withPanel(
      stat({
        title: 'Sinks down',
        description: 'Sinks that take nothing, over all nodes.',
        unit: 'none',
        levels: { orange: 1, red: 5 },
        queries: [['', `sum(instance:remora_sink_down:count{${node}}) or vector(0)`]],
        span: 4,
      }),
    )
    .withRow(new RowBuilder('Worst first'))
    .withPanel(
      table(
        {
          title: 'Fullest roots',
          description: 'The highest fill of any constraint, by node.',
          unit: 'percentunit',
          levels: { orange: 0.85, red: 0.95 },
          queries: [['', worst(`instance:node_zram_fill_ratio:max{${node}}`)]],
          span: 8,
        },
        [],
      ),
    )
    .withPanel(
      table(
        {
          title: 'Full first',
          description: 'Time until the first constraint is at 100 %, at the pace of the last hour.',
          unit: 's',
          levels: { orange: 86_400, red: 14_400, falling: true },
          queries: [
            [
              '',
              `bottomk(20, min by (cluster, job, instance) (instance_device_constraint:node_zram_time_to_full_seconds:deriv1h{${node}}))`,
            ],
          ],
          span: 8,
        },
        [],
      ),
    )
    .withPanel(
      table(
        {
          title: 'Most at risk',
          description: 'Age of the oldest record that no other machine has.',
          unit: 's',
          levels: { orange: 60, red: 900 },
          queries: [['', worst(`max by (cluster, job, instance) (remora_at_risk_age_seconds{${node}})`)]],
          span: 8,
        },
        [],
      ),
    )
    .withPanel(
      table(
        {
          title: 'Arrays and drives',
          description: 'Nodes with arrays (A) or drives (B) that are not well.',
          unit: 'none',
          levels: { orange: 1, red: 3 },
          queries: [
            ['', worst(`instance:raid_array_unhealthy:count{${node}}`)],
            ['', worst(`instance:raid_drive_unhealthy:count{${node}}`)],
          ],
          span: 8,
        },
        [],
      ),
    )
    .withPanel(
      table(
        {
          title: 'InfiniBand links degraded',
          description: 'Nodes with active links below what they can.',
          unit: 'none',
          levels: { orange: 1, red: 2 },
          queries: [['', worst(`instance:node_infiniband_port_degraded:count{${node}}`)]],
          span: 8,
        },
        [],
      ),
    )
    .withPanel(
      table(
        {
          title: 'Collectors failing',
          description: 'Nodes on which the last run of collectors ended in an error.',
          unit: 'none',
          levels: { orange: 1, red: 3 },
          queries: [['', worst(`instance:remora_collector_failing:count{${node}}`)]],
          span: 8,
        },
        [],
      ),
    )
    .withRow(new RowBuilder('Over time'))
    .withPanel(
      graph({
        title: 'Fill of the fullest',
        description: 'The twenty fullest nodes, by their fullest constraint.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        levels: { orange: 0.85, red: 0.95 },
        queries: [['{{instance}}', worst(`instance:node_zram_fill_ratio:max{${node}}`)]],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Records lost within an hour',
        description: 'By node. Any has its reason in the dashboard of the ledger.',
        unit: 'short',
        min: 0,
        queries: [['{{instance}}', worst(`instance:remora_records_lost:increase1h{${node}}`)]],
        span: 12,
      }),
    )
    .build()
}
