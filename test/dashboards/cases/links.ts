import { type Case, of } from './case.ts'

const port = { device: 'mlx5_0', port: '1' }
const state = of('node_infiniband_state_id', port)
const degraded = of('node_infiniband_link_degraded', port)
const symbols = of('node_infiniband_symbol_error_total', port)
const host = (port_state: string) =>
  of('node_fibrechannel_info', { fc_host: 'host3', port_name: '0x10', port_state })
const memory = (kind: string) => of(`node_edac_${kind}_errors_total`, { controller: '0' })

/** Ports and memory: healthy, and as each alert has it. */
export const linkCases: readonly Case[] = [
  {
    alert: 'InfinibandPortDown',
    when: 'a port without a cable',
    series: { [state]: '1x60' },
    at: '30m',
    fires: [],
  },
  {
    alert: 'InfinibandPortDown',
    when: 'a port that was active goes down',
    series: { [state]: '4x20 1x20' },
    at: '25m',
    fires: [{ labels: port, shown: '1' }],
  },
  {
    alert: 'InfinibandLinkDegraded',
    when: 'for a moment only',
    series: { [degraded]: '0x10 1x2 0x20' },
    at: '20m',
    fires: [],
  },
  {
    alert: 'InfinibandLinkDegraded',
    when: 'for ten minutes',
    series: { [degraded]: '0x10 1x20' },
    at: '20m',
    fires: [{ labels: port }],
  },
  {
    alert: 'InfinibandErrorBurst',
    when: 'an error a minute',
    series: { [symbols]: '1000+1x60' },
    at: '40m',
    fires: [],
  },
  {
    alert: 'InfinibandErrorBurst',
    when: 'fifteen errors a minute',
    series: { [symbols]: '1000+15x60' },
    at: '40m',
    fires: [{ labels: port, shown: '225' }],
  },
  {
    alert: 'InfinibandCounterSaturated',
    when: 'a counter that still counts',
    series: { [of('node_infiniband_saturated', { ...port, counter: 'symbol_error' })]: '0x10' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'InfinibandCounterSaturated',
    when: 'a counter at its end',
    series: { [of('node_infiniband_saturated', { ...port, counter: 'symbol_error' })]: '1x10' },
    at: '5m',
    fires: [{ labels: { ...port, counter: 'symbol_error' } }],
  },
  {
    alert: 'FibreChannelPortDown',
    when: 'a port that was never online, and one that is',
    series: {
      [of('node_fibrechannel_info', { fc_host: 'host4', port_state: 'Linkdown' })]: '1x60',
      [host('Online')]: '1x60',
    },
    at: '30m',
    fires: [],
  },
  {
    alert: 'FibreChannelPortDown',
    when: 'a port loses its link',
    series: { [host('Online')]: '1x20 _x40', [host('Linkdown')]: '_x20 1x40' },
    at: '30m',
    fires: [{ labels: { fc_host: 'host3', port_name: '0x10', port_state: 'Linkdown' } }],
  },
  {
    alert: 'MemoryUncorrectableErrors',
    when: 'an old error',
    series: { [memory('uncorrectable')]: '1x120' },
    at: '100m',
    fires: [],
  },
  {
    alert: 'MemoryUncorrectableErrors',
    when: 'an error now',
    series: { [memory('uncorrectable')]: '0x60 1x20' },
    at: '65m',
    fires: [{ labels: { controller: '0' }, shown: '1' }],
  },
  {
    alert: 'MemoryCorrectableErrors',
    when: 'one a minute',
    series: { [memory('correctable')]: '0+1x120' },
    at: '100m',
    fires: [],
  },
  {
    alert: 'MemoryCorrectableErrors',
    when: 'four a minute',
    series: { [memory('correctable')]: '0+4x120' },
    at: '100m',
    fires: [{ labels: { controller: '0' }, shown: '240' }],
  },
]
