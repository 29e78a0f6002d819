/**
 * storcli, storcli64, perccli and perccli64: one question for all controllers at a time (each.ts). What is asked beyond
 * the first is left out of the reading when it fails.
 */
import { CommandError } from '../../../../src/errors.ts'
import { operationOf } from '../../derive.ts'
import type { Operation } from '../../report.ts'
import type { VendorContext } from '../../vendor.ts'
import type { Card, Reading } from '../card.ts'
import { isRecord, recordOf } from '../values.ts'
import type { Answer } from './answer.ts'
import { cardsOf, type Going } from './cards.ts'
import { eachAsker } from './each.ts'
import { patrolOf, progressOf, type Tasks } from './progress.ts'

const allDrives = '/cALL/eALL/sALL'
const allArrays = '/cALL/vALL'

/** @throws {CommandError}, {ParseError}, {ToolError} no controller can be read */
export async function readStorcli({ tool, skip }: VendorContext): Promise<Reading> {
  const ask = eachAsker(tool, skip)
  const answers = [...(await ask(['/cALL', 'show', 'all']))]
  const [first] = answers
  if (first?.error && answers.every(({ error }) => error)) throw first.error
  for (const { error } of answers) if (error) skip(error)

  let hung = false
  /** None when it fails: there is more to read than this. What one controller refuses it does not have. */
  const more = async (...args: readonly string[]): Promise<readonly Answer[]> => {
    if (hung) return []
    try {
      return await ask(args)
    } catch (error) {
      hung = error instanceof CommandError && error.timedOut
      skip(error instanceof Error ? error : new Error(String(error)))
      return []
    }
  }
  const seen = cardsOf(answers, () => undefined)
  const some = (test: (card: Card) => boolean) => seen.some(test)
  // An HBA tells the details of its drives at once.
  const terse = (enclosed: boolean) =>
    some(({ disks }) =>
      disks.some(
        ({ part, facts }) => (part.enclosure !== '') === enclosed && facts.emergencySpare === undefined,
      ),
    )
  if (terse(true)) answers.push(...(await more(allDrives, 'show', 'all')))
  if (terse(false)) answers.push(...(await more('/cALL/sALL', 'show', 'all')))
  if (some(({ volumes }) => volumes.length > 0)) answers.push(...(await more(allArrays, 'show', 'all')))
  const has = (technology: string) =>
    some(({ batteries }) =>
      batteries.some((one) => one.technology === technology && one.status.state !== 'missing'),
    )
  if (has('battery')) answers.push(...(await more('/cALL/bbu', 'show', 'all')))
  if (has('capacitor')) answers.push(...(await more('/cALL/cv', 'show', 'all')))
  const unread = answers.flatMap(({ controller, error }) =>
    error && controller !== undefined ? [controller] : [],
  )
  const going = await goingOn(answers, seen, more)
  return {
    cards: cardsOf(answers, skip, going),
    unread: unread.filter((one) => !seen.some(({ part }) => part.controller === one)),
  }
}

type More = (...args: readonly string[]) => Promise<readonly Answer[]>

/** Asks only after what a first look shows to be going on: on a quiet machine that is one question. */
async function goingOn(answers: readonly Answer[], seen: readonly Card[], more: More): Promise<Going> {
  const drives = new Map<string, Tasks>()
  const arrays = new Map<string, Tasks>()
  const words = new Set(seen.flatMap(({ disks }) => disks.map(({ facts }) => facts.state)))
  const ask = async (into: Map<string, Tasks>, what: string, verb: string, operation: Operation) => {
    for (const [controller, tasks] of progressOf(await more(what, 'show', verb), operation)) {
      const all = into.get(controller) ?? new Map()
      for (const [where, list] of tasks) all.set(where, [...(all.get(where) ?? []), ...list])
      into.set(controller, all)
    }
  }
  if (words.has('Rbld')) await ask(drives, allDrives, 'rebuild', 'rebuild')
  if (words.has('Cpybck')) await ask(drives, allDrives, 'copyback', 'copyback')
  const active = new Set(answers.flatMap(activeOperations))
  if (active.has('check')) await ask(arrays, allArrays, 'cc', 'check')
  if (active.has('initialise')) {
    await ask(arrays, allArrays, 'bgi', 'initialise')
    await ask(arrays, allArrays, 'init', 'initialise')
  }
  if (active.has('reshape')) await ask(arrays, allArrays, 'migrate', 'reshape')
  const raid = seen.some(({ facts }) => facts.driver === 'megaraid_sas')
  const controllers = patrolOf(raid ? await more('/cALL', 'show', 'patrolread') : [])
  if (controllers.size > 0) await ask(drives, allDrives, 'patrolread', 'patrol-read')
  return { drives, arrays, controllers }
}

function activeOperations({ data }: Answer): Operation[] {
  if (!isRecord(data)) return []
  return Object.entries(data).flatMap(([key, value]) => {
    if (!/^VD\d+ Properties$/.test(key)) return []
    const operation = operationOf(String(recordOf(value)['Active Operations'] ?? ''))
    return operation === undefined ? [] : [operation]
  })
}
