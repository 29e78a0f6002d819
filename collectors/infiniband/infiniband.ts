/**
 * infiniband: every port of every HCA in sysfs, InfiniBand, RoCE, Omni-Path and iWARP: node_exporter's names (1.11),
 * what they do not tell, and events when a port or its rate changes or its errors come in bursts. A counter that cannot
 * be read is left out by itself: what one driver lacks must not hide what another has.
 * @see Linux Documentation/ABI/stable/sysfs-class-infiniband
 */

import { lineReader, type ReadLine } from '../../src/line-reader.ts'
import {
  type CollectContext,
  type Labels,
  type Sample,
  type StateReading,
  withOptions,
} from '../../src/model.ts'
import { Bursts } from './bursts.ts'
import { infinibandEvents } from './events.ts'
import { hwMetric, lifespan } from './hw-counters.ts'
import * as metrics from './metrics.ts'
import { type Options, options } from './options.ts'
import { portCounters } from './port-counters.ts'
import {
  burstState,
  goneStates,
  isActive,
  isDegraded,
  linkPart,
  linkState,
  type PortName,
  portPart,
  portState,
  possibleOf,
} from './states.ts'
import { temperatures } from './temperature.ts'
import { parseCounter, parseNumberedWord, parseRate } from './values.ts'

type Context = CollectContext<Options>

const folder = 'class/infiniband'

/** @param now milliseconds, by a clock that never steps */
export function infinibandCollector(now: () => number) {
  const bursts = new Bursts()
  return withOptions({
    name: 'infiniband',
    metrics: metrics.metrics,
    events: infinibandEvents,

    options,
    async probe({ sys, known }) {
      const isGone = goneStates(known(), new Set()).length > 0
      if (isGone || (await sys.list(folder)).length > 0) return { here: true }
      return { here: false, why: 'no HCA is in /sys/class/infiniband' }
    },
    async *collect(context) {
      const { sys, skip } = context
      const read = lineReader(sys, skip)
      const seen = new Set<string>()
      for (const device of await sys.list(folder)) {
        const at = `${folder}/${device}`
        yield* deviceSamples(read, at, device)
        yield* hwSamples(context, read, `${at}/hw_counters`, { device })
        yield* temperatures(sys, read, at, device, skip)
        const guid = guidOf(await read(`${at}/node_guid`)) ?? device
        for (const port of await sys.list(`${at}/ports`)) {
          const linkLayer = (await read(`${at}/ports/${port}/link_layer`)) ?? ''
          const name = { device, port, guid, linkLayer }
          seen.add(portPart(name))
          yield* portSamples(context, read, `${at}/ports/${port}`, name)
          const errors = yield* counterSamples(read, `${at}/ports/${port}`, { device, port })
          const burst =
            errors === undefined
              ? undefined
              : bursts.read(`${guid}/${port}`, errors, now(), context.options.error_burst)
          if (burst !== undefined) yield burstState(name, burst)
          yield* hwSamples(context, read, `${at}/ports/${port}/hw_counters`, { device, port })
        }
      }
      yield* goneStates(context.known(), seen)
    },
  })
}

export const infiniband = infinibandCollector(() => performance.now())

/** @returns undefined for one that is not set, as of many a virtual function */
function guidOf(text: string | undefined): string | undefined {
  const guid = text?.replaceAll(':', '').toLowerCase()
  return guid !== undefined && /^[0-9a-f]{16}$/.test(guid) && !/^0+$/.test(guid) ? guid : undefined
}

async function* deviceSamples(read: ReadLine, at: string, device: string): AsyncGenerator<Sample> {
  const labels = {
    device,
    board_id: (await read(`${at}/board_id`)) ?? '',
    firmware_version: (await read(`${at}/fw_ver`)) ?? '',
    hca_type: (await read(`${at}/hca_type`)) ?? '',
  }
  yield { metric: metrics.info, value: 1, labels }
}

async function* portSamples(
  { options: { expected }, previous }: Context,
  read: ReadLine,
  at: string,
  name: PortName,
): AsyncGenerator<Sample | StateReading> {
  const { device, port, linkLayer } = name
  const labels = { device, port }
  yield { metric: metrics.portInfo, value: 1, labels: { ...labels, link_layer: linkLayer } }
  const state = await read(`${at}/state`, parseNumberedWord)
  const physical = await read(`${at}/phys_state`, parseNumberedWord)
  if (state) yield { metric: metrics.stateId, value: state.id, labels }
  if (physical) yield { metric: metrics.physicalStateId, value: physical.id, labels }
  if (state) yield portState(name, state, physical, previous(portPart(name)))
  const rate = await read(`${at}/rate`, parseRate)
  if (rate === undefined) return
  yield { metric: metrics.rate, value: rate.bytesPerSecond, labels }
  if (!isActive(state)) return
  const { gigabits } = expected.find((one) => one.device === device && String(one.port) === port) ?? {}
  const possible = possibleOf(rate, linkLayer, previous(linkPart(name)), gigabits)
  if (rate.lanes !== undefined) yield { metric: metrics.lanes, value: rate.lanes, labels }
  yield { metric: metrics.possibleRate, value: possible.bytesPerSecond, labels }
  if (possible.lanes !== undefined) yield { metric: metrics.possibleLanes, value: possible.lanes, labels }
  yield { metric: metrics.degraded, value: Number(isDegraded(rate, possible)), labels }
  yield linkState(name, rate, possible)
}

/** @returns all link errors, unless the port counts none */
async function* counterSamples(
  read: ReadLine,
  at: string,
  labels: Labels,
): AsyncGenerator<Sample, bigint | undefined> {
  let errors: bigint | undefined
  for (const { metric, factor, classicBits, isLinkError } of portCounters) {
    const value = await read(`${at}/${metric.source}`, parseCounter)
    if (value === undefined) continue
    yield { metric, value: Number(value) * factor, labels }
    if (isLinkError) errors = (errors ?? 0n) + value
    if (classicBits === undefined) continue
    const isFull = value === 2n ** BigInt(classicBits) - 1n
    const file = metric.source.slice(metric.source.indexOf('/') + 1)
    yield { metric: metrics.saturated, value: Number(isFull), labels: { ...labels, counter: file } }
  }
  return errors
}

/** The folder of a port, or of a device whose driver does not count by port. */
async function* hwSamples(
  { sys }: Context,
  read: ReadLine,
  at: string,
  labels: Labels,
): AsyncGenerator<Sample> {
  for (const file of await sys.list(at)) {
    const value = await read(`${at}/${file}`, parseCounter)
    if (value === undefined) continue
    const isOfPort = labels.port !== undefined
    if (file === 'lifespan') {
      if (isOfPort) yield { metric: lifespan, value: Number(value) / 1000, labels }
      continue
    }
    const { metric, isNamed } = hwMetric(file, isOfPort)
    yield { metric, value: Number(value), labels: isNamed ? labels : { ...labels, counter: file } }
  }
}
