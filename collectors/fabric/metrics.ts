/**
 * Ports of switches and HCAs, with infiniband_exporter's names and labels; data is in bytes, four times what the counters
 * count, as there.
 * @see github.com/treydock/infiniband_exporter collectors/switch.go, collectors/hca.go
 */
import { deFacto, gauge, type Metric, type Sample } from '../../src/model.ts'
import type { PortCounters } from './counters.ts'
import type { FabricErrors } from './query-errors.ts'
import type { Device } from './topology.ts'

/** The exporter's word for each counter. */
const counters: readonly (readonly [counter: string, word: string, scale?: number])[] = [
  ['PortXmitData', 'port_transmit_data_bytes_total', 4],
  ['PortRcvData', 'port_receive_data_bytes_total', 4],
  ['PortXmitPkts', 'port_transmit_packets_total'],
  ['PortRcvPkts', 'port_receive_packets_total'],
  ['PortUnicastXmitPkts', 'port_unicast_transmit_packets_total'],
  ['PortUnicastRcvPkts', 'port_unicast_receive_packets_total'],
  ['PortMulticastXmitPkts', 'port_multicast_transmit_packets_total'],
  ['PortMulticastRcvPkts', 'port_multicast_receive_packets_total'],
  ['SymbolErrorCounter', 'port_symbol_error_total'],
  ['LinkErrorRecoveryCounter', 'port_link_error_recovery_total'],
  ['LinkDownedCounter', 'port_link_downed_total'],
  ['PortRcvErrors', 'port_receive_errors_total'],
  ['PortRcvRemotePhysicalErrors', 'port_receive_remote_physical_errors_total'],
  ['PortRcvSwitchRelayErrors', 'port_receive_switch_relay_errors_total'],
  ['PortXmitDiscards', 'port_transmit_discards_total'],
  ['PortXmitConstraintErrors', 'port_transmit_constraint_errors_total'],
  ['PortRcvConstraintErrors', 'port_receive_constraint_errors_total'],
  ['LocalLinkIntegrityErrors', 'port_local_link_integrity_errors_total'],
  ['ExcessiveBufferOverrunErrors', 'port_excessive_buffer_overrun_errors_total'],
  ['VL15Dropped', 'port_vl15_dropped_total'],
  ['PortXmitWait', 'port_transmit_wait_total'],
  ['QP1Dropped', 'port_qp1_dropped_total'],
]

const kinds = { SW: 'switch', CA: 'hca' } as const

function family(kind: 'switch' | 'hca') {
  const name = (word: string) => `infiniband_${kind}_${word}`
  const of = kind === 'switch' ? 'a switch' : 'an HCA'
  return {
    rate: deFacto(
      name('rate_bytes_per_second'),
      'gauge',
      'none',
      'ibnetdiscover',
      `Rate of ${of}, bytes in a second, without the overhead of its coding.`,
      ['guid'],
    ),
    info: deFacto(name('info'), 'gauge', 'info', 'ibnetdiscover', `Name and lid of ${of}.`, [
      'guid',
      kind,
      'lid',
    ]),
    uplink: deFacto(
      name('uplink_info'),
      'gauge',
      'info',
      'ibnetdiscover',
      `What is at the other end of a port of ${of}.`,
      [...['guid', 'port', kind, 'uplink', 'uplink_guid', 'uplink_type', 'uplink_port', 'uplink_lid']],
    ),
    counters: new Map(
      counters.map(([counter, word]) => [
        counter,
        deFacto(
          name(word),
          'counter',
          'none',
          'perfquery',
          `${counter} of a port of ${of}${word.includes('_bytes_') ? ', in bytes' : ''}.`,
          ['guid', 'port'],
        ),
      ]),
    ),
  }
}

const families = { switch: family('switch'), hca: family('hca') }

const checked = gauge(
  'infiniband_fabric_nodes_checked',
  'none',
  'ibqueryerrors',
  'Nodes of the fabric whose error counters were looked at.',
)
const bad = gauge(
  'infiniband_fabric_nodes_bad',
  'none',
  'ibqueryerrors',
  'Nodes of the fabric with an error counter over the threshold of ibqueryerrors.',
)
const badPort = gauge(
  'infiniband_fabric_port_over_threshold',
  'none',
  'ibqueryerrors',
  '1 for each port with an error counter over the threshold of ibqueryerrors.',
  ['guid', 'port'],
)

export function* errorSamples({ nodes, badNodes, ports }: FabricErrors): Generator<Sample> {
  yield { metric: checked, value: nodes, labels: {} }
  yield { metric: bad, value: badNodes, labels: {} }
  for (const { guid, port } of ports) yield { metric: badPort, value: 1, labels: { guid, port } }
}

export const metrics: readonly Metric[] = Object.values(families)
  .flatMap((one) => [one.rate, one.info, one.uplink, ...one.counters.values()])
  .concat([checked, bad, badPort])

export function* deviceSamples({ type, guid, name, lid, rate, uplinks }: Device): Generator<Sample> {
  const kind = kinds[type]
  const own = families[kind]
  if (rate !== undefined) yield { metric: own.rate, value: rate, labels: { guid } }
  yield { metric: own.info, value: 1, labels: { guid, [kind]: name, lid } }
  for (const [port, to] of uplinks) {
    const uplink = {
      uplink: to.name,
      uplink_guid: to.guid,
      uplink_type: to.type,
      uplink_port: to.port,
      uplink_lid: to.lid,
    }
    yield { metric: own.uplink, value: 1, labels: { guid, port, [kind]: name, ...uplink } }
  }
}

export function* counterSamples({ type, guid }: Device, ports: readonly PortCounters[]): Generator<Sample> {
  const own = families[kinds[type]].counters
  for (const { port, values } of ports)
    for (const [counter, , scale = 1] of counters) {
      const value = values.get(counter)
      const metric = own.get(counter)
      if (value !== undefined && metric !== undefined)
        yield { metric, value: value * scale, labels: { guid, port } }
    }
}

/** Of all kinds that speak of a bad link. */
export function linkErrors(values: PortCounters['values']): number {
  const kinds = [
    'SymbolErrorCounter',
    'LinkErrorRecoveryCounter',
    'LinkDownedCounter',
    'PortRcvErrors',
    'LocalLinkIntegrityErrors',
  ]
  return kinds.reduce((sum, name) => sum + (values.get(name) ?? 0), 0)
}
