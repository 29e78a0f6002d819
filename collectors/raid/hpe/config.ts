/** Everything that one text of ssacli, hpssacli or hpacucli says of the controllers. */
import type { RaidPart } from '../report.ts'
import { logicalDrivesOf, membership } from './arrays.ts'
import { batteryOf, controllerOf, type Owner, ownerOf } from './controller.ts'
import { driveOf, drivesIn } from './drives.ts'
import { type Node, parseOutline } from './outline.ts'

/** A controller and what belongs to it. */
export interface SmartArray {
  readonly owner: Owner
  readonly parts: readonly RaidPart[]
  /** Nothing in it is announced and then left out, as in a text that ends early. */
  readonly whole: boolean
}

/** @throws {ToolError} no controller, or no permission; {ParseError} anything else that is not about controllers */
export function parseSmartArrays(text: string): SmartArray[] {
  return parseOutline(text).map(smartArrayOf)
}

function smartArrayOf(node: Node): SmartArray {
  const owner = ownerOf(node)
  const membersOf = membership(node)
  const drives = drivesIn(node).map((notes) => ({ notes, drive: driveOf(notes, owner, membersOf) }))
  // Where details say what drives are there for, the short line of one without does not: it may be anything.
  const detailed = drives.some(({ notes }) => notes.values.has('drive type'))
  const vague = drives.filter(
    ({ notes, drive }) => detailed && !notes.values.has('drive type') && drive.status.state === 'online',
  )
  // A spare stands in the array it waits for, and is no part of it.
  const driveCount = (array: string) =>
    drives.filter(({ notes, drive }) => notes.arrays.includes(array) && drive.status.state !== 'hot-spare')
      .length
  const arrays = [...logicalDrivesOf(node, owner, driveCount)]
  const parts = [
    controllerOf(node, owner),
    batteryOf(node, owner),
    ...arrays.filter(({ status }) => status.word !== ''),
    ...drives.filter((one) => !vague.includes(one)).map(({ drive }) => drive),
  ]
  const whole = vague.length === 0 && arrays.every(({ status }) => status.word !== '')
  return { owner, parts: parts.filter((part) => part !== undefined), whole }
}
