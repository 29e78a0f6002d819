/** Virtual drives out of `-LDInfo` and `-LDPDInfo`. */

import { operationOf, withActivity } from '../../derive.ts'
import { judgeArray } from '../../judge.ts'
import type { RaidArray, Task } from '../../report.ts'
import type { Card } from '../card.ts'
import { countOf, ratioOf, sizeOf, textOf } from '../values.ts'
import { blocksOf, type Line, valuesOf } from './text.ts'

export interface VolumePlace {
  readonly controller: string
  readonly controllerSerial?: string | undefined
  /** Drive groups in which a drive is being rebuilt. */
  readonly rebuilding: ReadonlySet<string>
}

const heading = /^(?:cachecade )?virtual (?:drive|disk)$/

/** A virtual drive with the lines that are its own, and those of its drives, which `-LDPDInfo` has. */
export interface VolumeBlock {
  readonly array: string
  /** Of the first drive that says so. */
  readonly group?: string | undefined
  readonly lines: readonly Line[]
}

export function volumeBlocks(lines: readonly Line[]): readonly VolumeBlock[] {
  return blocksOf(lines, ({ key }) => heading.test(key)).flatMap((block): VolumeBlock[] => {
    const said = block[0]?.value ?? ''
    const array = /Target Id: ?(\d{1,5})/i.exec(said)?.[1] ?? /^\s*(\d{1,5})\b/.exec(said)?.[1]
    if (array === undefined) return []
    const drives = block.findIndex(({ key }) => key === 'enclosure device id')
    const own = drives < 0 ? block : block.slice(0, drives)
    return [{ array, group: block.map(groupOf).find(Boolean), lines: own }]
  })
}

/** The drive group in a drive's position; newer versions misspell it. */
export function groupOf({ key, value }: Line): string | undefined {
  return /^drive's posi?tion$/.test(key) ? /DiskGroup: ?(\d{1,5})/.exec(value)?.[1] : undefined
}

export function volumesOf(blocks: readonly VolumeBlock[], place: VolumePlace): Card['volumes'] {
  const { controller, controllerSerial, rebuilding } = place
  return blocks.map(({ array, group, lines }) => {
    const values = valuesOf(lines)
    const word = textOf(values.get('state'))
    const tasks = lines.flatMap(taskOf)
    // A CacheCade drive has no state of its own in this tool.
    const status =
      word === undefined
        ? ({ state: 'unknown', word: '', known: true } as const)
        : judgeArray('broadcom', word)
    const cache = textOf(values.get('current cache policy'))
    const level = levelOf(values, lines[0]?.key.startsWith('cachecade') === true)
    const part: RaidArray = {
      kind: 'array',
      vendor: 'broadcom',
      controller,
      controllerSerial,
      array,
      status: withActivity(status, tasks, group !== undefined && rebuilding.has(group)),
      name: textOf(values.get('name')),
      level,
      sizeBytes: sizeOf(values.get('size')),
      driveCount: drivesOf(values),
      cache: /^WriteBack/.test(cache ?? '')
        ? 'write-back'
        : /^WriteThrough/.test(cache ?? '')
          ? 'write-through'
          : undefined,
      tasks,
    }
    return { part, facts: { group, cache: cache?.split(',')[0], type: level?.toUpperCase() } }
  })
}

/** `Primary-1, Secondary-0, RAID Level Qualifier-0`: spans make a 10 of a 1, whether Secondary says so or not. */
function levelOf(values: ReadonlyMap<string, string>, cachecade: boolean): string | undefined {
  if (cachecade) return 'cachecade'
  const said = textOf(values.get('raid level')) ?? ''
  const [, primary, secondary] = /^Primary-(\d{1,2}), Secondary-(\d{1,2})/.exec(said) ?? []
  if (primary === undefined) return said === '' ? undefined : said.toLowerCase()
  const spans = countOf(values.get('span depth')) ?? 1
  return `raid${primary}${(spans > 1 || secondary !== '0') && primary !== '0' ? '0' : ''}`
}

function drivesOf(values: ReadonlyMap<string, string>): number | undefined {
  const each = countOf(values.get('number of drives per span'))
  return each === undefined
    ? countOf(values.get('number of drives'))
    : each * (countOf(values.get('span depth')) ?? 1)
}

/** `Check Consistency        : Completed 12%, Taken 3 min.` */
export function taskOf({ key, value }: Line): Task[] {
  const percent = /^\s*Completed (\d{1,3})%/.exec(value)?.[1]
  const operation = percent === undefined ? undefined : operationOf(key)
  return operation === undefined ? [] : [{ operation, ratio: ratioOf(percent) }]
}
