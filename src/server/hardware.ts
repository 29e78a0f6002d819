/**
 * The hardware as a tree out of the last samples: RAID controllers with arrays, drives and batteries, HCAs and adapters
 * with their ports, NVMe drives, and the drives that SMART tells of and nobody else. The metric names are those that
 * the collectors declare; a test holds them against the catalogue.
 */
import type { Sample } from '../model.ts'
import type { Part } from '../page/view.ts'
import { type Find, finder, markOf, words } from './parts.ts'
import { controllers } from './raid-tree.ts'

export function hardwareView(samples: readonly Sample[]): Part[] {
  const find = finder(samples)
  const tree = [...controllers(find), ...hcas(find), ...fibreChannel(find), ...nvme(find)]
  return [...tree, ...smart(find, serials(find))]
}

/** By state_id of the kernel. */
const portStates = ['no change', 'down', 'init', 'armed', 'active', 'active, deferred']
const active = 4
const physicallyDisabled = 3

function hcas(find: Find): Part[] {
  const devices = new Set(find('node_infiniband_state_id').map(({ labels }) => labels.device ?? ''))
  return [...devices].map((device): Part => {
    const { board_id, firmware_version, hca_type } = find('node_infiniband_info', { device })[0]?.labels ?? {}
    const ports = find('node_infiniband_state_id', { device }).map(({ labels, value }): Part => {
      const here = { device, port: labels.port ?? '' }
      const layer = find('node_infiniband_port_info', here)[0]?.labels.link_layer
      const physical = find('node_infiniband_physical_state_id', here)[0]?.value
      // Somebody has switched it off, which needs nobody.
      if (value !== active && physical === physicallyDisabled)
        return {
          kind: 'port',
          name: here.port,
          detail: words(layer),
          state: 'disabled',
          mark: 'faint',
          parts: [],
        }
      const rate = find('node_infiniband_rate_bytes_per_second', here)[0]?.value
      const isSlow = find('node_infiniband_link_degraded', here)[0]?.value === 1
      const word = portStates[value] ?? `state ${value}`
      const gigabits = rate && value === active ? `${Math.round(rate / 1.25e7) / 10} Gbit/s` : ''
      return {
        kind: 'port',
        name: here.port,
        detail: words(layer, gigabits),
        state: isSlow ? `${word}, below its rate` : word,
        mark: value === active ? (isSlow ? 'warn' : 'good') : value === 1 ? 'bad' : 'warn',
        parts: [],
      }
    })
    const detail = words(hca_type, board_id, firmware_version && `firmware ${firmware_version}`)
    return { kind: 'HCA', name: device, detail, state: '', mark: 'faint', parts: ports }
  })
}

function fibreChannel(find: Find): Part[] {
  const ports = find('node_fibrechannel_info').map(({ labels }): Part => {
    const { fc_host = '', port_name, speed, port_state = '' } = labels
    const state = port_state.toLowerCase() || 'unknown'
    const detail = words(port_name, state === 'online' ? speed : '')
    return { kind: 'port', name: fc_host, detail, state, mark: markOf(state), parts: [] }
  })
  if (ports.length === 0) return []
  return [{ kind: 'HBA', name: 'Fibre Channel', detail: '', state: '', mark: 'faint', parts: ports }]
}

function nvme(find: Find): Part[] {
  return find('node_nvme_info').map(({ labels }): Part => {
    const { device = '', model, serial, state = '' } = labels
    return {
      kind: 'drive',
      name: device,
      detail: words(model, serial),
      state,
      mark: markOf(state),
      parts: [],
    }
  })
}

/** What is in the tree already. */
function serials(find: Find): ReadonlySet<string> {
  const labels = [...find('raid_drive_info'), ...find('node_nvme_info')].map((sample) => sample.labels)
  return new Set(labels.map(({ serial = '' }) => serial).filter((serial) => serial !== ''))
}

function smart(find: Find, shown: ReadonlySet<string>): Part[] {
  return find('smartctl_device').flatMap(({ labels }): Part[] => {
    const { device = '', model_name, serial_number = '' } = labels
    if (shown.has(serial_number)) return []
    const passed = find('smartctl_device_smart_status', { device })[0]?.value
    const state = passed === undefined ? '' : passed === 1 ? 'passed' : 'failing'
    const detail = words(model_name, serial_number)
    return [{ kind: 'drive', name: device, detail, state, mark: markOf(state), parts: [] }]
  })
}
