/** arcconf GETSTATUS n: what goes on now, on which logical device or drive. */
import { ParseError } from '../../../src/errors.ts'
import type { Operation, Task } from '../report.ts'
import { ratioOf } from './values.ts'

export interface Tasks {
  /** By the number of the logical device. */
  readonly arrays: ReadonlyMap<string, readonly Task[]>
  /** By channel and device: `0,4`. */
  readonly drives: ReadonlyMap<string, readonly Task[]>
  readonly controller: readonly Task[]
}

export const noTasks: Tasks = { arrays: new Map(), drives: new Map(), controller: [] }

/** What arcconf calls an operation begins so. */
const operations: readonly (readonly [RegExp, Operation])[] = [
  [/^(rebuild|recover)/, 'rebuild'],
  [/^(build|clear|zero|init|format|quick init)/, 'initialise'],
  [/^(verify|consistency|background consistency|data scrub)/, 'check'],
  [/^(compact|expan|migrat|morph|reconfig|transform|shrink|optimi[sz])/, 'reshape'],
  [/^copy ?-?back/, 'copyback'],
  [/^(secure )?(erase|sanitize)/, 'erase'],
]

/**
 * @returns nothing where nothing goes on
 * @throws {ParseError} if it is no answer of GETSTATUS
 */
export function parseStatus(text: string, skip: (error: Error) => void): Tasks {
  if (!/^ *(Controllers found:|Current operation\b|Logical device task)/im.test(text))
    throw new ParseError(`Cannot parse GETSTATUS "${text.trim().slice(0, 100)}": no "Current operation"`)
  const arrays = new Map<string, Task[]>()
  const drives = new Map<string, Task[]>()
  const controller: Task[] = []
  for (const values of taskBlocks(text)) {
    const task = taskOf(values, skip)
    if (task === undefined) continue
    const array = values.get('logical device')
    const device = /^\d{1,6}, ?\d{1,6}/.exec(
      values.get('physical device') ?? values.get('device') ?? values.get('channel,device') ?? '',
    )?.[0]
    if (array !== undefined && /^\d{1,6}$/.test(array)) add(arrays, array, task)
    else if (device !== undefined) add(drives, device.replace(' ', ''), task)
    else controller.push(task)
  }
  return { arrays, drives, controller }
}

function add(tasks: Map<string, Task[]>, key: string, task: Task): void {
  tasks.set(key, [...(tasks.get(key) ?? []), task])
}

/** A line without a value (`Logical device Task:`) begins one; so does a key that is there already. */
function* taskBlocks(text: string): Generator<ReadonlyMap<string, string>> {
  let values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const at = line.search(/:(\s|$)/)
    if (at < 0) continue
    const key = line.slice(0, at).trim().toLowerCase()
    const value = line.slice(at + 1).trim()
    if (value === '' || values.has(key)) {
      yield values
      values = new Map()
    }
    if (value !== '') values.set(key, value)
  }
  yield values
}

function taskOf(values: ReadonlyMap<string, string>, skip: (error: Error) => void): Task | undefined {
  const word = values.get('current operation')?.toLowerCase()
  if (word === undefined || word === 'none') return undefined
  if (/complete|abort|fail|stop/i.test(values.get('status') ?? '')) return undefined
  const operation = operations.find(([begins]) => begins.test(word))?.[1]
  if (operation === undefined) {
    skip(new ParseError(`Cannot parse GETSTATUS operation "${word}": not known`))
    return undefined
  }
  const ratio = ratioOf(values.get('percentage complete'))
  return { operation, ...(ratio !== undefined && { ratio }) }
}
