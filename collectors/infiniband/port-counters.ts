/**
 * The counters of a port under node_exporter's names (1.11): `counters`, and `counters_ext` of kernels before 4.5.
 * Data is counted in words of 4 octets, whatever the number of lanes.
 * @see Linux Documentation/ABI/stable/sysfs-class-infiniband; InfiniBand Architecture 1.7, 16.1.3 PortCounters
 */
import { deFacto, type Metric } from '../../src/model.ts'

export const portLabels = ['device', 'port'] as const

export interface PortCounter {
  readonly metric: Metric
  /** What one count stands for, in the metric's unit. */
  readonly factor: number
  /** Bits of the classic counter of this name, which stops at its largest value. Absent where there is none. */
  readonly classicBits?: number
  /** It counts what goes wrong on the link itself; not congestion, nor what a switch refuses. */
  readonly isLinkError?: true
}

function packets(name: string, source: string, help: string): PortCounter {
  return { metric: deFacto(name, 'counter', 'none', source, help, portLabels), factor: 1 }
}

function data(name: string, source: string, help: string): PortCounter {
  return { metric: deFacto(name, 'counter', 'bytes', source, help, portLabels), factor: 4 }
}

function linkErrors(name: string, source: string, classicBits: number, help: string): PortCounter {
  return { ...packets(name, source, help), classicBits, isLinkError: true }
}

/** In the order in which node_exporter has them. */
export const portCounters: readonly PortCounter[] = [
  packets(
    'node_infiniband_legacy_multicast_packets_received_total',
    'counters_ext/port_multicast_rcv_packets',
    'Multicast packets received.',
  ),
  packets(
    'node_infiniband_legacy_multicast_packets_transmitted_total',
    'counters_ext/port_multicast_xmit_packets',
    'Multicast packets sent.',
  ),
  data(
    'node_infiniband_legacy_data_received_bytes_total',
    'counters_ext/port_rcv_data_64',
    'Data received, over all lanes.',
  ),
  packets(
    'node_infiniband_legacy_packets_received_total',
    'counters_ext/port_rcv_packets_64',
    'Packets received, over all lanes.',
  ),
  packets(
    'node_infiniband_legacy_unicast_packets_received_total',
    'counters_ext/port_unicast_rcv_packets',
    'Unicast packets received.',
  ),
  packets(
    'node_infiniband_legacy_unicast_packets_transmitted_total',
    'counters_ext/port_unicast_xmit_packets',
    'Unicast packets sent.',
  ),
  data(
    'node_infiniband_legacy_data_transmitted_bytes_total',
    'counters_ext/port_xmit_data_64',
    'Data sent, over all lanes.',
  ),
  packets(
    'node_infiniband_legacy_packets_transmitted_total',
    'counters_ext/port_xmit_packets_64',
    'Packets sent, over all lanes.',
  ),
  linkErrors(
    'node_infiniband_excessive_buffer_overrun_errors_total',
    'counters/excessive_buffer_overrun_errors',
    4,
    'Times that flow control let buffers overrun for several update periods in a row.',
  ),
  linkErrors(
    'node_infiniband_link_downed_total',
    'counters/link_downed',
    8,
    'Times the link failed to recover from an error and went down.',
  ),
  linkErrors(
    'node_infiniband_link_error_recovery_total',
    'counters/link_error_recovery',
    8,
    'Times the link recovered from an error by itself.',
  ),
  linkErrors(
    'node_infiniband_local_link_integrity_errors_total',
    'counters/local_link_integrity_errors',
    4,
    'Times that local physical errors passed their threshold.',
  ),
  packets(
    'node_infiniband_multicast_packets_received_total',
    'counters/multicast_rcv_packets',
    'Multicast packets received, with those in error.',
  ),
  packets(
    'node_infiniband_multicast_packets_transmitted_total',
    'counters/multicast_xmit_packets',
    'Multicast packets sent, with those in error.',
  ),
  linkErrors(
    'node_infiniband_port_constraint_errors_received_total',
    'counters/port_rcv_constraint_errors',
    8,
    'Packets received and discarded for a constraint, such as a partition key.',
  ),
  linkErrors(
    'node_infiniband_port_constraint_errors_transmitted_total',
    'counters/port_xmit_constraint_errors',
    8,
    'Packets not sent for a constraint, such as a partition key.',
  ),
  {
    ...data(
      'node_infiniband_port_data_received_bytes_total',
      'counters/port_rcv_data',
      'Data received, over all lanes.',
    ),
    classicBits: 32,
  },
  {
    ...data(
      'node_infiniband_port_data_transmitted_bytes_total',
      'counters/port_xmit_data',
      'Data sent, over all lanes.',
    ),
    classicBits: 32,
  },
  packets(
    'node_infiniband_port_discards_received_total',
    'counters/port_rcv_discards',
    'Packets received and discarded: the port was down or congested.',
  ),
  {
    ...packets(
      'node_infiniband_port_discards_transmitted_total',
      'counters/port_xmit_discards',
      'Packets to be sent and discarded: the port was down or congested.',
    ),
    classicBits: 16,
  },
  linkErrors(
    'node_infiniband_port_errors_received_total',
    'counters/port_rcv_errors',
    16,
    'Packets received with an error.',
  ),
  {
    ...packets(
      'node_infiniband_port_packets_received_total',
      'counters/port_rcv_packets',
      'Packets received on all virtual lanes, with those in error.',
    ),
    classicBits: 32,
  },
  {
    ...packets(
      'node_infiniband_port_packets_transmitted_total',
      'counters/port_xmit_packets',
      'Packets sent on all virtual lanes, with those in error.',
    ),
    classicBits: 32,
  },
  {
    ...packets(
      'node_infiniband_port_transmit_wait_total',
      'counters/port_xmit_wait',
      'Ticks in which the port had data to send and sent none.',
    ),
    classicBits: 32,
  },
  packets(
    'node_infiniband_unicast_packets_received_total',
    'counters/unicast_rcv_packets',
    'Unicast packets received, with those in error.',
  ),
  packets(
    'node_infiniband_unicast_packets_transmitted_total',
    'counters/unicast_xmit_packets',
    'Unicast packets sent, with those in error.',
  ),
  linkErrors(
    'node_infiniband_port_receive_remote_physical_errors_total',
    'counters/port_rcv_remote_physical_errors',
    16,
    'Packets received that another port had marked as bad.',
  ),
  {
    ...packets(
      'node_infiniband_port_receive_switch_relay_errors_total',
      'counters/port_rcv_switch_relay_errors',
      'Packets received that the switch could not pass on.',
    ),
    classicBits: 16,
  },
  linkErrors(
    'node_infiniband_symbol_error_total',
    'counters/symbol_error',
    16,
    'Minor errors of the link on one lane or more.',
  ),
  {
    ...packets(
      'node_infiniband_vl15_dropped_total',
      'counters/VL15_dropped',
      'Management packets (virtual lane 15) dropped for want of room.',
    ),
    classicBits: 16,
  },
]
