/**
 * What drivers count by themselves, in `hw_counters` of a port or of the device: node_exporter's names (1.11) for those
 * of mlx5, and one metric for whatever else a driver has.
 * @see Linux Documentation/ABI/stable/sysfs-class-infiniband
 */
import { counter, deFacto, gauge, type Metric } from '../../src/model.ts'
import { portLabels } from './port-counters.ts'

function total(name: string, file: string, help: string): Metric {
  return deFacto(name, 'counter', 'none', `hw_counters/${file}`, help, portLabels)
}

/** In the order in which node_exporter has them. */
export const hwCounters: readonly Metric[] = [
  total(
    'node_infiniband_duplicate_requests_packets_total',
    'duplicate_request',
    'Requests received that had been carried out before.',
  ),
  total(
    'node_infiniband_implied_nak_seq_errors_total',
    'implied_nak_seq_err',
    'Acknowledgements whose number says that a read or response was lost.',
  ),
  total(
    'node_infiniband_local_ack_timeout_errors_total',
    'local_ack_timeout_err',
    'Times the sender waited in vain for an acknowledgement and tried again.',
  ),
  total(
    'node_infiniband_np_cnp_packets_sent_total',
    'np_cnp_sent',
    'Congestion notifications sent by the receiver of marked RoCE packets.',
  ),
  total(
    'node_infiniband_np_ecn_marked_roce_packets_received_total',
    'np_ecn_marked_roce_packets',
    'RoCE packets received with a mark of congestion.',
  ),
  total(
    'node_infiniband_out_of_buffer_drops_total',
    'out_of_buffer',
    'Packets dropped because the receive queue had no element.',
  ),
  total(
    'node_infiniband_out_of_sequence_packets_received_total',
    'out_of_sequence',
    'Packets received out of order.',
  ),
  total(
    'node_infiniband_packet_sequence_errors_total',
    'packet_seq_err',
    'Refusals received for a wrong sequence number.',
  ),
  total('node_infiniband_req_cqes_errors_total', 'req_cqe_error', 'Completions in error, at the requester.'),
  total(
    'node_infiniband_req_cqes_flush_errors_total',
    'req_cqe_flush_error',
    'Completions flushed in error, at the requester.',
  ),
  total(
    'node_infiniband_req_remote_access_errors_total',
    'req_remote_access_errors',
    'Remote access errors seen by the requester.',
  ),
  total(
    'node_infiniband_req_remote_invalid_request_errors_total',
    'req_remote_invalid_request',
    'Invalid requests as the remote side said, seen by the requester.',
  ),
  total(
    'node_infiniband_resp_cqes_errors_total',
    'resp_cqe_error',
    'Completions in error, at the responder.',
  ),
  total(
    'node_infiniband_resp_cqes_flush_errors_total',
    'resp_cqe_flush_error',
    'Completions flushed in error, at the responder.',
  ),
  total(
    'node_infiniband_resp_local_length_errors_total',
    'resp_local_length_error',
    'Local length errors seen by the responder.',
  ),
  total(
    'node_infiniband_resp_remote_access_errors_total',
    'resp_remote_access_errors',
    'Remote access errors seen by the responder.',
  ),
  total(
    'node_infiniband_rnr_nak_retry_packets_received_total',
    'rnr_nak_retry_err',
    'Answers received that the other side was not ready.',
  ),
  total(
    'node_infiniband_roce_adp_retransmits_total',
    'roce_adp_retrans',
    'Adaptive retransmissions of RoCE packets.',
  ),
  total(
    'node_infiniband_roce_adp_retransmits_timeout_total',
    'roce_adp_retrans_to',
    'Times adaptive retransmission of RoCE packets ran into its time-out.',
  ),
  total('node_infiniband_roce_slow_restart_used_total', 'roce_slow_restart', 'Slow restarts of RoCE used.'),
  total(
    'node_infiniband_roce_slow_restart_cnps_total',
    'roce_slow_restart_cnps',
    'Congestion notifications made by a slow restart of RoCE.',
  ),
  total(
    'node_infiniband_roce_slow_restart_total',
    'roce_slow_restart_trans',
    'Times RoCE changed into slow restart.',
  ),
  total(
    'node_infiniband_rp_cnp_packets_handled_total',
    'rp_cnp_handled',
    'Congestion notifications that slowed the sender down.',
  ),
  total(
    'node_infiniband_rp_cnp_ignored_packets_received_total',
    'rp_cnp_ignored',
    'Congestion notifications received and ignored: congestion control is not on everywhere.',
  ),
  total('node_infiniband_rx_atomic_requests_total', 'rx_atomic_requests', 'Atomic requests received.'),
  total(
    'node_infiniband_rx_dct_connect_requests_total',
    'rx_dct_connect',
    'Connection requests received for dynamically connected transport.',
  ),
  total('node_infiniband_rx_read_requests_total', 'rx_read_requests', 'Read requests received.'),
  total('node_infiniband_rx_write_requests_total', 'rx_write_requests', 'Write requests received.'),
  total(
    'node_infiniband_rx_icrc_encapsulated_errors_total',
    'rx_icrc_encapsulated',
    'RoCE packets received with a wrong checksum.',
  ),
]

export const lifespan = gauge(
  'node_infiniband_lifespan_seconds',
  'seconds',
  'hw_counters/lifespan',
  'How long the driver may answer with what it read before.',
  portLabels,
)

/** Drivers have names of their own here; `port` is absent for what is counted for the whole device. */
export const otherHwCounter = counter(
  'node_infiniband_hw_events_total',
  'none',
  'hw_counters/*',
  'What the driver counts beside the named ones, by the name it has there.',
  [...portLabels, 'counter'],
)
export const otherHwObjects = gauge(
  'node_infiniband_hw_objects',
  'none',
  'hw_counters/active_*, watermark_*',
  'Objects of the driver in use now (active) or at most so far (watermark), by the name it has there.',
  [...portLabels, 'counter'],
)

const byFile = new Map(hwCounters.map((metric) => [metric.source.slice('hw_counters/'.length), metric]))

/** The metric of a file, and whether the file's name is not one of its labels. The named ones are of a port. */
export function hwMetric(
  file: string,
  isOfPort: boolean,
): { readonly metric: Metric; readonly isNamed: boolean } {
  const named = isOfPort ? byFile.get(file) : undefined
  if (named) return { metric: named, isNamed: true }
  return { metric: /^(active|watermark)_/.test(file) ? otherHwObjects : otherHwCounter, isNamed: false }
}
