/**
 * nvme: controllers and namespaces out of sysfs, and an event when a controller dies or goes. Newer kernels ask the drive
 * for one of the files, so that it has a schedule of its own and no scrape waits for it.
 */

import type { Collector, StateReading } from '../../src/model.ts'
import { nvmeEvents } from './events.ts'
import { sysfsMetrics } from './metrics.ts'
import { type Controller, controllerNames, controllerSamples, readController } from './sysfs.ts'

export const nvme: Collector = {
  name: 'nvme',
  metrics: sysfsMetrics,
  events: nvmeEvents,

  schedule: '*/15 * * * * *',
  async probe({ sys }) {
    if ((await controllerNames(sys)).length > 0) return { here: true }
    return { here: false, why: `there is no NVMe controller in ${sys.resolve('class/nvme')}` }
  },
  async *collect({ sys, skip, known }) {
    const parts = new Set<string>()
    let isComplete = true
    for (const name of await controllerNames(sys)) {
      try {
        const controller = await readController(sys, name, skip)
        if (controller === undefined) continue
        const state = stateOf(controller)
        parts.add(state.part)
        yield* controllerSamples(controller)
        yield state
      } catch (error) {
        isComplete = false
        skip(error instanceof Error ? error : new Error(String(error)))
      }
    }
    if (isComplete) yield* goneStates(known(), parts)
  },
}

const info = 9
const warn = 13
const error = 17

function stateOf({ name, model, serial, state, cntlid }: Controller): StateReading {
  const healthy = state === 'live'
  return {
    part: `${serial || name}:controller:${cntlid}`,
    state,
    healthy,
    event: 'nvme.controller',
    severity: healthy ? info : state === 'dead' ? error : warn,
    body: `${name} (${[model, serial].filter(Boolean).join(', ')}) is ${state}`,
    attributes: { device: name, model, serial, controller: cntlid },
  }
}

function goneStates(known: ReadonlyMap<string, string>, present: ReadonlySet<string>): StateReading[] {
  return [...known].flatMap(([part, state]) => {
    const [, serial, cntlid] = /^(.*):controller:(.*)$/.exec(part) ?? []
    if (serial === undefined || cntlid === undefined || state === 'gone' || present.has(part)) return []
    return [
      {
        part,
        state: 'gone',
        healthy: false,
        event: 'nvme.controller',
        severity: error,
        body: `NVMe controller ${cntlid} of ${serial} is gone`,
        attributes: { serial, controller: cntlid },
      },
    ]
  })
}
