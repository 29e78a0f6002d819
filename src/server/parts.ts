/** What the pieces of the hardware tree are made with: samples by name and labels, states, words. */
import type { Labels, Sample } from '../model.ts'
import type { Mark } from '../page/table.ts'

/** Every metric of which hardware is drawn. */
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

/** The samples of a metric that have these labels. */
export type Find = (name: Name, where?: Labels) => readonly Sample[]

export function finder(samples: readonly Sample[]): Find {
  const wanted = new Map<string, Sample[]>(hardwareMetrics.map((name) => [name, []]))
  for (const sample of samples) wanted.get(sample.metric.name)?.push(sample)
  /** By metric and names of labels, then by their values: a thousand drives are each looked for once. */
  const indices = new Map<string, Map<string, Sample[]>>()
  return (name, where = {}) => {
    const all = wanted.get(name) ?? []
    const names = Object.keys(where)
    if (names.length === 0) return all
    const key = [name, ...names].join('\0')
    let index = indices.get(key)
    if (index === undefined) {
      index = Map.groupBy(all, ({ labels }) => valuesOf(labels, names))
      indices.set(key, index)
    }
    return index.get(valuesOf(where, names)) ?? []
  }
}

function valuesOf(labels: Labels, names: readonly string[]): string {
  return names.map((name) => labels[name] ?? '').join('\0')
}

/** The state whose series is 1. */
export function stateOf(samples: readonly Sample[]): string {
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

/** Of a state's word, as the collectors and the kernel have it. */
export function markOf(state: string): Mark {
  if (faint.has(state)) return 'faint'
  if (good.has(state)) return 'good'
  return bad.has(state) ? 'bad' : 'warn'
}

/** `rebuild 42 %` */
export function progress(samples: readonly Sample[]): string {
  return samples
    .map(({ labels, value }) => `${labels.operation ?? ''} ${Math.floor(value * 100)} %`)
    .join(', ')
}

/** Those that are there, with commas. */
export function words(...all: readonly (string | undefined)[]): string {
  return all.filter((word) => word).join(', ')
}
