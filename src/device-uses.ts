/**
 * What block devices are for: the root, swap, another mount, nothing.
 * Goes up from a device through its partitions (/sys/block/<disk>/<partition>), device-mapper and md (holders),
 * loop devices whose backing file lies on it, and overlays with a folder on it; then looks who mounts or swaps there.
 * @see Linux Documentation/ABI/stable/sysfs-block, proc_swaps(5)
 */
import { basename } from 'node:path'
import { ParseError } from './errors.ts'
import { holdingMount, type Mount, overlayPaths, unescapeOctal, visibleMounts } from './mounts.ts'
import type { Tree } from './tree.ts'

export interface DeviceUse {
  /** The first that is true: the root rests on it, swap is on it, a file system on it is mounted. */
  readonly kind: 'root' | 'swap' | 'mount' | 'unused'
  /**
   * File systems on the device itself, its partitions, dm and md (not in a file on it), each once: at the mount
   * that shows most of it, `/` first. Empty for swap, and where the mount is covered.
   */
  readonly mounts: readonly Mount[]
  /** A file system on it is mounted only where another mount covers it: nobody can ask how full it is. */
  readonly covered: boolean
}

/**
 * Parses /proc/swaps.
 * @returns the paths of the active swap devices and files, unescaped, without "(deleted)".
 * @throws {ParseError} that names the line.
 */
export function parseSwaps(text: string): string[] {
  const [header, ...lines] = text.split('\n')
  if (!header?.startsWith('Filename'))
    throw new ParseError(`Cannot parse swaps line 1 "${header}": not a header`)
  return lines
    .filter((line) => line !== '')
    .map((line, index) => {
      const [path, type, ...numbers] = line.split(/\s+/)
      if (!path?.startsWith('/') || !type || numbers.length < 3)
        throw new ParseError(
          `Cannot parse swaps line ${index + 2} "${line}": not a path, a type and three numbers`,
        )
      return unescapeOctal(path).replace(/ ?\(deleted\)$/, '')
    })
}

/**
 * Says what each of some disks is for.
 * @param disks names in /sys/block: `zram0`.
 * @param swaps paths as `parseSwaps` gives them.
 * @returns a use for each of them.
 */
export async function deviceUses(
  { sys, host }: { readonly sys: Tree; readonly host: Tree },
  disks: readonly string[],
  mounts: readonly Mount[],
  swaps: readonly string[],
): Promise<Map<string, DeviceUse>> {
  const machine: Machine = {
    sys,
    mounts,
    visible: visibleMounts(mounts),
    sources: await anonymousSources(sys, host, mounts),
    loops: await loopFiles(sys),
  }
  const swapDevices: (readonly [number: string | undefined, name: string])[] = []
  for (const path of swaps) {
    // Anything else is a file, whose folder may be forbidden to us or hang.
    if (path.startsWith('/dev/')) swapDevices.push([await host.device(path, 'node'), basename(path)])
  }
  const uses = new Map<string, DeviceUse>()
  for (const disk of disks) {
    const devices = await stackOn(sys, disk)
    const own = mounts.filter((mount) => isOn(machine, mount, devices))
    const above = await restingOn(machine, own)
    const root = holdingMount(mounts, '/')
    const swap = swapDevices.some(([number, name]) => devices.has(number ?? '') || holdsName(devices, name))
    const kind = root && above.has(root) ? 'root' : swap ? 'swap' : own.length > 0 ? 'mount' : 'unused'
    const shown = eachOnce(own.filter((mount) => machine.visible.includes(mount)))
    uses.set(disk, { kind, mounts: shown, covered: shown.length < eachOnce(own).length })
  }
  return uses
}

interface Machine {
  readonly sys: Tree
  readonly mounts: readonly Mount[]
  readonly visible: readonly Mount[]
  /** Kernel names of the devices behind mounts with an anonymous number. */
  readonly sources: ReadonlyMap<Mount, readonly string[]>
  /** Backing file by loop device. */
  readonly loops: ReadonlyMap<string, string>
}

/** Kernel name by `major:minor`. */
type Devices = Map<string, string>

