/** The logical drives of a Smart Array controller. Its arrays are groups of drives that hold one or several of them. */
import { judgeArray } from '../judge.ts'
import type { RaidArray, Task } from '../report.ts'
import { bytesOf } from '../text.ts'
import type { Owner } from './controller.ts'
import type { Node } from './outline.ts'
import { progressOf, taskOf } from './progress.ts'

/** @returns the numbers of the logical drives of an array: `A` */
export function membership(controller: Node): (array: string) => readonly string[] {
  const members = new Map<string, string[]>()
  for (const array of arraysIn(controller)) {
    const numbers = logicalIn(array).map(({ name }) => name)
    members.set(array.name, [...(members.get(array.name) ?? []), ...numbers])
  }
  return (array) => members.get(array) ?? []
}

/** @param drives how many stand in an array of the text */
export function* logicalDrivesOf(
  controller: Node,
  owner: Owner,
  drives: (array: string) => number,
): Generator<RaidArray> {
  for (const array of arraysIn(controller)) {
    const spoken = array.said.split(',').map((word) => word.trim())
    const whole = array.values.get('status') ?? spoken.find((word) => /^(failed|ok)/i.test(word)) ?? ''
    for (const { name, said, values } of logicalIn(array)) {
      // `RAID 6 (ADG)` has no comma; a state may: `Recovering, 26% complete`.
      const [size, level, ...state] = said.split(', ')
      const { word, tasks } = progressOf(values.get('status') ?? state.join(', '))
      yield {
        ...owner,
        kind: 'array',
        array: name,
        status: statusOf(word, whole, values.get('unrecoverable media errors')),
        name: values.get('logical drive label'),
        level: levelOf(values.get('fault tolerance') ?? level),
        device: /^\/dev\/(\S{1,64})/.exec(values.get('disk name') ?? '')?.[1],
        sizeBytes: bytesOf(values.get('size') ?? size, 1024),
        driveCount: drives(array.name) || undefined,
        tasks: [...tasks, ...parityOf(values)],
      }
    }
  }
}

function arraysIn(controller: Node): Node[] {
  return controller.children.filter(({ kind }) => kind === 'array')
}

function logicalIn(array: Node): Node[] {
  return array.children.filter(({ kind }) => kind === 'logical drive')
}

/** One that is well in an array that is not has lost a drive; one that has lost sectors is not what it was. */
function statusOf(own: string, array: string, mediaErrors = 'None'): RaidArray['status'] {
  const judged = judgeArray('hpe', own)
  if (judged.state !== 'optimal') return judged
  if (array !== '' && judgeArray('hpe', array).state !== 'optimal') return judgeArray('hpe', `Array ${array}`)
  return /^none$/i.test(mediaErrors) ? judged : judgeArray('hpe', `Unrecoverable Media Errors ${mediaErrors}`)
}

/** `6 (ADG)`, `RAID 1+0`, `1(ADM)`. */
function levelOf(text: string | undefined): string | undefined {
  const [, level] = /^(?:RAID )?(\d(?:\+?\d)?)/i.exec(text ?? '') ?? []
  return level === undefined ? undefined : `raid${level.replace('+', '')}`
}

function parityOf(values: ReadonlyMap<string, string>): Task[] {
  const status = values.get('parity initialization status') ?? ''
  return /progress|^initializing/i.test(status)
    ? [taskOf('initialise', values.get('parity initialization progress') ?? status)]
    : []
}
