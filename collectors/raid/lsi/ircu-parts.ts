/** The parts of one controller, out of what sas2ircu and sas3ircu tell of it. */
import { judgeArray, judgeController, judgeDrive } from '../judge.ts'
import type { ArrayState, Controller, Drive, Judged, Operation, RaidArray, Task } from '../report.ts'
import type { IrDisplay, IrDrive, IrProgress, IrVolume } from './ircu.ts'

const operations: Readonly<Record<string, Operation>> = {
  synchronize: 'rebuild',
  'background init': 'initialise',
  'consistency check': 'check',
  'make data consistent': 'check',
  'media verify': 'check',
  'online capacity expansion': 'reshape',
}

/** @param progress by volume id, as STATUS tells */
export function ircuParts(
  controller: string,
  display: IrDisplay,
  progress: ReadonlyMap<string, IrProgress>,
): (Controller | RaidArray | Drive)[] {
  const at = { vendor: 'lsi', controller } as const
  const { type, firmware, volumes, drives } = display
  const home = new Map(volumes.flatMap(({ id, members }) => members.map((place) => [place, id] as const)))
  return [
    { ...at, kind: 'controller', status: judgeController('lsi', 'Present'), model: type, firmware },
    ...volumes.map((volume) => arrayOf(at, volume, progress.get(volume.id))),
    ...drives.map((drive) => driveOf(at, drive, home.get(`${drive.enclosure}:${drive.slot}`))),
  ]
}

type At = Pick<RaidArray, 'vendor' | 'controller'>

function arrayOf(at: At, volume: IrVolume, progress: IrProgress | undefined): RaidArray {
  const { id, name, level, sizeBytes, members } = volume
  return {
    ...at,
    kind: 'array',
    array: id,
    status: judgeVolume(volume.status, progress?.operation),
    name,
    level,
    sizeBytes,
    driveCount: members.length > 0 ? members.length : undefined,
    tasks: tasksOf(progress),
  }
}

/** An operation that the table does not know leaves the state as it is, and is counted as an unknown word. */
function judgeVolume(status: string, operation: string | undefined): Judged<ArrayState> {
  const plain = judgeArray('lsi', status)
  if (operation === undefined) return plain
  const going = judgeArray('lsi', `${status}, ${operation}`)
  return going.known ? going : { ...going, state: plain.state }
}

function tasksOf(progress: IrProgress | undefined): Task[] {
  const operation = operations[progress?.operation?.toLowerCase() ?? '']
  return operation === undefined ? [] : [{ operation, ratio: progress?.ratio }]
}

function driveOf(at: At, drive: IrDrive, array: string | undefined): Drive {
  const { enclosure, slot, state, sizeBytes, manufacturer, model, firmware, serial, protocol, type } = drive
  const placed = array !== undefined && /^Ready\b/.test(state) ? `${state}, in a volume` : state
  return {
    ...at,
    kind: 'drive',
    enclosure,
    slot,
    status: judgeDrive('lsi', placed),
    array,
    model: [manufacturer === 'ATA' ? undefined : manufacturer, model].filter(Boolean).join(' ') || undefined,
    serial,
    firmware,
    interface: protocol === 'PCIe' ? 'nvme' : protocol?.toLowerCase(),
    media: /_(HDD|SSD)$/.exec(type ?? '')?.[1]?.toLowerCase(),
    sizeBytes,
  }
}