/** A disk, its partitions, and every dm and md device that stands on one of them. */
async function stackOn(sys: Tree, disk: string, found: Devices = new Map()): Promise<Devices> {
  for (const part of ['', ...(await sys.list(`block/${disk}`)).filter((name) => name.startsWith(disk))]) {
    const folder = `block/${disk}/${part}`
    const number = await sys.line(`${folder}/dev`)
    if (number === undefined || found.has(number)) continue
    found.set(number, part || disk)
    for (const holder of await sys.list(`${folder}/holders`)) await stackOn(sys, holder, found)
  }
  return found
}

/**
 * The devices of mounts whose number is anonymous (btrfs): nothing but the source text names them, and of a
 * file system on several devices only one. `/dev/root` is a name the kernel made up for the root: it names nothing.
 */
async function anonymousSources(
  sys: Tree,
  host: Tree,
  mounts: readonly Mount[],
): Promise<Map<Mount, string[]>> {
  const sources = new Map<Mount, string[]>()
  const pools = mounts.some(({ fsType }) => fsType === 'btrfs') ? await sys.list('fs/btrfs') : []
  const members = await Promise.all(pools.map((pool) => sys.list(`fs/btrfs/${pool}/devices`)))
  for (const mount of mounts) {
    if (!mount.device.startsWith('0:') || !/^\/dev\/(?!root$)/.test(mount.source)) continue
    const name = basename((await host.real(mount.source)) ?? mount.source)
    sources.set(mount, members.find((devices) => devices.includes(name)) ?? [name])
  }
  return sources
}

/** The backing file of every loop device that has one. */
async function loopFiles(sys: Tree): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const name of await sys.list('block')) {
    const file = /^loop\d+$/.test(name) ? await sys.line(`block/${name}/loop/backing_file`) : undefined
    if (file) files.set(name, file.replace(/ \(deleted\)$/, ''))
  }
  return files
}

function isOn({ sources }: Machine, mount: Mount, devices: Devices): boolean {
  return devices.has(mount.device) || (sources.get(mount) ?? []).some((name) => holdsName(devices, name))
}

function holdsName(devices: Devices, name: string | undefined): boolean {
  return [...devices.values()].some((device) => device === name)
}

/** Some mounts, and all that rest on them: overlays with a folder there, file systems in a file there, and so on. */
async function restingOn(machine: Machine, own: readonly Mount[]): Promise<Set<Mount>> {
  const above = new Set(own)
  const loops: Devices = new Map()
  for (let before = -1; before !== above.size; ) {
    before = above.size
    for (const [loop, file] of machine.loops) {
      const held = holdingMount(machine.mounts, file)
      if (held && above.has(held)) await stackOn(machine.sys, loop, loops)
    }
    for (const mount of machine.mounts) {
      if (isOn(machine, mount, loops) || isOverlayOn(machine.mounts, mount, above)) above.add(mount)
    }
  }
  return above
}

function isOverlayOn(mounts: readonly Mount[], mount: Mount, below: ReadonlySet<Mount>): boolean {
  if (mount.fsType !== 'overlay' || below.has(mount)) return false
  const { upper, work, lower } = overlayPaths(mount)
  /** A root overlay covers the folders it is made of: then they are looked up as they were before it. */
  let before: readonly Mount[] | undefined
  return [upper, work, ...lower].some((path) => {
    if (path === undefined) return false
    let holder = holdingMount(mounts, path)
    if (holder === mount) {
      before ??= mounts.filter((other) => other !== mount)
      holder = holdingMount(before, path)
    }
    return holder !== undefined && below.has(holder)
  })
}

/** One mount for each file system: `/` before others, writable before read-only, whole before bound, then the shortest path. */
function eachOnce(mounts: readonly Mount[]): Mount[] {
  const rank = ({ mountPoint, mountOptions, root }: Mount) => [
    mountPoint === '/' ? 0 : 1,
    mountOptions.includes('ro') ? 1 : 0,
    root === '/' ? 0 : 1,
    mountPoint.length,
  ]
  const sorted = mounts.toSorted((a, b) => {
    const other = rank(b)
    return rank(a).reduce((sum, value, index) => sum || value - (other[index] ?? 0), 0)
  })
  return sorted.filter(({ device }, index) => sorted.findIndex((other) => other.device === device) === index)
}
