/** Figures of a whole node, made once by Prometheus: the Fleet dashboard draws hundreds of nodes from them. */
import type { Recording } from './rule.ts'

export interface KeptRecording extends Recording {
  /** The labels of the result. */
  readonly keeps: readonly string[]
}

const node = ['cluster', 'job', 'instance']

function ofNode(record: string, expr: string): KeptRecording {
  return { record, expr, keeps: node }
}

export const recordings: readonly KeptRecording[] = [
  ofNode('instance:node_zram_fill_ratio:max', 'max by (cluster, job, instance) (node_zram_fill_ratio)'),
  {
    record: 'instance_device_constraint:node_zram_time_to_full_seconds:deriv1h',
    expr: '(1 - node_zram_fill_ratio) / (deriv(node_zram_fill_ratio[1h]) > 1e-7)',
    keeps: [...node, 'device', 'constraint'],
  },
  ofNode(
    'instance:raid_array_unhealthy:count',
    'sum by (cluster, job, instance) (raid_array_state{state=~"degraded|partially-degraded|failed|offline"} or node_md_degraded > bool 0)',
  ),
  ofNode(
    'instance:raid_drive_unhealthy:count',
    'sum by (cluster, job, instance) (raid_drive_state{state=~"failed|missing|predictive-failure"} or 1 - smartctl_device_smart_status)',
  ),
  ofNode(
    'instance:node_infiniband_port_degraded:count',
    'sum by (cluster, job, instance) (node_infiniband_link_degraded)',
  ),
  ofNode(
    'instance:remora_collector_failing:count',
    'sum by (cluster, job, instance) (1 - remora_collector_success)',
  ),
  ofNode('instance:remora_sink_down:count', 'sum by (cluster, job, instance) (1 - remora_sink_up)'),
  ofNode(
    'instance:remora_records_lost:increase1h',
    'sum by (cluster, job, instance) (increase(remora_records_lost_total[1h])) or 0 * group by (cluster, job, instance) (remora_build_info)',
  ),
]
