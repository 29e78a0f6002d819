/** InfiniBand and Fibre Channel ports, and memory. */
import { rule } from './rule.ts'

const port = 'Port {{ $labels.port }} of {{ $labels.device }} on {{ $labels.instance }}'

export const linkRules = [
  // A port that was never active within the day has no cable.
  rule(
    'InfinibandPortDown',
    'critical',
    '2m',
    'node_infiniband_state_id < 4 and max_over_time(node_infiniband_state_id[1d]) >= 4',
    `${port} is down`,
    `${port} is not active (state {{ $value | humanize }}: 1 down, 2 init, 3 armed), and was within the last day.`,
  ),
  rule(
    'InfinibandLinkDegraded',
    'warning',
    '5m',
    'node_infiniband_link_degraded == 1',
    `${port} runs below what it can`,
    `${port} is active with a lower rate or fewer lanes than this link has had: a bad cable, connector or module, most likely.`,
  ),
  rule(
    'InfinibandErrorBurst',
    'warning',
    '0m',
    'increase(node_infiniband_symbol_error_total[15m]) > 100 or increase(node_infiniband_link_error_recovery_total[15m]) > 3 or increase(node_infiniband_port_errors_received_total[15m]) > 100',
    `${port} has link errors`,
    `${port} has counted about {{ $value | humanize }} link errors in 15 minutes.`,
  ),
  rule(
    'InfinibandCounterSaturated',
    'warning',
    '0m',
    'node_infiniband_saturated == 1',
    `{{ $labels.counter }} of port {{ $labels.port }} of {{ $labels.device }} on {{ $labels.instance }} is full`,
    `The counter {{ $labels.counter }} of port {{ $labels.port }} of {{ $labels.device }} on {{ $labels.instance }} stands at its largest value and counts no more: what happens now is not seen until it is cleared.`,
  ),
  rule(
    'FibreChannelPortDown',
    'critical',
    '2m',
    'node_fibrechannel_info{port_state!="Online"} and on (cluster, job, instance, fc_host) max_over_time(node_fibrechannel_info{port_state="Online"}[1d])',
    '{{ $labels.fc_host }} on {{ $labels.instance }} is {{ $labels.port_state }}',
    'The Fibre Channel port {{ $labels.fc_host }} ({{ $labels.port_name }}) on {{ $labels.instance }} is {{ $labels.port_state }}, and was online within the last day.',
  ),
  rule(
    'MemoryUncorrectableErrors',
    'critical',
    '0m',
    'increase(node_edac_uncorrectable_errors_total[1h]) > 0',
    'Memory of {{ $labels.instance }} has errors that cannot be corrected',
    'Memory controller {{ $labels.controller }} of {{ $labels.instance }} has met about {{ $value | humanize }} errors in the last hour that it could not correct. On a RAM root they may be in any file.',
  ),
  rule(
    'MemoryCorrectableErrors',
    'warning',
    '0m',
    'increase(node_edac_correctable_errors_total[1h]) > 100',
    'Memory of {{ $labels.instance }} corrects many errors',
    'Memory controller {{ $labels.controller }} of {{ $labels.instance }} has corrected about {{ $value | humanize }} errors in the last hour: a DIMM is wearing out.',
  ),
]
