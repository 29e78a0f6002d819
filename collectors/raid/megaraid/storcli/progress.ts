/** What goes on, out of `show rebuild`, `show cc` and their like, and `show patrolread`. */

import { operationOf } from '../../derive.ts'
import type { Operation, Task } from '../../report.ts'
import { type Json, ratioOf, recordOf, rowsOf, secondsOf, textOf } from '../values.ts'
import type { Answer } from './answer.ts'

/** Tasks of one controller's parts, by `enclosure:slot` of a drive or by the number of an array. */
export type Tasks = Map<string, Task[]>

/** @returns by controller; what is not in progress is left out */
export function progressOf(answers: readonly Answer[], operation?: Operation): ReadonlyMap<string, Tasks> {
  const found = new Map<string, Tasks>()
  for (const { controller, data } of answers) {
    const rows = [data, ...Object.values(recordOf(data))].flatMap(rowsOf)
    for (const row of rows) {
      const drive = /^\/c(\d+)(?:\/e(\d+))?\/s(\d+)$/.exec(textOf(row['Drive-ID']) ?? '')
      const array = textOf(row.VD)
      const task = taskOf(row, operation)
      const where = drive ? `${drive[2] ?? ''}:${drive[3]}` : array
      const owner = drive?.[1] ?? controller
      if (!task || where === undefined || owner === undefined) continue
      const tasks = found.get(owner) ?? new Map<string, Task[]>()
      tasks.set(where, [...(tasks.get(where) ?? []), task])
      found.set(owner, tasks)
    }
  }
  return found
}

function taskOf(row: Json, given: Operation | undefined): Task | undefined {
  if (!/^in progress/i.test(textOf(row.Status) ?? '')) return undefined
  const operation = given ?? operationOf(textOf(row.Operation) ?? '')
  if (operation === undefined) return undefined
  return {
    operation,
    ratio: ratioOf(row['Progress%']),
    remainingSeconds: secondsOf(row['Estimated Time Left']),
  }
}

/** The controllers whose patrol read runs, with the share of it that is done where the tool says it. */
export function patrolOf(answers: readonly Answer[]): ReadonlyMap<string, Task> {
  const found = new Map<string, Task>()
  for (const { controller, data } of answers) {
    if (controller === undefined) continue
    for (const row of rowsOf(recordOf(data)['Controller Properties'])) {
      const state = textOf(row.Ctrl_Prop) === 'PR Current State' ? textOf(row.Value) : undefined
      if (!/^active/i.test(state ?? '')) continue
      found.set(controller, { operation: 'patrol-read', ratio: ratioOf(/\d+ ?%/.exec(state ?? '')?.[0]) })
    }
  }
  return found
}
