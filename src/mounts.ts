/**
 * What is mounted, from /proc/<pid>/mountinfo: one mount per line, oldest first,
 * `36 35 98:0 /root /mount/point rw,noatime master:1 - ext4 /dev/root rw,errors=continue`.
 * @see proc_pid_mountinfo(5), Linux fs/proc_namespace.c
 */
import { ParseError } from './errors.ts'
import type { Tree } from './tree.ts'

export interface Mount {
  readonly id: number
  readonly parent: number
  /** `major:minor` of the file system; major 0 is an anonymous number that belongs to no block device. */
  readonly device: string
  /** The folder of the file system that is mounted here: `/` unless it is a bind mount or a subvolume. */
  readonly root: string
  readonly mountPoint: string
  /** Options of this mount: `ro` here was asked for by whoever mounted it. */
  readonly mountOptions: readonly string[]
  readonly fsType: string
  /** What it was mounted from, as it was written then: `/dev/root`, `tmpfs`, even nothing. */
  readonly source: string
  /** Options of the file system: `ro` here alone is what a file system turns to after errors. */
  readonly superOptions: readonly string[]
  /** Nothing can be written here: either side says `ro`, or ext4 says `emergency_ro` while both still say `rw`. */
  readonly readOnly: boolean
}

/**
 * Parses a whole mountinfo.
 * @returns every mount, covered ones included, in the kernel's order. Paths and words are unescaped,
 *   options only as far as `option` and `overlayPaths` do it, since an escaped comma is part of a value.
 * @throws {ParseError} that names the line.
 */
export function parseMountinfo(text: string): Mount[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line, index) => parseLine(line, index + 1))
}

function parseLine(line: string, number: number): Mount {
  // Single spaces: a mount whose source is the empty string leaves two beside each other.
  const words = line.split(' ')
  const dash = words.indexOf('-', 6)
  const [id, parent, device, root, mountPoint, mountOptions] = words
  const [fsType, source, ...superOptions] = dash === -1 ? [] : words.slice(dash + 1)
  const fail = (reason: string) =>
    new ParseError(`Cannot parse mountinfo line ${number} "${line}": ${reason}`)
  if (!id || !parent || !device || !root || !mountPoint || !mountOptions) throw fail('too few fields')
  if (!/^\d+$/.test(id) || !/^\d+$/.test(parent)) throw fail('a mount id is not a number')
  if (!/^\d+:\d+$/.test(device)) throw fail(`"${device}" is not a device number`)
  if (!mountPoint.startsWith('/')) throw fail(`"${mountPoint}" is not a mount point`)
  if (dash === -1) throw fail('no separator "-"')
  if (!fsType || source === undefined || superOptions.length === 0) throw fail('too few fields after "-"')
  const own = mountOptions.split(',')
  const shared = superOptions.join(' ').split(',')
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: unescapeOctal(root),
    mountPoint: unescapeOctal(mountPoint),
    mountOptions: own,
    fsType: unescapeOctal(fsType),
    source: unescapeOctal(source),
    superOptions: shared,
    readOnly: [...own, ...shared].some((option) => option === 'ro' || option === 'emergency_ro'),
  }
}

/** Undoes the kernel's octal escapes: space, tab, newline, backslash, `#`, comma, `=`. */
export function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/** The value of a file system's option, unescaped: `option(mount, 'upperdir')`. Absent without a value. */
export function option(mount: Mount, name: string): string | undefined {
  const found = mount.superOptions.find((word) => word.startsWith(`${name}=`))
  return found === undefined ? undefined : unescapeOctal(found.slice(name.length + 1))
}

/**
 * The folders an overlay is made of: upper and work folder if it has them, then the lower ones, top first.
 * Kernels print lower folders in one `lowerdir=`, or each in its own `lowerdir+=` and `datadir+=` (since 6.8).
 */
export function overlayPaths(mount: Mount): { upper?: string; work?: string; lower: string[] } {
  const lower: string[] = []
  for (const word of mount.superOptions) {
    const [, name, value] = /^(lowerdir|lowerdir\+|datadir\+)=(.*)$/s.exec(word) ?? []
    if (value === undefined) continue
    if (name !== 'lowerdir') lower.push(unescapeOctal(value))
    // A colon of the path itself is "\:" (so "\134:"), or \072 on kernels that escape it in octal.
    else
      for (const part of value.split(/(?<!\\134):+/)) lower.push(unescapeOctal(part).replace(/\\(.)/gs, '$1'))
  }
  const upper = option(mount, 'upperdir')
  const work = option(mount, 'workdir')
  return { ...(upper !== undefined && { upper }), ...(work !== undefined && { work }), lower }
}

/**
 * The mount a path is looked up in, as the kernel walks: of two on one point, the one on top.
 * @returns none for a path that is not absolute.
 */
export function holdingMount(mounts: readonly Mount[], path: string): Mount | undefined {
  return walk(branchesOf(mounts), path)
}

/** The mounts that a path still leads to: not covered by another on the same point or on a folder above it. */
export function visibleMounts(mounts: readonly Mount[]): Mount[] {
  const branches = branchesOf(mounts)
  return mounts.filter((mount) => walk(branches, mount.mountPoint) === mount)
}

/** The mounts on each mount, by its id and their mount point; those whose parent is not listed (the root) under `undefined`. */
type Branches = ReadonlyMap<number | undefined, ReadonlyMap<string, Mount>>

/** A node with many containers has thousands of mounts and asks for as many paths: each table is indexed once. */
const known = new WeakMap<readonly Mount[], Branches>()

function branchesOf(mounts: readonly Mount[]): Branches {
  const before = known.get(mounts)
  if (before) return before
  const ids = new Set(mounts.map(({ id }) => id))
  const branches = new Map<number | undefined, Map<string, Mount>>()
  for (const mount of mounts) {
    const { id, parent, mountPoint } = mount
    const on = parent !== id && ids.has(parent) ? parent : undefined
    const branch = branches.get(on) ?? new Map<string, Mount>()
    if (!branch.has(mountPoint)) branch.set(mountPoint, mount)
    branches.set(on, branch)
  }
  known.set(mounts, branches)
  return branches
}

function walk(branches: Branches, path: string): Mount | undefined {
  const folders = foldersOf(path)
  let at: Mount | undefined
  // Every step goes one mount further; a list that is torn and leads in a circle ends with its length.
  for (let steps = 0; steps <= branches.size; steps++) {
    const branch = branches.get(at?.id)
    // The first mount met on the way down is the one with the shortest path. Ids do not say which is older.
    const met = branch && folders.find((folder) => branch.has(folder))
    if (met === undefined) break
    at = branch?.get(met)
  }
  return at
}

/** `/a/b` → `/`, `/a`, `/a/b`; none for a path that is not absolute. */
function foldersOf(path: string): string[] {
  if (!path.startsWith('/')) return []
  const folders = ['/']
  for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1))
    folders.push(path.slice(0, end))
  if (path !== '/') folders.push(path)
  return folders
}

/**
 * The mounts of the machine: those of process 1, whose view no sandbox of the agent has changed, else our own.
 * @throws {ParseError} that names the line; the system error when neither file can be read.
 */
export async function readMounts(proc: Tree): Promise<Mount[]> {
  const text = (await readable(proc, '1/mountinfo')) ?? (await proc.read('self/mountinfo'))
  return parseMountinfo(text ?? '')
}

/** The text of a file that may be there and forbidden to us: an unprivileged agent cannot look into process 1. */
async function readable(proc: Tree, path: string): Promise<string | undefined> {
  try {
    return await proc.read(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM'))
      return undefined
    throw error
  }
}
