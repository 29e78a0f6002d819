/** Controllers out of the answers of MegaCli, each joined by the adapter's number. */
import type { Task } from '../../report.ts'
import type { Card } from '../card.ts'
import { adapterOf } from './adapters.ts'
import { batteryOf } from './batteries.ts'
import { disksOf } from './disks.ts'
import type { Line } from './text.ts'
import { volumeBlocks, volumesOf } from './volumes.ts'

export type Adapters = ReadonlyMap<string, readonly Line[]>

/** Each by adapter; an answer that is not there is empty. */
export interface Answers {
  readonly info: Adapters
  readonly volumes?: Adapters
  readonly drives?: Adapters
  readonly batteries?: Adapters
  readonly patrol?: Adapters
  /** The status of a controller by its SAS address. */
  readonly summary?: ReadonlyMap<string, string>
  /** What goes on with drives, by adapter and `enclosure:slot`. */
  readonly tasks?: ReadonlyMap<string, ReadonlyMap<string, readonly Task[]>>
}

/** @param skip gets what is wrong with one part */
export function cardsOf(answers: Answers, skip: (error: Error) => void): readonly Card[] {
  return [...answers.info.keys()].map((controller) => {
    const { part, facts } = adapterOf(
      controller,
      answers.info.get(controller) ?? [],
      answers.summary,
      answers.patrol?.get(controller),
    )
    const { controllerSerial } = part
    const blocks = volumeBlocks(answers.volumes?.get(controller) ?? [])
    const arrays = new Map<string, string>()
    for (const { array, group } of blocks)
      if (group !== undefined) arrays.set(group, [arrays.get(group), array].filter(Boolean).join(','))
    const lines = answers.drives?.get(controller)
    const tasks = answers.tasks?.get(controller)
    const place = { controller, controllerSerial }
    const disks = disksOf(lines ?? [], { ...place, arrays, ...(tasks && { tasks }) }, skip)
    const rebuilding = new Set(
      disks.flatMap((disk) => (disk.part.status.state === 'rebuilding' ? (disk.facts.group ?? []) : [])),
    )
    const volumes = volumesOf(blocks, { ...place, rebuilding })
    const battery = batteryOf(answers.batteries?.get(controller) ?? [], place)
    return {
      part,
      facts: {
        ...facts,
        physicalDrives: lines === undefined ? facts.physicalDrives : disks.length,
        virtualDrives: answers.volumes === undefined ? facts.virtualDrives : volumes.length,
        driveGroups: arrays.size > 0 ? arrays.size : undefined,
        batteryHealthy:
          battery && battery.status.state !== 'missing'
            ? ['optimal', 'charging'].includes(battery.status.state)
            : undefined,
      },
      volumes,
      disks,
      batteries: battery ? [battery] : [],
      whole: [answers.drives, answers.volumes, answers.batteries].every((one) => one?.has(controller)),
    }
  })
}
