/** What is said of an HCA and its ports beside the counters: node_exporter's names (1.11), and what they do not tell. */
import { deFacto, gauge } from '../../src/model.ts'
import { hwCounters, lifespan, otherHwCounter, otherHwObjects } from './hw-counters.ts'
import { portCounters, portLabels } from './port-counters.ts'

export const info = deFacto(
  'node_infiniband_info',
  'gauge',
  'info',
  'board_id, fw_ver, hca_type',
  'An HCA, with its board, firmware and type as far as its driver tells.',
  ['device', 'board_id', 'firmware_version', 'hca_type'],
)
export const stateId = deFacto(
  'node_infiniband_state_id',
  'gauge',
  'none',
  'state',
  'State of the port: 0 no change, 1 down, 2 init, 3 armed, 4 active, 5 active, deferred.',
  portLabels,
)
export const physicalStateId = deFacto(
  'node_infiniband_physical_state_id',
  'gauge',
  'none',
  'phys_state',
  'Physical state of the port: 0 no change, 1 sleep, 2 polling, 3 disabled, 4 training, 5 link up, 6 recovering from an error, 7 test.',
  portLabels,
)
export const rate = deFacto(
  'node_infiniband_rate_bytes_per_second',
  'gauge',
  'none',
  'rate',
  'Rate of the link, in bytes per second.',
  portLabels,
)

export const portInfo = gauge(
  'node_infiniband_port_info',
  'info',
  'link_layer',
  'A port: whether it speaks InfiniBand or Ethernet.',
  [...portLabels, 'link_layer'],
)
export const lanes = gauge(
  'node_infiniband_link_lanes',
  'none',
  'rate',
  'Lanes the link is made of now: 4 of `4X`.',
  portLabels,
)
export const possibleRate = gauge(
  'node_infiniband_rate_possible_bytes_per_second',
  'none',
  'rate, options.expected',
  'The rate this link is known to be able to have: the highest seen, or as configured.',
  portLabels,
)
export const possibleLanes = gauge(
  'node_infiniband_link_possible_lanes',
  'none',
  'rate',
  'The lanes this link is known to be able to have: the most seen; 4 for an InfiniBand link of one.',
  portLabels,
)
export const degraded = gauge(
  'node_infiniband_link_degraded',
  'none',
  'rate',
  '1 when the link is active, with a rate or a width below what is possible. Absent while it is not active.',
  portLabels,
)
export const saturated = gauge(
  'node_infiniband_saturated',
  'none',
  'counters/*',
  '1 when a classic counter stands at its largest value, where it stays: what came after is not counted.',
  [...portLabels, 'counter'],
)
export const temperature = gauge(
  'node_infiniband_temperature_celsius',
  'celsius',
  'device/hwmon/hwmon*/temp*_input, tempsense',
  'Temperature of the chip (asic) or of the module in its cage.',
  ['device', 'sensor'],
)
export const temperatureCritical = gauge(
  'node_infiniband_temperature_critical_celsius',
  'celsius',
  'device/hwmon/hwmon*/temp*_crit, tempsense',
  'The temperature at which the sensor calls it critical.',
  ['device', 'sensor'],
)

export const metrics = [
  info,
  portInfo,
  stateId,
  physicalStateId,
  rate,
  lanes,
  possibleRate,
  possibleLanes,
  degraded,
  ...portCounters.map(({ metric }) => metric),
  saturated,
  lifespan,
  ...hwCounters,
  otherHwCounter,
  otherHwObjects,
  temperature,
  temperatureCritical,
]
