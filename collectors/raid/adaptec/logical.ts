/** What arcconf GETCONFIG says of the logical devices and of the maxCache devices, which are arrays of the controller too. */
import { withActivity } from '../derive.ts'
import { judgeArray } from '../judge.ts'
import type { RaidArray, Task } from '../report.ts'
import { bytesOf } from '../text.ts'
import { type Block, textOf } from './blocks.ts'
import type { Owner } from './controller.ts'
import { countOf } from './values.ts'

export const arrayItems = ['logical device number', 'maxcache device number'] as const

/** The blocks of one item: its own and those of its parts. */
export function* itemsOf(blocks: readonly Block[], item: string): Generator<[number: string, Block[]]> {
  const found = new Map<string, Block[]>()
  for (const block of blocks) {
    if (block.item !== item) continue
    const key = `${block.channel} ${block.number}`
    const before = found.get(key)
    if (before) before.push(block)
    else found.set(key, [block])
  }
  for (const list of found.values()) yield [list[0]?.number ?? '', list]
}

/** @param tasks by the number of the logical device */
export function* arraysOf(
  blocks: readonly Block[],
  owner: Owner,
  tasks: ReadonlyMap<string, readonly Task[]>,
): Generator<RaidArray> {
  for (const item of arrayItems) {
    for (const [array, own] of itemsOf(blocks, item)) {
      const status = textOf(own, 'status of logical device', 'status of maxcache')
      const name = textOf(own, 'logical device name', 'maxcache device name')
      yield {
        ...owner,
        kind: 'array',
        array,
        status: withActivity(judgeArray('adaptec', status ?? ''), tasks.get(array) ?? [], false),
        name,
        level: levelOf(textOf(own, 'raid level')),
        device: /^\/dev\/(\S{1,64})/.exec(textOf(own, 'disk name') ?? '')?.[1],
        sizeBytes: bytesOf(textOf(own, 'size'), 1024),
        driveCount: segmentsOf(own).length || countOf(textOf(own, 'number of segments')),
        cache: cacheOf(own),
        tasks: tasks.get(array) ?? [],
      }
    }
  }
}

/** `6 Reed-Solomon`, `1E`, `Simple_volume`. */
function levelOf(text: string | undefined): string | undefined {
  const [, level] = /^(\d{1,3}[A-Z]{0,2})(?:$| )/i.exec(text ?? '') ?? []
  return level === undefined ? text?.toLowerCase() : `raid${level.toLowerCase()}`
}

function cacheOf(own: readonly Block[]): string | undefined {
  const status = textOf(own, 'write-cache status')
  if (status !== undefined) return status.toLowerCase() === 'on' ? 'write-back' : 'write-through'
  return /write-(?:back|through)/.exec(textOf(own, 'write-cache mode') ?? '')?.[0]
}

/** `Segment 0`, `Group 1, Segment 0`: what is said of each member. ServeRAID lists them in one line: `0,0 0,1`. */
export function segmentsOf(own: readonly Block[]): string[] {
  const segments = own
    .flatMap(({ values }) => values)
    .filter(([key]) => /(?:^|, )segment \d{1,4}$/.test(key))
    .map(([, value]) => value)
  const listed = textOf(own, 'drive(s) (channel,device)') ?? ''
  return segments.length > 0
    ? segments
    : (listed.match(/\d{1,6},\d{1,6}/g) ?? []).map((place) => `(${place})`)
}
