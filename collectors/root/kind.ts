/**
 * What the root is made of, and whether it is gone with the next reset.
 * Goes down from the root's file system: through an overlay to its upper folder, through partitions, device-mapper
 * and md (`slaves`) to the disks, through loop devices to the file system of their backing file.
 * @see Linux Documentation/filesystems/overlayfs.rst, Documentation/ABI/stable/sysfs-block
 */
import { basename } from 'node:path'
import type { CollectContext } from '../../src/model.ts'
import { holdingMount, type Mount, overlayPaths } from '../../src/mounts.ts'
import { networkOrFuse } from '../../src/statfs.ts'

/**
 * - `zram`: a file system on a zram device, whatever lies between;
 * - `overlay`: an overlay, whatever its layers;
 * - `squashfs`: a read-only image (squashfs, erofs, cramfs, romfs, iso9660) without an overlay;
 * - `tmpfs`: tmpfs, ramfs, or the initramfs itself (rootfs);
 * - `network`: NFS and the like, 9p, virtiofs, FUSE;
 * - `disk`: everything else.
 */
export type RootKind = 'zram' | 'overlay' | 'squashfs' | 'tmpfs' | 'network' | 'disk'

export interface Root {
  readonly kind: RootKind
  /** Nothing written to it survives a reset; true also where nothing can be written. */
  readonly ephemeral: boolean
  /** The kernel's device (`/dev/zram0` even where the mount says `/dev/root`), else the mount's source. */
  readonly device: string
}

type Context = Pick<CollectContext, 'sys' | 'host'>

const images = new Set(['squashfs', 'erofs', 'cramfs', 'romfs', 'iso9660'])
const memory = new Set(['tmpfs', 'ramfs', 'rootfs'])

/** Whether a mount is read-only by its nature: an image, or an overlay without an upper folder. */
export function isImage(mount: Mount): boolean {
  return images.has(mount.fsType) || (mount.fsType === 'overlay' && overlayPaths(mount).upper === undefined)
}

export async function rootOf(context: Context, mounts: readonly Mount[], root: Mount): Promise<Root> {
  const { fsType, source } = root
  const disk = await diskOf(context, root)
  const device = disk === undefined ? source : `/dev/${disk.name}`
  if (fsType === 'overlay')
    return { kind: 'overlay', ephemeral: await isVolatile(context, mounts, root), device }
  if (images.has(fsType)) return { kind: 'squashfs', ephemeral: true, device }
  if (memory.has(fsType)) return { kind: 'tmpfs', ephemeral: true, device }
  if (networkOrFuse(fsType)) return { kind: 'network', ephemeral: false, device }
  const below = disk ? await disksBelow(context, withoutMount(mounts, root), disk) : []
  return {
    kind: below.some((name) => /^zram\d+$/.test(name)) ? 'zram' : 'disk',
    ephemeral: below.some((name) => /^(zram|ram)\d+$/.test(name)),
    device,
  }
}

/** The mount that an overlay writes to: none for a read-only one, or one whose upper folder is out of sight. */
export function upperMount(mounts: readonly Mount[], overlay: Mount): Mount | undefined {
  const { upper } = overlayPaths(overlay)
  if (!upper?.startsWith('/')) return undefined
  const held = holdingMount(mounts, upper)
  // A root overlay covers the folder it was made from: that one is looked up as it was before.
  return held === overlay ? holdingMount(withoutMount(mounts, overlay), upper) : held
}

function withoutMount(mounts: readonly Mount[], mount: Mount): Mount[] {
  return mounts.filter((other) => other !== mount)
}

/** Whether a mount's content is gone with the next reset. An upper folder out of sight was made by an initramfs, in memory. */
async function isVolatile(context: Context, mounts: readonly Mount[], mount: Mount): Promise<boolean> {
  if (memory.has(mount.fsType)) return true
  if (mount.fsType === 'overlay') {
    const upper = upperMount(mounts, mount)
    return upper === undefined || isVolatile(context, withoutMount(mounts, mount), upper)
  }
  const disk = await diskOf(context, mount)
  const below = disk ? await disksBelow(context, withoutMount(mounts, mount), disk) : []
  return below.some((name) => /^(zram|ram)\d+$/.test(name))
}

/** A block device by its kernel name; `whole` is the disk of a partition, else itself. */
interface Disk {
  readonly name: string
  readonly whole: string
}

/** The block device of a mount. btrfs has an anonymous number, so there its source is believed. */
async function diskOf({ sys, host }: Context, mount: Mount): Promise<Disk | undefined> {
  const link = await sys.link(`dev/block/${mount.device}`)
  if (link !== undefined) return diskAt(link)
  if (!mount.source.startsWith('/dev/')) return undefined
  return diskNamed(sys, basename((await host.real(mount.source)) ?? mount.source))
}

async function diskNamed(sys: Context['sys'], name: string): Promise<Disk | undefined> {
  const link = await sys.link(`class/block/${name}`)
  return link === undefined ? undefined : diskAt(link)
}

/** `../../devices/virtual/block/zram0/zram0p1` → zram0p1 of zram0. */
function diskAt(link: string): Disk {
  const [whole = '', name = whole] = link.split('/block/').at(-1)?.split('/') ?? []
  return { name, whole }
}

/**
 * The disks at the bottom, by kernel name. A loop device whose file is in memory counts as `ram0`.
 * @param seen guards against a sysfs that goes round in circles.
 */
async function disksBelow(
  context: Context,
  mounts: readonly Mount[],
  { whole }: Disk,
  seen = new Set<string>(),
): Promise<string[]> {
  if (seen.has(whole)) return []
  seen.add(whole)
  const slaves = await context.sys.list(`class/block/${whole}/slaves`)
  const below = await Promise.all(
    slaves.map(async (slave) => {
      const disk = await diskNamed(context.sys, slave)
      return disk ? disksBelow(context, mounts, disk, seen) : []
    }),
  )
  if (slaves.length > 0) return below.flat()
  const file = await context.sys.line(`class/block/${whole}/loop/backing_file`)
  if (file === undefined) return [whole]
  const held = holdingMount(mounts, file.replace(/ \(deleted\)$/, ''))
  if (held === undefined || memory.has(held.fsType)) return ['ram0'] // Out of sight: in the initramfs, in memory.
  const disk = await diskOf(context, held)
  return disk ? disksBelow(context, mounts, disk, seen) : []
}
