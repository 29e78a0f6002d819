/**
 * /proc/mdstat: a section for each array: its name, activity, personality and members, a line with its size and how
 * many of its disks are up, and a line for what is being synchronised.
 * @see Linux drivers/md/md.c, md_seq_show
 */
import { ParseError } from '../../src/errors.ts'

export interface Member {
  readonly name: string
  /** Its number in the array. */
  readonly number: number
  /** `F` faulty, `S` spare, `W` write-mostly, `J` journal, `R` replacement. */
  readonly flags: string
}

export type SyncOperation = 'recovery' | 'resync' | 'reshape' | 'check' | 'repair'

export interface Sync {
  readonly operation: SyncOperation
  /** False while it waits for another array, or for the first write. */
  readonly goesOn: boolean
  /** 1 KiB blocks of one member done and in all; absent while it waits. */
  readonly done?: number
  readonly all?: number
  readonly remainingSeconds?: number
  readonly bytesPerSecond?: number
}

export interface MdStat {
  readonly name: string
  readonly isActive: boolean
  /** It runs, and has lost more than it can do without. */
  readonly isBroken: boolean
  /** Of its superblocks: `1.2`, `0.90`, `non-persistent`, `external:/md127/0` in a container, `external:imsm` for the container. */
  readonly metadata: string
  /** `raid1`, `linear`; absent for an array that is not assembled. */
  readonly personality?: string
  readonly members: readonly Member[]
  /** In blocks of 1 KiB; 0 for one that is being made and has no disk yet. */
  readonly blocks: number
  /** Disks it is made of, and those of them that are up: 0 for one that is not assembled. */
  readonly disks: number
  readonly disksUp: number
  readonly sync?: Sync
}

/** No array, but the disks that a controller's firmware knows as one set; the arrays in it stand beside it. */
export function isContainer({ metadata }: MdStat): boolean {
  return /^external:(?!\/)/.test(metadata)
}

const operations: readonly SyncOperation[] = ['recovery', 'resync', 'reshape', 'check', 'repair']

/**
 * @param skip is told of a section that has no line with its size; default throws it
 * @returns the arrays in the file's order; none on a machine without one
 */
export function parseMdstat(text: string, skip: (error: ParseError) => void = raise): MdStat[] {
  const lines = text.split('\n')
  const found: MdStat[] = []
  for (const [index, line] of lines.entries()) {
    const [, name, activity, rest = ''] =
      /^(md\S*|\S+_\d+) : (active|broken|inactive)\b(.*)$/.exec(line) ?? []
    if (name === undefined) continue
    const body: string[] = []
    for (let at = index + 1; /^\s+\S/.test(lines[at] ?? ''); at++) body.push(lines[at] ?? '')
    try {
      found.push(section(name, activity, rest, body))
    } catch (error) {
      if (!(error instanceof ParseError)) throw error
      skip(error)
    }
  }
  return found
}

function raise(error: ParseError): never {
  throw error
}

/** @throws {ParseError} */
function section(name: string, activity: string | undefined, rest: string, body: readonly string[]): MdStat {
  const isActive = activity !== 'inactive'
  const size = body.map((line) => /^\s+(\d{1,15}) blocks\b/.exec(line)).find(Boolean)
  const words = rest.trim().split(/\s+/)
  const members = words.flatMap((word): Member[] => {
    const [, member, number, flags = ''] = /^(\S+?)\[(\d{1,9})\]((?:\([A-Z]\))*)$/.exec(word) ?? []
    if (member === undefined) return []
    return [{ name: member, number: Number(number), flags: flags.replace(/[()]/g, '') }]
  })
  if (!size && (isActive || members.length > 0))
    throw new ParseError(`Cannot parse mdstat of "${name}": no line with its blocks`)
  const personality = words.find((word) => !word.includes('[') && !word.startsWith('('))
  const [, disks, disksUp] = /\[(\d{1,6})\/(\d{1,6})\] \[[U_]+\]/.exec(size?.input ?? '') ?? []
  // Without redundancy every member is needed, and no count is printed.
  const whole = personality === 'raid0' || personality === 'linear' ? members.length : 0
  const sync = body.map(parseSync).find((one) => one !== undefined)
  return {
    name,
    isActive,
    isBroken: activity === 'broken',
    // The oldest is not printed.
    metadata: /\bsuper (\S{1,60})/.exec(body[0] ?? rest)?.[1] ?? '0.90',
    ...(isActive && personality !== undefined && { personality }),
    members,
    blocks: Number(size?.[1] ?? 0),
    disks: isActive ? Number(disks ?? whole) : 0,
    disksUp: isActive ? Number(disksUp ?? whole) : 0,
    ...(sync && { sync }),
  }
}

/** `[=>...]  recovery = 19.6% (288381540/1465135936) finish=1420.1min speed=13810K/sec`, or `resync=DELAYED`. */
function parseSync(line: string): Sync | undefined {
  const word = /(\w+)\s*=\s*(?:\d|PENDING|DELAYED|REMOTE)/.exec(line)?.[1]
  const operation = operations.find((one) => one === word)
  if (operation === undefined) return undefined
  const [, done, all] = /\((\d{1,15})\/(\d{1,15})\)/.exec(line) ?? []
  if (done === undefined || all === undefined) return { operation, goesOn: false }
  const minutes = /finish=(\d+(?:\.\d+)?)min/.exec(line)?.[1]
  const speed = /speed=(\d{1,12})K\/sec/.exec(line)?.[1]
  return {
    operation,
    goesOn: true,
    done: Number(done),
    all: Number(all),
    ...(minutes !== undefined && { remainingSeconds: Number(minutes) * 60 }),
    ...(speed !== undefined && { bytesPerSecond: Number(speed) * 1024 }),
  }
}
