/** The RAID controllers as trees: arrays with their drives, drives in no array, batteries. */
import type { Labels } from '../model.ts'
import type { Part } from '../page/view.ts'
import { type Find, markOf, progress, stateOf, words } from './parts.ts'

export function controllers(find: Find): Part[] {
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
