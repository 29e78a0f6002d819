/** A collector's context for tests: real trees, real statfs, and a note of what was skipped. */
import { join } from 'node:path'
import { commandRunner, type RunCommand } from '../../src/command.ts'
import type { CollectContext, Collector, Sample, StateReading } from '../../src/model.ts'
import { seriesKey } from '../../src/model.ts'
import { type FileSystemUsage, usageReader } from '../../src/statfs.ts'
import { tree } from '../../src/tree.ts'

export interface TestContext extends CollectContext {
  /** Every error given to `skip`, in order. */
  readonly skipped: Error[]
}

export interface Machine {
  /** A folder with `sys`, `proc` and `root` in it; default the machine itself. */
  readonly folder?: string
  readonly options?: unknown
  /** The last known states, by part. */
  readonly states?: ReadonlyMap<string, string>
  /** What statfs says, by path of the host; default asks the machine. A path that is not in it fails with ENOENT. */
  readonly usage?: Readonly<Record<string, FileSystemUsage>>
  /** Default runs the machine's own tools. */
  readonly run?: RunCommand
  /** Where tools are found, as in PATH; default the machine's own folders. */
  readonly path?: string
}

export function contextOf(machine: Machine = {}): TestContext {
  const { folder, options, states = new Map<string, string>(), usage } = machine
  const skipped: Error[] = []
  const runner = commandRunner(machine.path)
  const run = machine.run ? Object.assign(machine.run, { path: runner.path }) : runner
  const ask = usageReader(run)
  const host = tree(folder === undefined ? '/' : join(folder, 'root'))
  return {
    sys: tree(folder === undefined ? '/sys' : join(folder, 'sys')),
    proc: tree(folder === undefined ? '/proc' : join(folder, 'proc')),
    host,
    options,
    run,
    stream: runner.stream,
    statfs: async (path, canHang) => {
      if (usage === undefined) return ask(host.resolve(path), canHang)
      const found = usage[path]
      if (found === undefined) throw Object.assign(new Error(`ENOENT: statfs "${path}"`), { code: 'ENOENT' })
      return found
    },
    signal: new AbortController().signal,
    skip: (error) => void skipped.push(error),
    previous: (part) => states.get(part),
    known: () => states,
    skipped,
  }
}

/** @throws if its collector does not declare this event, or one of its attributes (docs/events.md) */
function checkEvent({ name, events = [] }: Collector, { event, attributes }: StateReading): void {
  const type = events.find((one) => one.name === event)
  if (type === undefined) throw new Error(`${name} yields "${event}", which it does not declare`)
  if (type.states === undefined)
    throw new Error(`${name} yields "${event}", which it does not declare as a state`)
  for (const attribute of Object.keys(attributes))
    if (!(attribute in type.attributes))
      throw new Error(`${name} yields "${event}" with "${attribute}", which it does not declare`)
}

export interface Reading {
  readonly samples: Sample[]
  readonly states: StateReading[]
  /** Values by `name{label="value"}`. */
  readonly series: Map<string, number>
}

/** One run of a collector, to its end. @throws what the run throws, and when it yields one series twice */
export async function collectOnce(collector: Collector, context: CollectContext): Promise<Reading> {
  const reading: Reading = { samples: [], states: [], series: new Map() }
  for await (const item of collector.collect?.(context) ?? []) {
    if (!('metric' in item)) {
      checkEvent(collector, item)
      reading.states.push(item)
      continue
    }
    const key = seriesKey(item.metric.name, item.labels)
    if (reading.series.has(key)) throw new Error(`${collector.name} yields ${key} twice`)
    reading.samples.push(item)
    reading.series.set(key, item.value)
  }
  return reading
}
