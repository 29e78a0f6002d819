/** The states of a zram device: how full, how many writes failed, whether it is there at all. */
import type { DeviceUse } from '../../src/device-uses.ts'
import type { StateReading } from '../../src/model.ts'
import { type Fill, levelOf, ratioOf } from './fill.ts'

const info = 9
const warn = 13
const error = 17

export interface Thresholds {
  /** Percent, rising. */
  readonly fill_thresholds: readonly number[]
  /** Percentage points. */
  readonly fill_hysteresis: number
}

/**
 * The fill of a device by its fullest constraint: `below`, or `above-<threshold>`.
 * @param fill undefined for a device that is not set up.
 * @param previous its last known state, if any.
 */
export function fillState(
  device: string,
  use: DeviceUse | undefined,
  fill: Fill | undefined,
  previous: string | undefined,
  { fill_thresholds, fill_hysteresis }: Thresholds,
): StateReading {
  const percent = fill ? ratioOf(fill) * 100 : 0
  // What it was over is told by the state itself, so that other thresholds in the configuration still fit.
  const before = Number(/^above-(\d+)$/.exec(previous ?? '')?.[1] ?? 0)
  const level = levelOf(percent, before, fill_thresholds, fill_hysteresis)
  const name = use ? `${device} (${[use.kind, use.mounts[0]?.mountPoint].filter(Boolean).join(' ')})` : device
  const unit = fill?.constraint === 'inodes' ? 'inodes' : 'bytes'
  return {
    part: `${device}:fill`,
    state: level === 0 ? 'below' : `above-${level}`,
    healthy: level === 0,
    event: 'zram.fill',
    severity: level === 0 ? info : level === fill_thresholds.at(-1) ? error : warn,
    body: fill
      ? `${name} is ${percent.toFixed(1)} % full by ${fill.constraint}: ${fill.used} of ${fill.most} ${unit}`
      : `${name} is not set up, so it holds nothing`,
    attributes: {
      device,
      ...(fill && { constraint: fill.constraint, fill_ratio: ratioOf(fill).toFixed(4) }),
    },
  }
}

/** The number of failed writes: every one is data the device did not take. */
export function failedWritesState(device: string, count: number): StateReading {
  return {
    part: `${device}:failed_writes`,
    state: String(count),
    healthy: count === 0,
    event: 'zram.failed_writes',
    severity: count === 0 ? info : error,
    body:
      count === 0 ? `${device} has no failed writes` : `${device} failed ${count} writes: their data is lost`,
    attributes: { device },
  }
}

export function presentState(device: string): StateReading {
  return {
    part: `${device}:present`,
    state: 'present',
    healthy: true,
    event: 'zram.present',
    severity: info,
    body: `${device} is there`,
    attributes: { device },
  }
}

/** @returns one for each device whose last known state is that it was there, and which is not listed now. */
export function goneStates(known: ReadonlyMap<string, string>, devices: readonly string[]): StateReading[] {
  return [...known].flatMap(([part, state]) => {
    const [, device] = /^(zram\d+):present$/.exec(part) ?? []
    if (device === undefined || state !== 'present' || devices.includes(device)) return []
    const body = `${device} is gone, and what it held with it`
    return [{ ...presentState(device), state: 'gone', healthy: false, severity: warn, body }]
  })
}
