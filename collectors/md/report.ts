/** The arrays of md as parts of the vendor-neutral RAID family: vendor and controller `md`, a drive for each member. */
import { judgeArray, judgeDrive } from '../raid/judge.ts'
import type { Drive, Operation, RaidArray, Task } from '../raid/report.ts'
import type { Disk } from './disks.ts'
import type { MdStat, SyncOperation } from './mdstat.ts'
import type { MdSysfs } from './sysfs.ts'

const operations: Readonly<Record<SyncOperation, Operation>> = {
  recovery: 'rebuild',
  resync: 'initialise',
  reshape: 'reshape',
  check: 'check',
  repair: 'check',
}

const kernel = { vendor: 'md', controller: 'md' } as const

export function arrayOf(array: MdStat, more: MdSysfs | undefined): RaidArray {
  const level = array.personality ?? more?.level
  return {
    kind: 'array',
    ...kernel,
    array: array.name,
    device: array.name,
    status: judgeArray('md', arrayWord(array, more)),
    ...(level !== undefined && { level }),
    sizeBytes: array.blocks * 1024,
    driveCount: array.disks,
    tasks: tasksOf(array),
  }
}

/** Drives that may fail before data is lost; of raid10 it depends on which. */
const redundancy: Readonly<Record<string, number>> = { raid4: 1, raid5: 1, raid6: 2, raid10: 1 }

/** One word out of activity, missing disks and what goes on: md has no single one. */
export function arrayWord(array: MdStat, more: MdSysfs | undefined): string {
  if (!array.isActive) return 'inactive'
  const { personality = '', disks, disksUp, sync } = array
  const down = Math.max(disks - disksUp, more?.degraded ?? 0)
  if (array.isBroken || more?.arrayState === 'broken') return 'failed'
  const hasFaulty = array.members.some(({ flags }) => flags.includes('F'))
  if ((personality === 'raid0' || personality === 'linear') && hasFaulty) return 'failed'
  if (down > 0) {
    const spare = personality === 'raid1' ? disks - 1 : redundancy[personality]
    if (spare !== undefined && down > spare && personality !== 'raid10') return 'failed'
    if (sync?.goesOn && sync.operation === 'recovery') return 'recovering'
    return spare !== undefined && down < spare ? 'partially degraded' : 'degraded'
  }
  if (sync?.goesOn) {
    if (sync.operation === 'recovery') return 'recovering'
    if (sync.operation === 'resync') return 'resyncing'
    if (sync.operation === 'check' || sync.operation === 'repair') return 'checking'
  }
  return more?.arrayState ?? 'active'
}

function tasksOf({ sync }: MdStat): Task[] {
  if (!sync?.goesOn || sync.done === undefined || !sync.all) return []
  const ratio = Math.min(1, sync.done / sync.all)
  return [{ operation: operations[sync.operation], ratio, remainingSeconds: sync.remainingSeconds }]
}

/** Members by their kernel names: md knows no slots. */
export function drivesOf(
  array: MdStat,
  more: MdSysfs | undefined,
  disks: ReadonlyMap<string, Disk> = new Map(),
): Drive[] {
  const states = new Map(more?.members.map((member) => [member.name, member]))
  const names = new Set([...array.members.map(({ name }) => name), ...states.keys()])
  const recovers = array.sync?.goesOn === true && array.sync.operation === 'recovery'
  return [...names].map((name): Drive => {
    const { flags, number } = array.members.find((member) => member.name === name) ?? { flags: '', number: 0 }
    const words = states.get(name)?.states ?? []
    const errors = states.get(name)?.errors
    return {
      kind: 'drive',
      ...kernel,
      enclosure: '',
      slot: name,
      array: array.name,
      ...disks.get(name),
      status: judgeDrive('md', memberWord(words, flags, recovers, number >= array.disks)),
      ...(errors !== undefined && { mediaErrors: errors }),
    }
  })
}

/**
 * @param recovers a recovery goes on in its array
 * @param isNew its number is beyond those of the array's places, as of one that came to replace another; one that came
 *   back has its old number
 */
function memberWord(words: readonly string[], flags: string, recovers: boolean, isNew: boolean): string {
  if (words.includes('faulty') || flags.includes('F')) return 'faulty'
  if (words.includes('journal') || flags.includes('J')) return 'journal'
  if (words.includes('in_sync')) return 'in_sync'
  if (flags.includes('S')) return 'spare'
  // It has a place in the array, and its data is not there yet.
  if (words.includes('spare')) return recovers ? 'rebuilding' : 'spare'
  if (recovers && isNew) return 'rebuilding'
  return words[0] ?? 'in_sync'
}
