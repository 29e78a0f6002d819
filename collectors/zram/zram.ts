/**
 * zram: block devices compressed into memory, among them the root of many a node without disks.
 * Reads /sys/block/zram<id> (statistics.ts), /proc/meminfo, and statfs of what is mounted on them.
 * Never reads /sys/class/zram-control/hot_add: that makes a device.
 * @see Linux Documentation/admin-guide/blockdev/zram.rst
 */

import * as z from 'zod'
import { type DeviceUse, deviceUses, parseSwaps } from '../../src/device-uses.ts'
import { ParseError } from '../../src/errors.ts'
import {
  type CollectContext,
  type Metric,
  type Sample,
  type StateReading,
  withOptions,
} from '../../src/model.ts'
import { readMounts } from '../../src/mounts.ts'
import { zramEvents } from './events.ts'
import { fills, fullest, growthOf, type MountedUsage, parseMemAvailable, ratioOf, usedBytes } from './fill.ts'
import * as metric from './metrics.ts'
import { failedWritesState, fillState, goneStates, presentState, type Thresholds } from './states.ts'
import { readAlgorithm, readStatistics } from './statistics.ts'

type Context = CollectContext<Thresholds>

/** What all devices share in one run. */
interface Surroundings {
  /** Undefined where the kernel does not say. */
  readonly memAvailable: number | undefined
  /** Undefined if mounts or swaps could not be read: then nobody knows what a device is for. */
  readonly uses: ReadonlyMap<string, DeviceUse> | undefined
}

const percent = z
  .int('a whole percentage')
  .min(1, { error: 'a percentage from 1 to 99', abort: true })
  .max(99, { error: 'a percentage from 1 to 99', abort: true })

export const options = z
  .strictObject({
    fill_thresholds: z
      .array(percent)
      .min(1, 'at least one percentage')
      .refine((all) => all.every((one, index) => index === 0 || one > (all[index - 1] ?? 0)), {
        message: 'percentages that rise, such as [80, 90, 95]',
      })
      .default([80, 90, 95])
      .describe('Percentages of fill; crossing one is an event, the last one an error.'),
    fill_hysteresis: z
      .number('percentage points')
      .min(0, 'percentage points from 0 to 20')
      .max(20, 'percentage points from 0 to 20')
      .default(2)
      .describe('How many percentage points below a threshold the fill must fall to leave it.'),
  })
  .refine(({ fill_thresholds: [lowest = 100], fill_hysteresis }) => fill_hysteresis < lowest, {
    path: ['fill_hysteresis'],
    message: 'less than the lowest of fill_thresholds, which could never be left again',
  })

export const zram = withOptions({
  name: 'zram',
  metrics: metric.metrics,
  events: zramEvents,

  options,
  async probe(context) {
    const { sys } = context
    if ((await devicesIn(sys)).length > 0 || goneStates(context.known(), []).length > 0) return { here: true }
    if ((await sys.exists('class/zram-control')) || (await sys.exists('module/zram')))
      return { here: false, why: 'zram is loaded but has no device; `zramctl --find --size SIZE` makes one' }
    return {
      here: false,
      why: 'this kernel has no zram loaded; nothing to do, or `modprobe zram` where the node should have it',
    }
  },
  async *collect(context) {
    const devices = await devicesIn(context.sys)
    const surroundings = {
      memAvailable: await orSkip(context, async () => {
        const text = await context.proc.read('meminfo')
        return text === undefined ? undefined : parseMemAvailable(text)
      }),
      uses: await orSkip(context, async () => {
        const swaps = parseSwaps((await context.proc.read('swaps')) ?? 'Filename')
        return deviceUses(context, devices, await readMounts(context.proc), swaps)
      }),
    }
    const there: string[] = []
    for (const device of devices) {
      // Whole or not at all: a device that cannot be read is skipped, its neighbours are not.
      const read = await orSkip(context, () => readDevice(context, device, surroundings))
      if (read !== 'gone') there.push(device)
      if (Array.isArray(read)) yield* read
    }
    yield* goneStates(context.known(), there)
  },
})

async function devicesIn(sys: Context['sys']): Promise<string[]> {
  return (await sys.list('block')).filter((name) => /^zram\d+$/.test(name))
}

async function readDevice(
  context: Context,
  device: string,
  { memAvailable, uses }: Surroundings,
): Promise<(Sample | StateReading)[] | 'gone'> {
  const statistics = await readStatistics(context.sys, device)
  if (statistics === undefined) return 'gone' // Hot-removed since the listing: absence, not failure.
  const algorithm = await readAlgorithm(context.sys, device)
  const use = uses?.get(device)
  const mounted = await usageOf(context, use)
  const found: (Sample | StateReading)[] = [presentState(device)]
  const add = (of: Metric, value: number | undefined, labels = {}) => {
    if (value !== undefined) found.push({ metric: of, value, labels: { device, ...labels } })
  }

  const mountpoint = use?.mounts[0]?.mountPoint ?? ''
  if (use) add(metric.info, 1, { algorithm, kind: use.kind, mountpoint })
  for (const [counted, value] of statistics) add(counted, value)
  const stored = statistics.get(metric.origData)
  for (const [denominator, size] of [
    ['compr_data', statistics.get(metric.comprData)],
    ['mem_used', statistics.get(metric.memUsed)],
  ] as const)
    if (stored !== undefined && size) add(metric.compressionRatio, stored / size, { denominator })
  const bounds = stored === undefined ? [] : fills(statistics, memAvailable, mounted ?? [])
  for (const fill of bounds) add(metric.fillRatio, ratioOf(fill), { constraint: fill.constraint })
  add(metric.growthRatio, growthOf(statistics, memAvailable))
  if (stored !== undefined && use && !use.covered && mounted && mounted.length > 0) {
    const used = mounted.reduce((sum, { usage }) => sum + usedBytes(usage), 0)
    add(metric.trimReclaimable, Math.max(0, stored - used))
  }

  found.push(fillState(device, use, fullest(bounds), context.previous(`${device}:fill`), context.options))
  // A reset begins at zero again, and an unset device has not failed.
  const failed = stored === undefined ? 0 : statistics.get(metric.failedWrites)
  if (failed !== undefined) found.push(failedWritesState(device, failed))
  return found
}

/** @returns undefined, after a skip, unless every file system of the device answered. */
function usageOf(context: Context, use: DeviceUse | undefined): Promise<MountedUsage[] | undefined> {
  return orSkip(context, async () => {
    const mounted: MountedUsage[] = []
    for (const mount of use?.mounts ?? [])
      mounted.push({ mount, usage: await context.statfs(mount.mountPoint, false) })
    return mounted
  })
}

/** @returns undefined for what failed, which is reported as one bad part. */
async function orSkip<T>(context: Context, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    context.skip(error instanceof Error ? error : new ParseError(String(error)))
    return undefined
  }
}
