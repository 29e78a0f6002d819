/**
 * The file systems that node_exporter would show, and the root whatever its type; asked with statfs so that none
 * that hangs holds up another.
 * @see prometheus/node_exporter collector/filesystem_linux.go, filesystem_common.go (1.11)
 */
import { StatfsError } from '../../src/errors.ts'
import type { CollectContext, Labels, Sample } from '../../src/model.ts'
import { holdingMount, type Mount, overlayPaths, visibleMounts } from '../../src/mounts.ts'
import { type FileSystemUsage, networkOrFuse } from '../../src/statfs.ts'
import * as metric from './metrics.ts'

export interface Shown {
  readonly mount: Mount
  /** Its statfs asks somebody who may not answer. */
  readonly canHang: boolean
}

export interface Answer extends Shown {
  /** Absent where there is an error. */
  readonly usage?: FileSystemUsage
  /** Why there is no usage, in words; `hung` if it did not answer at all. */
  readonly error?: { readonly reason: string; readonly hung: boolean }
}

/** The words that node_exporter has for a mount that hangs. */
const hungReason = 'mountpoint timeout'
const unexpectedReason = 'unexpected error'
/** How many are asked at once: each that can hang costs a process. */
const atOnce = 16

export interface Excluded {
  readonly mountPoints: RegExp
  readonly fsTypes: RegExp
}

/**
 * The mounts as the host sees them. Where process 1 is the container's, the host's lie below a folder, and those
 * elsewhere are the container's own.
 * @param folder where the host's root is in our view: `/`, or the like of `/host`.
 */
export function hostView(mounts: readonly Mount[], folder: string): readonly Mount[] {
  if (folder === '/' || !mounts.some(({ mountPoint }) => mountPoint === folder)) return mounts
  return mounts
    .filter(({ mountPoint }) => mountPoint === folder || mountPoint.startsWith(`${folder}/`))
    .map((mount) => ({ ...mount, mountPoint: mount.mountPoint.slice(folder.length) || '/' }))
}

/**
 * Chooses what is shown: visible mounts that nothing excludes, and `/` always. autofs is never asked: that mounts.
 * @returns each label set once, in the kernel's order.
 */
export function shownMounts(mounts: readonly Mount[], excluded: Excluded): Shown[] {
  const shown = new Map<string, Shown>()
  for (const mount of visibleMounts(mounts)) {
    const { source, fsType, mountPoint } = mount
    const isExcluded = excluded.mountPoints.test(mountPoint) || excluded.fsTypes.test(fsType)
    if (fsType === 'autofs' || (isExcluded && mountPoint !== '/')) continue
    const key = JSON.stringify([source, mountPoint, fsType])
    if (!shown.has(key)) shown.set(key, { mount, canHang: canHang(mounts, mount) })
  }
  return [...shown.values()]
}

/**
 * Whether a statfs may hang: by itself, by the layer that an overlay asks, or on the way to the mount point.
 * A hung root is left out there: it would stop every process anyway.
 */
function canHang(mounts: readonly Mount[], mount: Mount): boolean {
  if (networkOrFuse(mount.fsType)) return true
  const { upper, lower } = overlayPaths(mount)
  const layer = upper ?? lower[0]
  const asks = layer === undefined ? undefined : holdingMount(mounts, layer)
  if (asks && networkOrFuse(asks.fsType)) return true
  const above = mounts.find(({ id, parent }) => id === mount.parent && id !== parent)
  return above !== undefined && above.mountPoint !== '/' && canHang(withoutMount(mounts, mount), above)
}

function withoutMount(mounts: readonly Mount[], mount: Mount): Mount[] {
  return mounts.filter((other) => other !== mount)
}

/** Asks each file system; yields the answers, those that cannot hang first. */
export async function* askAll(context: CollectContext, shown: readonly Shown[]): AsyncGenerator<Answer> {
  const asked: Promise<Answer>[] = []
  for (const one of shown.toSorted((a, b) => Number(a.canHang) - Number(b.canHang))) {
    asked.push(ask(context, one))
    const first = asked.length < atOnce ? undefined : asked.shift()
    if (first) yield await first
  }
  for (const one of asked) yield await one
}

async function ask(context: CollectContext, shown: Shown): Promise<Answer> {
  try {
    return { ...shown, usage: await context.statfs(shown.mount.mountPoint, shown.canHang) }
  } catch (error) {
    const hung = error instanceof StatfsError && error.hung
    const reason = error instanceof StatfsError ? error.reason : unexpectedReason
    return { ...shown, error: { reason: hung ? hungReason : reason, hung } }
  }
}

/** node_exporter's samples of one file system. Without usage only what mountinfo says, and the error. */
export function* samplesOf({ mount, usage, error }: Answer): Generator<Sample> {
  const device = escapeLikeKernel(mount.source)
  const labels: Labels = {
    device,
    mountpoint: mount.mountPoint,
    fstype: mount.fsType,
    ...(error && { device_error: error.reason }),
  }
  yield { metric: metric.deviceError, value: usage ? 0 : 1, labels }
  yield { metric: metric.readonly, value: mount.readOnly ? 1 : 0, labels }
  if (!usage) return
  yield { metric: metric.size, value: usage.sizeBytes, labels }
  yield { metric: metric.free, value: usage.freeBytes, labels }
  yield { metric: metric.avail, value: usage.availableBytes, labels }
  yield { metric: metric.files, value: usage.files, labels }
  yield { metric: metric.filesFree, value: usage.filesFree, labels }
  const [major = '', minor = ''] = mount.device.split(':')
  yield { metric: metric.mountInfo, value: 1, labels: { device, major, minor, mountpoint: mount.mountPoint } }
}

/** node_exporter shows the device as it stands in mountinfo: `//server/my\040share`. */
function escapeLikeKernel(text: string): string {
  return text.replace(/[ \t\n\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
}
