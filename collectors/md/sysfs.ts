/**
 * /sys/block/md<n>/md: what the kernel says of an array and of its members beside mdstat. Files are missing on older
 * kernels, on personalities without redundancy, and while an array is being stopped.
 * @see Linux Documentation/admin-guide/md.rst
 */
import { ParseError } from '../../src/errors.ts'
import type { Tree } from '../../src/tree.ts'

export interface MdMember {
  /** `sda1` */
  readonly name: string
  /** `in_sync`, `faulty`, `spare`, `write_mostly`, `journal`, … */
  readonly states: readonly string[]
  readonly errors?: number
  readonly badSectors?: number
}

export interface MdSysfs {
  readonly level?: string
  readonly arrayState?: string
  readonly raidDisks?: number
  readonly degraded?: number
  readonly mismatchSectors?: number
  readonly members: readonly MdMember[]
}

/** @returns undefined where the array has no such folder; a file that cannot be read or understood is reported and left out */
export async function readMdSysfs(
  sys: Tree,
  name: string,
  skip: (error: Error) => void,
): Promise<MdSysfs | undefined> {
  const folder = `block/${name}/md`
  const names = await sys.list(folder)
  if (names.length === 0) return undefined
  const read = async <T>(path: string, parse: (text: string) => T | undefined): Promise<T | undefined> => {
    try {
      const text = await sys.line(`${folder}/${path}`)
      return text === undefined ? undefined : parse(text)
    } catch (error) {
      skip(error instanceof Error ? error : new Error(String(error)))
      return undefined
    }
  }
  const members: MdMember[] = []
  for (const entry of names.filter((one) => one.startsWith('dev-'))) {
    const states = await read(`${entry}/state`, parseWords)
    if (states === undefined) continue
    members.push({
      name: entry.slice('dev-'.length),
      states,
      ...given(
        'errors',
        await read(`${entry}/errors`, (text) => parseCountOrNone(`${name} ${entry}/errors`, text)),
      ),
      ...given(
        'badSectors',
        await read(`${entry}/bad_blocks`, (text) => parseBadBlocks(`${name} ${entry}`, text)),
      ),
    })
  }
  const word = (path: string) => read(path, (text) => (text === '' ? undefined : text))
  const count = (path: string) => read(path, (text) => parseCountOrNone(`${name} ${path}`, text))
  return {
    ...given('level', await word('level')),
    ...given('arrayState', await word('array_state')),
    ...given('raidDisks', await count('raid_disks')),
    ...given('degraded', await count('degraded')),
    ...given('mismatchSectors', await count('mismatch_cnt')),
    members,
  }
}

function given<Key extends string, T>(key: Key, value: T | undefined): { [key in Key]?: T } {
  const found: { [key in Key]?: T } = {}
  if (value !== undefined) found[key] = value
  return found
}

function parseWords(text: string): string[] {
  return text.split(/[,\s]+/).filter((word) => word !== '')
}

/** Some personalities print nothing. */
function parseCountOrNone(what: string, text: string): number | undefined {
  return text === '' ? undefined : parseCount(what, text)
}

/** `11 (10)` while a reshape goes on: the number that will be. @throws {ParseError} */
export function parseCount(what: string, text: string): number {
  const [, number] = /^(\d{1,15})(?: \(\d+\))?$/.exec(text.trim()) ?? []
  if (number === undefined) throw new ParseError(`Cannot parse md ${what} "${text}": expected a number`)
  return Number(number)
}

/** Lines of `<first sector> <length>`, none for a member without bad blocks. @throws {ParseError} */
export function parseBadBlocks(what: string, text: string): number {
  let sectors = 0
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const [, length] = /^\d{1,20} (\d{1,15})$/.exec(line.trim()) ?? []
    if (length === undefined)
      throw new ParseError(`Cannot parse md ${what} bad_blocks "${line}": expected a sector and a length`)
    sectors += Number(length)
  }
  return sectors
}
