/** What there is to read on this node, and whether it can be read: hardware without its tool, tools without the right. */
import { systemClock } from '../clock.ts'
import { probe, type RunOptions, runCollector, type Surroundings } from '../collect.ts'
import type { CollectorSection } from '../config-schema.ts'
import { describe } from '../errors.ts'
import type { Collector, Sample } from '../model.ts'
import type { Tree } from '../tree.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

export interface SourceRun {
  readonly section: CollectorSection | undefined
  readonly surroundings: Surroundings
  readonly maxSeries: number
  readonly signal: AbortSignal
}

/** One reading is not waited for longer. */
const mostSeconds = 20

/** An enabled collector once: what it finds, or what keeps it from reading what is there. */
export async function checkSource(
  collector: Collector,
  { section, surroundings, maxSeries, signal }: SourceRun,
): Promise<{ findings: Finding[]; samples: readonly Sample[] }> {
  const { name } = collector
  const run: RunOptions = {
    surroundings: { ...surroundings, isAlone: true },
    options: section?.options,
    deadlineSeconds: Math.min(section?.deadline_seconds ?? collector.deadlineSeconds ?? 10, mostSeconds),
    maxSeries,
    states: new Map(),
    clock: systemClock,
    signal,
  }
  const failing = (error: Error) =>
    problem(name, describe(error), 'see docs/runbooks/RemoraCollectorFailing.md')
  const found = await probe(collector, run).presence
  if ('error' in found) return { samples: [], findings: [failing(found.error)] }
  if (!found.here) {
    const hardware = await hardwareFor(name, surroundings)
    const todo = 'install the tool, or disable the collector'
    return {
      samples: [],
      findings: hardware === undefined ? [] : [warning(name, `${hardware}, but ${found.why}`, todo)],
    }
  }
  const { error, skipped, samples } = await runCollector(collector, run).reading
  if (error) return { samples, findings: [failing(error)] }
  const [first, ...more] = skipped
  if (first) {
    const others = more.length === 0 ? '' : `, and ${more.length} more`
    const saw = `${describe(first)}${others}`
    return { samples, findings: [warning(name, saw, `run remora collect ${name}`)] }
  }
  return { samples, findings: [ok(name, collector.collect ? `${samples.length} series` : 'is there')] }
}

const massStorage = { raid: /^0x0104/, any: /^0x01/ } as const

/** What of the kernel's says that there is something for a collector; undefined: nothing. */
async function hardwareFor(
  name: string,
  { sys, host }: Pick<Surroundings, 'sys' | 'host'>,
): Promise<string | undefined> {
  switch (name) {
    case 'raid': {
      const cards = await pciDevices(sys, massStorage.raid)
      return cards === 0 ? undefined : `there are ${cards} RAID controllers on the PCI bus`
    }
    case 'ipmi': {
      const isThere = (await sys.list('class/ipmi')).length > 0 || (await host.exists('dev/ipmi0'))
      return isThere ? 'the kernel has a BMC' : undefined
    }
    case 'smartctl': {
      const drives = (await sys.list('block')).filter((drive) => /^(sd[a-z]+|nvme\d+n\d+)$/.test(drive))
      return drives.length === 0 ? undefined : `there are ${drives.length} drives`
    }
    case 'fabric': {
      const adapters = await sys.list('class/infiniband')
      return adapters.length === 0 ? undefined : `there are ${adapters.length} InfiniBand adapters`
    }
    default:
      return undefined
  }
}

async function pciDevices(sys: Tree, kind: RegExp): Promise<number> {
  let count = 0
  for (const device of await sys.list('bus/pci/devices'))
    if (kind.test((await sys.read(`bus/pci/devices/${device}/class`)) ?? '')) count += 1
  return count
}
