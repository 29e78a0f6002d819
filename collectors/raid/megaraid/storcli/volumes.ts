/** Virtual drives of one controller out of `/cALL show all` and `/cALL/vALL show all`. */

import { operationOf, withActivity } from '../../derive.ts'
import { judgeArray } from '../../judge.ts'
import type { RaidArray, Task } from '../../report.ts'
import type { Card } from '../card.ts'
import { countOf, type Json, ratioOf, recordOf, rowsOf, sizeOf, textOf } from '../values.ts'

export interface VolumePlace {
  readonly controller: string
  readonly controllerSerial?: string | undefined
  readonly decimal: boolean
  /** Drive groups in which a drive is being rebuilt. */
  readonly rebuilding: ReadonlySet<string>
  /** What goes on with arrays, by number, with the time left. */
  readonly tasks: ReadonlyMap<string, readonly Task[]>
}

/** The rows of the virtual drives, by number. */
export function volumeRows(answers: readonly Json[]): ReadonlyMap<string, Json> {
  const rows = new Map<string, Json>()
  for (const data of answers) {
    const lists = Object.entries(data).filter(
      ([key]) => /^\/c\d+\/v\d+$/.test(key) || /^(VD LIST|Virtual Drives)$/.test(key),
    )
    for (const [, list] of lists)
      for (const row of rowsOf(list)) {
        const number = /^\s*(?:\d+|-)?\s*\/\s*(\d+)\s*$/.exec(String(row['DG/VD'] ?? ''))?.[1]
        if (number !== undefined) rows.set(number, row)
      }
  }
  return rows
}

/** The drive group of a row of `VD LIST`. */
export function groupOf(row: Json): string | undefined {
  return textOf(String(row['DG/VD'] ?? '').split('/')[0])
}

export function volumesOf(answers: readonly Json[], place: VolumePlace): Card['volumes'] {
  const { controller, controllerSerial, decimal } = place
  return [...volumeRows(answers)].map(([array, row]) => {
    const properties = recordOf(
      answers.map((data) => data[`VD${array} Properties`]).find((one) => one !== undefined),
    )
    const group = groupOf(row)
    const tasks = [...(place.tasks.get(array) ?? []), ...tasksOf(properties['Active Operations'])]
    const status = judgeArray('broadcom', textOf(row.State) ?? '')
    const level = textOf(row.TYPE)
    const part: RaidArray = {
      kind: 'array',
      vendor: 'broadcom',
      controller,
      controllerSerial,
      array,
      status: withActivity(status, tasks, group !== undefined && place.rebuilding.has(group)),
      name: textOf(row.Name),
      level: level?.toLowerCase(),
      device: textOf(properties['OS Drive Name'])?.replace(/^\/dev\//, ''),
      sizeBytes: exactSize(properties['Number of Blocks'], sizeOf(row.Size, undefined, decimal)),
      driveCount: drivesOf(properties),
      cache: cacheOf(textOf(row.Cache)),
      tasks,
    }
    return { part, facts: { group, cache: textOf(row.Cache), type: level } }
  })
}

/** Blocks are of 512 bytes, or of 4096 on drives that have no other. */
function exactSize(blocks: unknown, said: number | undefined): number | undefined {
  const count = countOf(blocks) ?? 0
  if (said === undefined) return undefined
  return [count * 512, count * 4096].find((bytes) => Math.abs(bytes - said) < said * 0.01) ?? said
}

function drivesOf(properties: Json): number | undefined {
  const each = countOf(properties['Number of Drives Per Span'])
  return each === undefined ? undefined : each * (countOf(properties['Span Depth']) ?? 1)
}

/** RWBD, NRWTD, NRAWBC: read ahead or not, then how it writes, then how it reads. */
function cacheOf(word: string | undefined): string | undefined {
  if (word === undefined) return undefined
  return /WB/i.test(word) ? 'write-back' : /WT/i.test(word) ? 'write-through' : word.toLowerCase()
}

/** `Consistency Check (36%)`, or several of them. */
function tasksOf(value: unknown): Task[] {
  const found = [...(textOf(value) ?? '').slice(0, 400).matchAll(/([a-z][a-z ]{0,40})\((\d{1,3}) ?%\)/gi)]
  return found.flatMap(([, name = '', percent]): Task[] => {
    const operation = operationOf(name.trim())
    return operation === undefined ? [] : [{ operation, ratio: ratioOf(percent) }]
  })
}
