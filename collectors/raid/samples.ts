/** The samples of a part: identity labels that stay, one series for each state, and only the values its tool printed. */
import type { Labels, Metric, Sample } from '../../src/model.ts'
import * as metrics from './metrics.ts'
import {
  arrayStates,
  type Battery,
  batteryStates,
  type Controller,
  controllerStates,
  type Drive,
  driveStates,
  type RaidArray,
  type RaidPart,
  type Task,
} from './report.ts'

export function* samplesOf(part: RaidPart): Generator<Sample> {
  switch (part.kind) {
    case 'controller':
      return yield* ofController(part)
    case 'array':
      return yield* ofArray(part)
    case 'drive':
      return yield* ofDrive(part)
    case 'battery':
      return yield* ofBattery(part)
  }
}

function* ofController(part: Controller): Generator<Sample> {
  const labels = { vendor: part.vendor, controller: part.controller }
  const { model = '', controllerSerial: serial = '', firmware = '', driver = '', status } = part
  yield info(metrics.controllerInfo, { ...labels, model, serial, firmware, driver, status: status.word })
  yield* states(metrics.controllerState, labels, controllerStates, status.state)
  for (const [sensor, value] of Object.entries(part.celsius ?? {}))
    yield { metric: metrics.controllerTemperature, value, labels: { ...labels, sensor } }
  yield* values(labels, [
    [metrics.memoryCorrectable, part.memoryCorrectableErrors],
    [metrics.memoryUncorrectable, part.memoryUncorrectableErrors],
  ])
  yield* progress(labels, part.tasks, metrics.controllerProgress)
}

function* ofArray(part: RaidArray): Generator<Sample> {
  const labels = { vendor: part.vendor, controller: part.controller, array: part.array }
  const { name = '', level = '', device = '', cache = '', status } = part
  yield info(metrics.arrayInfo, { ...labels, name, level, device, cache, status: status.word })
  yield* states(metrics.arrayState, labels, arrayStates, status.state)
  yield* values(labels, [
    [metrics.arraySize, part.sizeBytes],
    [metrics.arrayDrives, part.driveCount],
  ])
  yield* progress(labels, part.tasks, metrics.arrayProgress, metrics.arrayRemaining)
}

function* ofDrive(part: Drive): Generator<Sample> {
  const labels = driveLabels(part)
  const { array = '', model = '', serial = '', firmware = '', media = '', status } = part
  const more = { array, model, serial, firmware, interface: part.interface ?? '', media }
  yield info(metrics.driveInfo, { ...labels, ...more, status: status.word })
  yield* driveStateSamples(labels, status.state)
  yield* values(labels, [
    [metrics.driveSize, part.sizeBytes],
    [metrics.driveTemperature, part.celsius],
    [metrics.driveMediaErrors, part.mediaErrors],
    [metrics.driveOtherErrors, part.otherErrors],
    [metrics.drivePredictive, part.predictiveFailures],
    [metrics.driveSmartAlert, part.smartAlert === undefined ? undefined : Number(part.smartAlert)],
  ])
  yield* progress(labels, part.tasks, metrics.driveProgress, metrics.driveRemaining)
}

export function driveLabels(part: Pick<Drive, 'vendor' | 'controller' | 'enclosure' | 'slot'>): Labels {
  const { vendor, controller, enclosure, slot } = part
  return { vendor, controller, enclosure, slot }
}

/** The states alone: all that is known of a drive that is gone. */
export function driveStateSamples(labels: Labels, state: Drive['status']['state']): Generator<Sample> {
  return states(metrics.driveState, labels, driveStates, state)
}

function* ofBattery(part: Battery): Generator<Sample> {
  const labels = { vendor: part.vendor, controller: part.controller, technology: part.technology }
  const { model = '', serial = '', status } = part
  yield info(metrics.batteryInfo, { ...labels, model, serial, status: status.word })
  yield* states(metrics.batteryState, labels, batteryStates, status.state)
  yield* values(labels, [
    [metrics.batteryTemperature, part.celsius],
    [metrics.batteryCharge, part.chargeRatio],
    [metrics.batteryVoltage, part.volts],
  ])
}

function info(metric: Metric, labels: Labels): Sample {
  return { metric, value: 1, labels }
}

function* states(metric: Metric, labels: Labels, all: readonly string[], current: string): Generator<Sample> {
  for (const state of all) yield { metric, value: Number(state === current), labels: { ...labels, state } }
}

function* values(
  labels: Labels,
  pairs: readonly (readonly [Metric, number | undefined])[],
): Generator<Sample> {
  for (const [metric, value] of pairs) {
    const absurd = value === undefined || !Number.isFinite(value) || (metric.type === 'counter' && value < 0)
    if (!absurd) yield { metric, value, labels }
  }
}

function* progress(
  labels: Labels,
  tasks: readonly Task[] = [],
  ratio: Metric,
  remaining?: Metric,
): Generator<Sample> {
  const seen = new Set<string>()
  for (const task of tasks) {
    if (seen.has(task.operation)) continue
    seen.add(task.operation)
    const own = { ...labels, operation: task.operation }
    yield* values(own, [
      [ratio, task.ratio],
      ...(remaining ? [[remaining, task.remainingSeconds] as const] : []),
    ])
  }
}
