/** The parts of one controller, out of what mpt-status tells of each of its volumes. */
import { judgeArray, judgeController, judgeDrive } from '../judge.ts'
import type { Controller, Drive, RaidArray, Task } from '../report.ts'
import type { MptReading } from './mpt.ts'

/** Drives have no slots here: the number of the physical disk on the card is their place. */
export function mptParts(
  controller: string,
  readings: readonly MptReading[],
): (Controller | RaidArray | Drive)[] {
  const at = { vendor: 'lsi', controller } as const
  const parts: (RaidArray | Drive)[] = []
  for (const { parts: found, progress } of readings) {
    const volumes = found.filter((part) => part.kind === 'volume')
    const going = [...progress.values()].filter((ratio) => ratio < 1)
    const tasks: Task[] = going.length > 0 ? [{ operation: 'rebuild', ratio: Math.min(...going) }] : []
    for (const part of found) {
      const { id, status, sizeBytes } = part
      if (part.kind === 'volume') {
        const { level, driveCount } = part
        const more = { level, driveCount, sizeBytes, tasks }
        parts.push({ ...at, kind: 'array', array: id, status: judgeArray('lsi', status), ...more })
      } else {
        const { model, firmware, smartAlert } = part
        const more = { array: volumes.length === 1 ? volumes[0]?.id : undefined, model, firmware, sizeBytes }
        const place = { enclosure: '', slot: id }
        parts.push({ ...at, kind: 'drive', ...place, status: judgeDrive('lsi', status), ...more, smartAlert })
      }
    }
  }
  return [{ ...at, kind: 'controller', status: judgeController('lsi', 'Present') }, ...parts]
}
