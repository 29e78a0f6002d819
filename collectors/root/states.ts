/** The states of file systems: what an operator wants to be told when it changes. */
import type { Labels, StateReading } from '../../src/model.ts'
import type { Mount } from '../../src/mounts.ts'
import { networkOrFuse } from '../../src/statfs.ts'
import type { Answer } from './filesystems.ts'
import { isImage } from './kind.ts'

const info = 9
const warning = 13
const error = 17

function attributesOf({ source, mountPoint, fsType }: Mount): Labels {
  return { device: source, mountpoint: mountPoint, fstype: fsType }
}

function nameOf({ source, mountPoint, fsType }: Mount): string {
  return `${fsType} of ${source} on ${mountPoint}`
}

/**
 * `<mountpoint>:readonly`, `rw` or `ro`, of the root and of whole file systems on block devices.
 * Read-only is unhealthy in the root, in what was writable, and in what turned so by itself (the mount does not ask
 * for it); what could never be written is healthy.
 */
export function* readonlyState(mount: Mount, previous: string | undefined): Generator<StateReading> {
  const { mountPoint } = mount
  const isRoot = mountPoint === '/'
  if (!isRoot && !(mount.root === '/' && isLocalDisk(mount))) return
  const turned = isRoot || previous === 'rw' || !mount.mountOptions.includes('ro')
  const healthy = !mount.readOnly || isImage(mount) || !turned
  yield {
    part: `${mountPoint}:readonly`,
    state: mount.readOnly ? 'ro' : 'rw',
    healthy,
    event: 'filesystem.readonly',
    severity: healthy ? info : error,
    body: `${nameOf(mount)} is ${mount.readOnly ? 'read-only' : 'writable'}`,
    attributes: attributesOf(mount),
  }
}

function isLocalDisk({ device, source, fsType }: Mount): boolean {
  return (
    !networkOrFuse(fsType) && (!device.startsWith('0:') || source.startsWith('/dev/') || fsType === 'zfs')
  )
}

/** `<mountpoint>:hung`, `answering` or `hung`, of mounts that can hang, do, or did. */
export function* hungState(answer: Answer, previous: string | undefined): Generator<StateReading> {
  const hung = answer.error?.hung ?? false
  if (!answer.canHang && !hung && previous === undefined) return
  yield {
    part: `${answer.mount.mountPoint}:hung`,
    state: hung ? 'hung' : 'answering',
    healthy: !hung,
    event: 'filesystem.hung',
    severity: hung ? error : info,
    body: `${nameOf(answer.mount)} ${hung ? 'does not answer' : 'answers'}`,
    attributes: attributesOf(answer.mount),
  }
}

/** `<mountpoint>:errors`, the number that ext4 has counted; `/dev/<device>:errors` where it is not shown. */
export function errorState(device: string, mount: Mount | undefined, count: number): StateReading {
  const name = mount ? nameOf(mount) : `ext4 of /dev/${device}`
  return {
    part: `${mount?.mountPoint ?? `/dev/${device}`}:errors`,
    state: String(count),
    healthy: count === 0,
    event: 'ext4.errors',
    severity: count === 0 ? info : error,
    body: `${name} has counted ${count} ${count === 1 ? 'error' : 'errors'}`,
    attributes: { device: `/dev/${device}`, ...(mount && { mountpoint: mount.mountPoint }), fstype: 'ext4' },
  }
}

/** Parts that were unhealthy and were not met again: `unmounted`, so that nobody waits for them to mend. */
export function* goneStates(
  known: ReadonlyMap<string, string>,
  met: ReadonlySet<string>,
): Generator<StateReading> {
  for (const [part, state] of known) {
    const [, mountpoint, what] = /^(.*):(readonly|hung|errors)$/s.exec(part) ?? []
    if (mountpoint === undefined || met.has(part)) continue
    if (['unmounted', 'rw', 'answering', '0'].includes(state)) continue
    yield {
      part,
      state: 'unmounted',
      healthy: true,
      event: what === 'errors' ? 'ext4.errors' : `filesystem.${what}`,
      severity: warning,
      body: `${mountpoint} is no longer mounted`,
      attributes: { mountpoint },
    }
  }
}
