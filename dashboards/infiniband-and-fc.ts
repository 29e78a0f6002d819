/** The dashboard InfiniBand and FC: whether each port is up and as fast as it can be, and what errors it counts. */
import { type Dashboard, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board, choice, node } from './board.ts'
import { graph, table, timeline } from './panels.ts'

const port = `${node}, device=~"$device"`
const rate = (metric: string) => `rate(${metric}{${port}}[$__rate_interval])`

export function infinibandAndFc(): Dashboard {
  return board({
    uid: 'remora-infiniband-and-fc',
    title: 'InfiniBand and FC',
    description: 'InfiniBand, RoCE and Omni-Path ports of every HCA, Fibre Channel ports, SAS links.',
    tags: ['infiniband', 'fibrechannel'],
    marks: '| event_name=~"infiniband.*|fabric.*|fibrechannel.*|sas.*"',
  })
    .withVariable(choice('device', 'HCA', `label_values(node_infiniband_state_id{${node}}, device)`))
    .withRow(new RowBuilder('InfiniBand'))
    .withPanel(
      timeline(
        {
          title: 'State of ports',
          description: 'Down, init and armed are waiting for a cable, a partner or a subnet manager.',
          unit: 'none',
          queries: [['{{instance}} {{device}} {{port}}', `node_infiniband_state_id{${port}}`]],
          span: 12,
        },
        [
          ['no change', 'gray'],
          ['down', 'red'],
          ['init', 'orange'],
          ['armed', 'yellow'],
          ['active', 'green'],
          ['active, deferred', 'green'],
        ],
      ),
    )
    .withPanel(
      timeline(
        {
          title: 'Degraded links',
          description: 'Active with a lower rate or fewer lanes than the link is known to be able to have.',
          unit: 'none',
          queries: [['{{instance}} {{device}} {{port}}', `node_infiniband_link_degraded{${port}}`]],
          span: 12,
        },
        [
          ['full', 'green'],
          ['degraded', 'red'],
        ],
      ),
    )
    .withPanel(
      graph({
        title: 'Data',
        description: 'Received and sent, per second.',
        unit: 'binBps',
        min: 0,
        queries: [
          [
            '{{instance}} {{device}} {{port}} received',
            rate('node_infiniband_port_data_received_bytes_total'),
          ],
          [
            '{{instance}} {{device}} {{port}} sent',
            rate('node_infiniband_port_data_transmitted_bytes_total'),
          ],
        ],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Rate of the link',
        description: 'Now, and what is possible.',
        unit: 'binBps',
        min: 0,
        queries: [
          ['{{instance}} {{device}} {{port}}', `node_infiniband_rate_bytes_per_second{${port}}`],
          [
            '{{instance}} {{device}} {{port}} possible',
            `node_infiniband_rate_possible_bytes_per_second{${port}}`,
          ],
        ],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Link errors',
        description: 'Per second: symbols, recoveries, links lost, packets with errors.',
        unit: 'ops',
        min: 0,
        queries: [
          ['{{instance}} {{device}} {{port}} symbols', rate('node_infiniband_symbol_error_total')],
          ['{{instance}} {{device}} {{port}} recoveries', rate('node_infiniband_link_error_recovery_total')],
          ['{{instance}} {{device}} {{port}} lost', rate('node_infiniband_link_downed_total')],
          [
            '{{instance}} {{device}} {{port}} receive errors',
            rate('node_infiniband_port_errors_received_total'),
          ],
        ],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'Congestion',
        description:
          'Share of ticks in which a port had data and could not send; packets discarded per second.',
        unit: 'ops',
        min: 0,
        queries: [
          ['{{instance}} {{device}} {{port}} waiting', rate('node_infiniband_port_transmit_wait_total')],
          [
            '{{instance}} {{device}} {{port}} discarded',
            rate('node_infiniband_port_discards_transmitted_total'),
          ],
        ],
        span: 12,
      }),
    )
    .withPanel(
      table(
        {
          title: 'Counters at their end',
          description: 'Classic counters that stand at their largest value and count no more; clear them.',
          unit: 'none',
          queries: [['', `node_infiniband_saturated{${port}} == 1`]],
          span: 12,
        },
        ['Value'],
      ),
    )
    .withPanel(
      graph({
        title: 'Temperatures',
        description: 'Of chips and modules.',
        unit: 'celsius',
        queries: [['{{instance}} {{device}} {{sensor}}', `node_infiniband_temperature_celsius{${port}}`]],
        span: 12,
      }),
    )
    .withRow(new RowBuilder('Fibre Channel and SAS'))
    .withPanel(
      table(
        {
          title: 'Fibre Channel ports',
          description: 'State, speed and names.',
          unit: 'none',
          queries: [['', `node_fibrechannel_info{${node}}`]],
          span: 24,
        },
        ['Value', 'supported_classes', 'dev_loss_tmo', 'symbolic_name'],
      ),
    )
    .withPanel(
      graph({
        title: 'Fibre Channel errors',
        description: 'Per second: links lost, synchronisation and signal lost, wrong checksums.',
        unit: 'ops',
        min: 0,
        queries: [
          [
            '{{instance}} {{fc_host}} link',
            `rate(node_fibrechannel_link_failure_total{${node}}[$__rate_interval])`,
          ],
          [
            '{{instance}} {{fc_host}} sync',
            `rate(node_fibrechannel_loss_of_sync_total{${node}}[$__rate_interval])`,
          ],
          [
            '{{instance}} {{fc_host}} signal',
            `rate(node_fibrechannel_loss_of_signal_total{${node}}[$__rate_interval])`,
          ],
          [
            '{{instance}} {{fc_host}} checksum',
            `rate(node_fibrechannel_invalid_crc_total{${node}}[$__rate_interval])`,
          ],
        ],
        span: 12,
      }),
    )
    .withPanel(
      graph({
        title: 'SAS errors',
        description: 'Per second: invalid dwords and lost synchronisation of phys.',
        unit: 'ops',
        min: 0,
        queries: [
          [
            '{{instance}} {{phy}} dwords',
            `rate(node_sas_phy_invalid_dwords_total{${node}}[$__rate_interval])`,
          ],
          [
            '{{instance}} {{phy}} sync',
            `rate(node_sas_phy_loss_of_dword_sync_total{${node}}[$__rate_interval])`,
          ],
        ],
        span: 12,
      }),
    )
    .build()
}
