/**
 * ipmi: sensors, event log, power and health of the BMC through FreeIPMI or ipmitool, in ipmi_exporter's metrics, with the
 * system event log and changes of a sensor's state as events. In the background: a BMC answers in seconds, not at a scrape.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { durationOr, durationSeconds } from '../../src/duration.ts'
import { CommandError, describe, ToolError } from '../../src/errors.ts'
import { type StateReading, withOptions } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import { type Bmc, findBmc } from './bmc.ts'
import { ipmiEvents } from './events.ts'
import { parseBmcInfo, parseChassis, parseDcmi, parseSelInfo } from './freeipmi.ts'
import {
  bmcSamples,
  chassisSamples,
  dcmiSample,
  metrics,
  type Part,
  selSamples,
  sensorSamples,
  upSample,
} from './metrics.ts'
import type { SelEntry, Sensor } from './report.ts'
import { selBatch, selStream } from './sel-log.ts'

const options = z.strictObject({
  arguments: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Arguments that each tool gets before all others: a driver, or another BMC. They are seen in the list of processes.',
    ),
  clock: z
    .enum(['local', 'utc'])
    .default('local')
    .describe("What the BMC's clock shows: this node's local time, or UTC."),
  initial: z
    .string()
    .regex(durationOr('all'))
    .meta({ expected: '"all", or a duration such as "24h" (s, m, h, d)' })
    .default('24h')
    .describe('Where reading the event log begins without a position: `all`, or a duration.'),
  log_seconds: z.int().min(10).default(300).describe('How often the event log is read.'),
})

/** The event log as its source read it last, on each host: a thousand entries are not asked for twice. */
const lastSel = new WeakMap<Tree, { readonly entries: readonly SelEntry[]; readonly at: number }>()

export const ipmi = withOptions({
  name: 'ipmi',
  events: ipmiEvents,
  metrics,
  schedule: '30 */2 * * * *',
  deadlineSeconds: 300,
  options,
  async probe(context) {
    const bmc = await findBmc(context, [])
    return bmc
      ? { here: true }
      : { here: false, why: 'neither ipmi-sensors (FreeIPMI) nor ipmitool is installed' }
  },
  notes: (samples) => (samples.length === 0 ? ['no BMC answers'] : []),
  async *collect(context) {
    const { options, signal, skip } = context
    const bmc = await findBmc(context, options.arguments)
    if (bmc === undefined) throw new Error('Cannot ask the BMC: its tool is no longer installed')
    /** Undefined where this part failed, which is told; without a BMC the first says so for all. */
    const part = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await read()
      } catch (error) {
        if (signal.aborted || (error instanceof ToolError && error.refusal === 'no-controller')) throw error
        skip(error instanceof Error ? error : new Error(String(error)))
        return undefined
      }
    }
    const told = (name: Part, answer: unknown) => upSample(name, answer !== undefined)
    try {
      const sensors = await part(() => bmc.sensors())
      yield told('ipmi', sensors)
      yield* sensorSamples(sensors ?? [])
      yield* sensorStates(sensors ?? [])
      const chassis = await part(() => bmc.chassis())
      yield told('chassis', chassis)
      yield* chassisSamples(parseChassis(chassis ?? ''))
      const info = parseBmcInfo((await part(() => bmc.info())) ?? '')
      yield told('bmc', info)
      if (info) yield* bmcSamples(info)
      const watts = parseDcmi((await part(() => powerOf(bmc))) ?? '')
      yield told('dcmi', watts)
      if (watts !== undefined) yield dcmiSample(watts)
      const last = lastSel.get(context.host)
      const isYoung = last !== undefined && performance.now() - last.at < 2000 * options.log_seconds
      const entries = isYoung ? last.entries : await part(() => bmc.sel())
      const room = entries && (await part(() => bmc.selInfo()))
      yield told('sel', room)
      if (entries) yield* selSamples(entries, parseSelInfo(room ?? ''), bmc.tellsSelStates)
    } catch (error) {
      if (signal.aborted || !(error instanceof ToolError) || error.refusal !== 'no-controller') throw error
    }
  },
  async *read(context) {
    const { options, signal, skip, positions, host } = context
    lastSel.delete(host) // Of another BMC, when the configuration has changed.
    let position = positions.get(selStream)
    const seconds = durationSeconds(options.initial)
    const timeOf = (text: string) => Date.parse(options.clock === 'utc' ? `${text}Z` : text)
    for (;;) {
      try {
        const bmc = await findBmc(context, options.arguments)
        if (bmc !== undefined) {
          const entries = await bmc.sel()
          lastSel.set(host, { entries, at: performance.now() })
          const now = Date.now()
          const sinceMilliseconds = seconds === undefined ? 0 : now - seconds * 1000
          let batch: ReturnType<typeof selBatch>
          try {
            batch = selBatch({ entries, position, sinceMilliseconds, timeOf, now })
          } catch (error) {
            skip(
              new Error(
                `Cannot go on in the system event log, begun at ${options.initial}: ${describe(error)}`,
                { cause: error },
              ),
            )
            batch = selBatch({ entries, position: undefined, sinceMilliseconds, timeOf, now })
          }
          if (batch !== undefined) {
            yield batch
            position = batch.positions[0]?.position
          }
        }
      } catch (error) {
        if (signal.aborted) throw error
        if (!(error instanceof ToolError) || error.refusal !== 'no-controller')
          skip(error instanceof Error ? error : new Error(String(error)))
      }
      await sleep(options.log_seconds * 1000, undefined, { signal })
    }
  },
})

/** Many BMCs have no DCMI: that one says no is no failure to be told each time. */
async function powerOf(bmc: Bmc): Promise<string> {
  try {
    return await bmc.power()
  } catch (error) {
    const saysNo =
      (error instanceof CommandError && error.exitCode !== undefined) ||
      (error instanceof ToolError && error.refusal === 'no-controller')
    if (!saysNo) throw error
    return ''
  }
}

const severities = { nominal: 9, warning: 13, critical: 17 } as const

/** Sensors that tell a state; an event for each change of it. */
function* sensorStates(sensors: readonly Sensor[]): Generator<StateReading> {
  for (const { id, name, type, state, value, units, event } of sensors) {
    if (state === 'unknown') continue
    const shown = value === undefined ? '' : `, ${value} ${units}`.trimEnd()
    const said = event === '' || event === 'N/A' ? '' : ` (${event.replaceAll("'", '')})`
    yield {
      part: `sensor:${id}:${name}`,
      state,
      healthy: state === 'nominal',
      event: 'ipmi.sensor',
      severity: severities[state],
      body: `Sensor ${name} is ${state}${shown}${said}`,
      attributes: { sensor: name, sensor_id: id, type },
    }
  }
}
