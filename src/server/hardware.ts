/**
 * The hardware as a tree out of the last samples: RAID controllers with arrays, drives and batteries, HCAs and adapters
 * with their ports, NVMe drives, and the drives that SMART tells of and nobody else. The metric names are those that
 * the collectors declare; a test holds them against the catalogue.
 */
import type { Labels, Sample } from '../model.ts'
import type { Mark } from '../page/table.ts'
import type { Part } from '../page/view.ts'

/** Every metric that is looked at here. */
export const hardwareMetrics = [
  'raid_controller_info',
  'raid_controller_state',
  'raid_array_info',
  'raid_array_state',
  'raid_array_progress_ratio',
  'raid_drive_info',
  'raid_drive_state',
  'raid_drive_progress_ratio',
  'raid_battery_info',
  'raid_battery_state',
  'node_infiniband_info',
  'node_infiniband_port_info',
  'node_infiniband_state_id',
  'node_infiniband_physical_state_id',
  'node_infiniband_rate_bytes_per_second',
  'node_infiniband_link_degraded',
  'node_fibrechannel_info',
  'node_nvme_info',
  'smartctl_device',
  'smartctl_device_smart_status',
] as const

type Name = (typeof hardwareMetrics)[number]
type Find = (name: Name, where?: Labels) => readonly Sample[]

export function hardwareView(samples: readonly Sample[]): Part[] {
  const wanted = new Map<string, Sample[]>(hardwareMetrics.map((name) => [name, []]))
  for (const sample of samples) wanted.get(sample.metric.name)?.push(sample)
  const find: Find = (name, where = {}) =>
    (wanted.get(name) ?? []).filter(({ labels }) =>
      Object.entries(where).every(([label, value]) => labels[label] === value),
    )
  const tree = [...controllers(find), ...hcas(find), ...fibreChannel(find), ...nvme(find)]
  return [...tree, ...smart(find, serials(find))]
}

function controllers(find: Find): Part[] {
  const known = new Map<string, Labels>()
  for (const name of ['raid_controller_info', 'raid_array_info', 'raid_drive_info'] as const)
    for (const { labels } of find(name)) {
      const { vendor = '', controller = '' } = labels
      known.set(`${vendor}\0${controller}`, { vendor, controller })
    }
  return [...known.values()].map((where) => controller(find, where))
}

function controller(find: Find, where: Labels): Part {
  const { vendor = '', controller: number = '' } = where
  const { model, serial, firmware } = find('raid_controller_info', where)[0]?.labels ?? {}
  const arrays = find('raid_array_info', where).map(({ labels }) => array(find, where, labels))
  const inArrays = new Set(find('raid_array_info', where).map(({ labels }) => labels.array))
  const loose = find('raid_drive_info', where)
    .filter(({ labels }) => !arraysOf(labels).some((one) => inArrays.has(one)))
    .map(({ labels }) => drive(find, where, labels))
  const batteries = find('raid_battery_info', where).map(({ labels }): Part => {
    const { technology = '', model: of = '' } = labels
    const state = stateOf(find('raid_battery_state', { ...where, technology }))
    return { kind: technology || 'battery', name: of, detail: '', state, mark: markOf(state), parts: [] }
  })
  const state = stateOf(find('raid_controller_state', where))
  const isKernel = vendor === 'md'
  return {
    kind: isKernel ? 'md' : 'controller',
    name: isKernel ? 'Linux software RAID' : `${vendor} ${number}`,
    detail: words(model, serial && `serial ${serial}`, firmware && `firmware ${firmware}`),
    state,
    mark: markOf(state),
    parts: [...arrays, ...loose, ...batteries],
  }
}

/** A drive may be a part of several arrays. */
function arraysOf({ array: text = '' }: Labels): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}

function array(find: Find, where: Labels, { array: number = '', name, level, device }: Labels): Part {
  const here = { ...where, array: number }
  const state = stateOf(find('raid_array_state', here))
  return {
    kind: 'array',
    name: number,
    detail: words(
      level,
      name,
      device === number ? '' : device,
      progress(find('raid_array_progress_ratio', here)),
    ),
    state,
    mark: markOf(state),
    parts: find('raid_drive_info', where)
      .filter(({ labels }) => arraysOf(labels).includes(number))
      .map(({ labels }) => drive(find, where, labels)),
  }
}

function drive(find: Find, where: Labels, { enclosure = '', slot = '', model, serial, media }: Labels): Part {
  const here = { ...where, enclosure, slot }
  const state = stateOf(find('raid_drive_state', here))
  const place = [enclosure, slot].filter((word) => word !== '').join(':')
  const detail = words(model, serial, media, progress(find('raid_drive_progress_ratio', here)))
  return { kind: 'drive', name: place, detail, state, mark: markOf(state), parts: [] }
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

/** The state whose series is 1. */
function stateOf(samples: readonly Sample[]): string {
  return samples.find(({ value }) => value === 1)?.labels.state ?? ''
}

const good = new Set([
  'optimal',
  'online',
  'hot-spare',
  'jbod',
  'checking',
  'initialising',
  'learning',
  'charging',
  'live',
  'passed',
])
const bad = new Set(['failed', 'degraded', 'missing', 'offline', 'linkdown', 'dead', 'failing', 'error'])
const faint = new Set(['', 'unknown', 'unconfigured'])

function markOf(state: string): Mark {
  if (faint.has(state)) return 'faint'
  if (good.has(state)) return 'good'
  return bad.has(state) ? 'bad' : 'warn'
}

function progress(samples: readonly Sample[]): string {
  return samples
    .map(({ labels, value }) => `${labels.operation ?? ''} ${Math.floor(value * 100)} %`)
    .join(', ')
}

function words(...all: readonly (string | undefined)[]): string {
  return all.filter((word) => word).join(', ')
}
