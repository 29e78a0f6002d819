/**
 * smartctl: what drives know of themselves, ATA, SCSI and NVMe, also behind RAID controllers, in smartctl_exporter's
 * metrics; changes of state, and the drives' own error and self-test logs, as events.
 * @see smartctl(8) of smartmontools 7.0 and later
 */
import * as z from 'zod'
import {
  type CollectContext,
  type Collector,
  type Presence,
  type Sample,
  withOptions,
} from '../../src/model.ts'
import { findTools, withTool } from '../../src/tool.ts'
import { devices as deviceCount, metrics, unchanging } from './metrics.ts'
import { batchOf } from './records.ts'
import { deviceKey, deviceLabel, type Report } from './report.ts'
import { places, type Round } from './round.ts'
import { Rounds } from './rounds.ts'
import { asleepSamples, exitSamples, samplesOf, versionSamples } from './samples.ts'
import { devicePattern, parseVersion, typePattern } from './scan.ts'
import { driveKey, goneStates, statesOf, unreadableState } from './states.ts'

/** The first that prints JSON. */
const oldestMajor = 7

const secondsOf = { s: 1, m: 60, h: 3600, d: 86400 } as const

const options = z.strictObject({
  scan: z.boolean().default(true).describe('Asks every device that `smartctl --scan` finds.'),
  devices: z
    .array(
      z.strictObject({
        device: z.string().regex(devicePattern).describe('The path of a device: `/dev/sg0`.'),
        type: z.string().regex(typePattern).default('auto').describe('As for `smartctl -d`: `cciss,0`.'),
      }),
    )
    .max(1024)
    .default([])
    .describe('Drives that the scan does not find, such as those behind cciss and Areca controllers.'),
  deadline_seconds: z
    .number()
    .min(1)
    .max(300)
    .default(45)
    .describe(
      'How long one drive may take before it is passed over; one that is dying may take half a minute.',
    ),
  initial: z
    .string()
    .regex(/^(?:all|\d{1,9}[smhd])$/)
    .default('24h')
    .describe(
      "How far back the drives' error and self-test logs are taken when they are read for the first time: `all` or a duration (`24h`), by the drive's power-on hours.",
    ),
})
type Options = z.output<typeof options>

export const smartctl = smartctlCollector()

/**
 * A collector with its own memory of drives.
 * @param freshMilliseconds what was read this long ago serves metrics and logs alike
 */
export function smartctlCollector(freshMilliseconds = 60_000): Collector {
  const rounds = new Rounds(freshMilliseconds)
  /** What each device said when it was last awake, by its key. */
  const awake = new Map<string, Report>()

  return withOptions({
    name: 'smartctl',
    metrics,
    schedule: '0 */15 * * * *',
    deadlineSeconds: 600,
    options,
    probe,
    async *collect(context) {
      const round = await rounds.take(context, settingsOf(context.options))
      if (round === undefined) return
      for (const error of [...round.errors, ...round.unread.map(({ error }) => error)]) context.skip(error)
      yield { metric: deviceCount, value: round.devices, labels: {} }
      yield* roundSamples(round, awake)
      yield* roundStates(round, awake, context)
      for (const report of round.reports)
        if (report.asleep === undefined) awake.set(deviceKey(report.device), report)
    },
    async *read(context) {
      const positions = new Map(context.positions)
      const seconds = initialSeconds(context.options.initial)
      for (let before: Round | undefined; ; ) {
        const round = await rounds.take(context, settingsOf(context.options)).catch((error: unknown) => {
          context.signal.throwIfAborted()
          context.skip(error instanceof Error ? error : new Error(String(error)))
          return undefined
        })
        const observed = BigInt(Date.now()) * 1_000_000n
        for (const report of distinct(round?.reports.filter(({ asleep }) => asleep === undefined) ?? [])) {
          if (round === before) break
          const batch = batchOf(report, positions.get(driveKey(report)), seconds, observed)
          if (batch === undefined) continue
          yield batch
          for (const { stream, position } of batch.positions) positions.set(stream, position)
        }
        before = round ?? before
        await rounds.next(before, context.signal)
      }
    },
  })
}

function settingsOf({ scan, devices, deadline_seconds }: Options) {
  return {
    scan,
    deadlineSeconds: deadline_seconds,
    devices: devices.map(({ device, type }) => ({ name: device, type })),
  }
}

function initialSeconds(initial: string): number | undefined {
  const [, number, unit] = /^(\d+)([smhd])$/.exec(initial) ?? []
  if (number === undefined || (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd')) return undefined
  return Number(number) * secondsOf[unit]
}

/** Of a drive that two paths lead to, the first. */
function distinct(reports: readonly Report[]): Report[] {
  const keys = new Set<string>()
  return reports.filter((report) => {
    const key = driveKey(report)
    return !keys.has(key) && keys.add(key)
  })
}

function* roundSamples({ reports, unread }: Round, awake: ReadonlyMap<string, Report>): Generator<Sample> {
  const [first] = [...reports, ...unread.flatMap(({ report }) => report ?? [])]
  if (first !== undefined) yield* versionSamples(first.json)
  const labels = new Set<string>()
  for (const report of reports) {
    // Two types may lead to one device.
    const before = report.asleep === undefined ? undefined : awake.get(deviceKey(report.device))
    const label = before?.label ?? report.label
    if (labels.has(label)) continue
    labels.add(label)
    if (report.asleep === undefined) {
      yield* samplesOf(report)
      continue
    }
    yield* asleepSamples(label, report.asleep)
    if (before === undefined) continue
    for (const sample of samplesOf(before)) if (unchanging.has(sample.metric)) yield sample
  }
  for (const { report, device } of unread) {
    const label = report?.label ?? deviceLabel(device)
    if (report === undefined || labels.has(label)) continue
    labels.add(label)
    yield* exitSamples(label, report.exitStatus)
  }
}

function* roundStates(
  { reports, unread }: Round,
  awake: ReadonlyMap<string, Report>,
  context: CollectContext,
) {
  const present = new Set<string>()
  let isComplete = true
  for (const report of distinct(reports.filter(({ asleep }) => asleep === undefined))) {
    present.add(driveKey(report))
    yield* statesOf(report, (part) => context.previous(part))
  }
  for (const report of reports) {
    if (report.asleep === undefined) continue
    const before = awake.get(deviceKey(report.device))
    if (before === undefined)
      isComplete = false // Who sleeps there is not known: it may be any of those that are missed.
    else present.add(driveKey(before))
  }
  for (const { device, report, error } of unread) {
    const before = awake.get(deviceKey(device))
    if (before === undefined || present.has(driveKey(before))) continue
    present.add(driveKey(before))
    yield unreadableState(before, report?.failure ?? error.message)
  }
  if (isComplete) yield* goneStates(context.known(), present)
}

async function probe(context: CollectContext): Promise<Presence> {
  const [tool] = await findTools(places, context)
  if (tool === undefined)
    return { here: false, why: 'smartctl is not installed (package smartmontools, 7.0 or later)' }
  const { stdout } = await withTool(tool, context, ({ exec }) => exec(['--version'], { hangs: 'version' }))
  const version = parseVersion(stdout.toString('utf8'))
  if (version === undefined) return { here: false, why: `${tool.program} does not tell its version` }
  if (version[0] < oldestMajor)
    return {
      here: false,
      why: `${tool.program} is ${version.join('.')}, which prints no JSON: 7.0 is needed`,
    }
  return { here: true }
}
