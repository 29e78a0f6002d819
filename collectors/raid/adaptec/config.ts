/** arcconf GETCONFIG n AL: everything about one controller. */
import { ParseError } from '../../../src/errors.ts'
import type { RaidPart } from '../report.ts'
import { parseBlocks } from './blocks.ts'
import { batteryOf, controllerOf, type Owner, ownerOf, sectionOf } from './controller.ts'
import { assertAnswer } from './controllers.ts'
import { arraysOf } from './logical.ts'
import { drivesOf, type Located } from './physical.ts'
import type { Tasks } from './status.ts'

export interface Config {
  readonly owner: Owner
  /** All but the drives. */
  readonly parts: readonly RaidPart[]
  readonly drives: readonly Located[]
  /** The text ends as it should: what it does not list is not there. */
  readonly whole: boolean
}

/**
 * @param controller its number; the text of one part (`LD`, `PD`) is read as well
 * @param skip told of a drive that says too little
 * @throws {ToolError} the controller does not have what was asked for; {ParseError} no configuration, or one torn
 *   before its drives
 */
export function parseConfig(
  text: string,
  controller: string,
  tasks: Tasks,
  skip: (error: Error) => void,
): Config {
  const { blocks, whole } = parseBlocks(text)
  const owner = ownerOf(blocks, controller)
  const own = controllerOf(blocks, owner, tasks.controller)
  const battery = batteryOf(blocks, owner)
  const arrays = [...arraysOf(blocks, owner, tasks.arrays)]
  const drives = [...drivesOf(blocks, owner, tasks.drives, skip)]
  const parts = [own, battery, ...arrays].filter((part) => part !== undefined)
  if (parts.length + drives.length === 0) {
    assertAnswer(text, `controller ${controller}`)
    const said = text.trim().slice(0, 100)
    throw new ParseError(`Cannot parse controller ${controller} "${said}": no "Controller information"`)
  }
  // Torn so early, it may lack even the serial number, which names all parts.
  if (!whole && own !== undefined && sectionOf(blocks, 'physical device information').length === 0)
    throw new ParseError(`Cannot parse controller ${controller}: the text ends before its drives`)
  return { owner, parts, drives, whole }
}
