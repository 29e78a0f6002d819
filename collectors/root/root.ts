/**
 * root: what the root file system is, how full every file system is, and which of them are in trouble.
 * Reads /proc/1/mountinfo, /proc/stat, /sys/fs/ext4, the block devices in /sys, and statfs of each mount.
 * @see proc_pid_mountinfo(5); kind.ts, filesystems.ts, ext4.ts and states.ts for each part
 */

import * as z from 'zod'
import { describe } from '../../src/errors.ts'
import { type CollectContext, type Sample, type StateReading, withOptions } from '../../src/model.ts'
import { type Mount, readMounts, visibleMounts } from '../../src/mounts.ts'
import { networkOrFuse } from '../../src/statfs.ts'
import { parseBootTime } from '../host/host.ts'
import { rootEvents } from './events.ts'
import { abortedAt, ext4Devices, mountedAt, readExt4 } from './ext4.ts'
import { askAll, hostView, type Shown, samplesOf, shownMounts } from './filesystems.ts'
import { rootOf, upperMount } from './kind.ts'
import * as metric from './metrics.ts'
import { errorState, goneStates, hungState, readonlyState } from './states.ts'

const pattern = z.string().refine(compiles, 'a regular expression')

export const options = z.strictObject({
  mount_points_exclude: pattern
    .default('^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)')
    .describe("Mount points that are not shown; the root always is. The default is node_exporter's."),
  fs_types_exclude: pattern
    .default(
      '^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$',
    )
    .describe("File system types that are not shown; the root always is. The default is node_exporter's."),
})

export const root = withOptions({
  name: 'root',
  metrics: metric.metrics,
  events: rootEvents,

  options,
  async *collect(context) {
    const aborted = await abortedDevices(context)
    const mounts = hostView(await readMounts(context.proc), context.host.root).map((mount) =>
      aborted.has(mount.device) ? { ...mount, readOnly: true } : mount,
    )
    const shown = shownMounts(mounts, {
      mountPoints: new RegExp(context.options.mount_points_exclude),
      fsTypes: new RegExp(context.options.fs_types_exclude),
    })
    const met = new Set<string>()
    let complete = true
    const skip = (error: Error) => {
      complete = false
      context.skip(error)
    }
    for await (const item of readAll({ ...context, skip }, mounts, shown)) {
      if ('part' in item) met.add(item.part)
      yield item
    }
    if (complete) yield* goneStates(context.known(), met)
  },
})

/** Root and ext4 first: what they say does not wait for a mount that hangs. */
async function* readAll(
  context: CollectContext,
  mounts: readonly Mount[],
  shown: readonly Shown[],
): AsyncGenerator<Sample | StateReading> {
  const top = shown.find(({ mount }) => mount.mountPoint === '/')?.mount
  if (top) yield* readRoot(context, mounts, top)
  for (const device of await ext4Devices(context.sys)) {
    try {
      yield* readErrors(context, device, shown)
    } catch (error) {
      context.skip(new Error(`Cannot read ext4 of "${device}": ${describe(error)}`, { cause: error }))
    }
  }
  for (const { mount } of shown) yield* readonlyState(mount, context.previous(`${mount.mountPoint}:readonly`))
  for await (const answer of askAll(context, shown)) {
    yield* samplesOf(answer)
    yield* hungState(answer, context.previous(`${answer.mount.mountPoint}:hung`))
  }
  if (top?.fsType === 'overlay') yield* readUpper(context, mounts, top)
}

/** The numbers, `major:minor`, of what ext4 does not write any more. None is known where that cannot be read. */
async function abortedDevices({ sys, proc, skip }: CollectContext): Promise<Set<string>> {
  const found = new Set<string>()
  for (const device of await ext4Devices(sys)) {
    try {
      const time = await abortedAt(sys, device)
      if (time === undefined) continue
      const bootTime = parseBootTime((await proc.read('stat')) ?? '')
      if (time < bootTime + (await mountedAt(sys, proc, device))) continue
      const number = await sys.line(`class/block/${device}/dev`)
      if (number !== undefined) found.add(number)
    } catch (error) {
      skip(
        new Error(`Cannot tell whether ext4 of "${device}" is written: ${describe(error)}`, { cause: error }),
      )
    }
  }
  return found
}

async function* readRoot(context: CollectContext, mounts: readonly Mount[], top: Mount) {
  const { kind, ephemeral, device } = await rootOf(context, mounts, top)
  const labels = { kind, filesystem: top.fsType, device, ephemeral: String(ephemeral) }
  yield { metric: metric.info, value: 1, labels }
  yield { metric: metric.ephemeral, value: ephemeral ? 1 : 0, labels: {} }
}

async function* readErrors(
  context: CollectContext,
  device: string,
  shown: readonly Shown[],
): AsyncGenerator<Sample | StateReading> {
  const samples = await readExt4(context.sys, device)
  yield* samples
  const errors = samples.find((sample) => sample.metric === metric.ext4Errors)
  if (!errors) return
  const number = await context.sys.line(`class/block/${device}/dev`)
  const on = shown.map(({ mount }) => mount).filter((mount) => mount.device === number)
  const whole = on.find(({ mountPoint }) => mountPoint === '/') ?? on.find((mount) => mount.root === '/')
  yield errorState(device, whole ?? on[0], errors.value)
}

/** How full the upper layer of the root is, where the file system that holds it can be seen from here. */
async function* readUpper(
  context: CollectContext,
  mounts: readonly Mount[],
  top: Mount,
): AsyncGenerator<Sample> {
  const upper = upperMount(mounts, top)
  if (!upper || !visibleMounts(mounts).includes(upper)) return
  try {
    const usage = await context.statfs(upper.mountPoint, networkOrFuse(upper.fsType))
    const labels = { mountpoint: top.mountPoint, fstype: upper.fsType }
    yield { metric: metric.upperSize, value: usage.sizeBytes, labels }
    yield { metric: metric.upperFree, value: usage.freeBytes, labels }
    yield { metric: metric.upperAvail, value: usage.availableBytes, labels }
    yield { metric: metric.upperFiles, value: usage.files, labels }
    yield { metric: metric.upperFilesFree, value: usage.filesFree, labels }
  } catch (error) {
    context.skip(new Error(`Cannot read the upper layer of the root: ${describe(error)}`, { cause: error }))
  }
}

function compiles(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}
