/** One round as samples and states, with what is remembered of the drives that sleep or cannot be read. */
import type { CollectContext, Sample } from '../../src/model.ts'
import { unchanging } from './metrics.ts'
import { deviceKey, deviceLabel, type Report } from './report.ts'
import type { Round } from './round.ts'
import { asleepSamples, exitSamples, samplesOf, versionSamples } from './samples.ts'
import { devicePart, goneStates, statesOf, unreadableState } from './states.ts'

/** What is left of a drive while it sleeps. */
interface Remembered {
  readonly report: Report
  readonly samples: readonly Sample[]
}

/** By the key of the device it was when it was last awake. */
export type Awake = Map<string, Remembered>

export function rememberedOf(report: Report): Remembered {
  const samples = [...samplesOf(report)].filter(({ metric }) => unchanging.has(metric))
  return { report: { ...report, json: {} }, samples }
}

/** Of a drive that two paths lead to, the first. */
export function distinct(reports: readonly Report[]): Report[] {
  const keys = new Set<string>()
  return reports.filter(({ key }) => !keys.has(key) && keys.add(key))
}

export function* roundSamples({ reports, unread, waiting }: Round, awake: Awake): Generator<Sample> {
  const [first] = [...reports, ...unread.flatMap(({ report }) => report ?? [])]
  if (first !== undefined) yield* versionSamples(first.json)
  const labels = new Set<string>()
  for (const report of reports) {
    // Two types may lead to one device.
    const before = report.asleep === undefined ? undefined : awake.get(deviceKey(report.device))
    const label = before?.report.label ?? report.label
    if (labels.has(label)) continue
    labels.add(label)
    if (report.asleep === undefined) {
      yield* samplesOf(report)
      continue
    }
    yield* asleepSamples(label, report.asleep)
    yield* before?.samples ?? []
  }
  // What a drive is, it still is when its turn did not come.
  for (const device of waiting) {
    const before = awake.get(deviceKey(device))
    if (before === undefined || labels.has(before.report.label)) continue
    labels.add(before.report.label)
    yield* before.samples
  }
  for (const { report, device } of unread) {
    const label = report?.label ?? deviceLabel(device)
    if (report === undefined || labels.has(label)) continue
    labels.add(label)
    yield* exitSamples(label, report.exitStatus)
  }
}

export function* roundStates({ reports, unread, waiting }: Round, awake: Awake, context: CollectContext) {
  const present = new Set<string>()
  let isComplete = true
  for (const report of distinct(reports.filter(({ asleep }) => asleep === undefined))) {
    present.add(report.key)
    yield* statesOf(report, (part) => context.previous(part))
  }
  const sleeping = reports.filter(({ asleep }) => asleep !== undefined)
  for (const device of [...sleeping.map(({ device }) => device), ...waiting]) {
    const key = context.previous(devicePart(device))
    if (key === undefined)
      isComplete = false // Who is there is not known: it may be any of those that are missed.
    else present.add(key)
  }
  for (const { device, report, error } of unread) {
    const key = context.previous(devicePart(device))
    if (key === undefined || present.has(key)) continue
    present.add(key)
    const label = awake.get(deviceKey(device))?.report.label ?? deviceLabel(device)
    yield unreadableState(key, label, report?.failure ?? error.message)
  }
  if (isComplete) yield* goneStates(context.known(), present)
}
