/**
 * edac: memory errors. Counts of memory controllers, chip-select rows, channels and DIMMs (EDAC), pages that failed
 * (memory_failure) and machine checks; an event whenever one of them rises.
 * @see Linux Documentation/admin-guide/ras.rst, Documentation/ABI/testing/sysfs-memory-page-offline
 */

import { describe } from '../../src/errors.ts'
import { lineReader, type ReadLine } from '../../src/line-reader.ts'
import type { CollectContext, Collector, Sample, StateReading } from '../../src/model.ts'
import { controllerItems } from './controller.ts'
import { edacEvents } from './events.ts'
import * as metrics from './metrics.ts'
import { machineCheckState, memoryFailureState } from './states.ts'
import { parseCount, parseInterrupts } from './values.ts'

const controllers = 'devices/system/edac/mc'
const nodes = 'devices/system/node'
const results = ['recovered', 'delayed', 'ignored', 'failed']

export const edac: Collector = {
  name: 'edac',
  metrics: metrics.metrics,
  events: edacEvents,

  async probe({ sys, proc }) {
    if ((await sys.list(controllers)).some((entry) => /^mc\d+$/.test(entry))) return { here: true }
    if ((await sys.list(`${nodes}/node0/memory_failure`)).length > 0) return { here: true }
    if (/^ *MCE:/m.test((await proc.read('interrupts')) ?? '')) return { here: true }
    return {
      here: false,
      why: 'no memory controller is in /sys/devices/system/edac, and no machine checks are counted',
    }
  },
  async *collect(context) {
    const { sys, skip } = context
    const read = lineReader(sys, skip)
    for (const entry of await sys.list(controllers)) {
      const [, number] = /^mc(\d+)$/.exec(entry) ?? []
      if (number !== undefined) yield* controllerItems(sys, read, `${controllers}/${entry}`, number)
    }
    for (const entry of await sys.list(nodes))
      if (/^node\d+$/.test(entry)) yield* memoryFailureItems(read, entry)
    yield* machineCheckItems(context)
  },
}

async function* memoryFailureItems(read: ReadLine, node: string): AsyncGenerator<Sample | StateReading> {
  let pages: number | undefined
  for (const result of results) {
    const value = await read(`${nodes}/${node}/memory_failure/${result}`, parseCount)
    if (value === undefined) continue
    pages = (pages ?? 0) + value
    yield { metric: metrics.memoryFailures, value, labels: { node: node.slice('node'.length), result } }
  }
  if (pages !== undefined) yield memoryFailureState(node, pages)
}

async function* machineCheckItems({ proc, skip }: CollectContext): AsyncGenerator<Sample | StateReading> {
  try {
    for (const [kind, value] of parseInterrupts((await proc.read('interrupts')) ?? '')) {
      yield { metric: metrics.machineChecks, value, labels: { kind } }
      if (kind !== 'threshold') yield machineCheckState(kind, value)
    }
  } catch (error) {
    skip(new Error(`Cannot read "interrupts": ${describe(error)}`))
  }
}
