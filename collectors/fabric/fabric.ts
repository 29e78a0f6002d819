/**
 * fabric: all switches and HCAs of an InfiniBand fabric, from one node that is chosen to ask: ibstat, ibnetdiscover,
 * iblinkinfo, ibqueryerrors and perfquery, in infiniband_exporter's metrics; links that go, come or fall short, and ports that count many errors, as
 * events.
 */

import * as z from 'zod'
import { CommandError, ToolError } from '../../src/errors.ts'
import { type CollectContext, type Presence, type StateReading, withOptions } from '../../src/model.ts'
import { findTools, withTool } from '../../src/tool.ts'
import type { Tree } from '../../src/tree.ts'
import { type PortCounters, parseCounters } from './counters.ts'
import { fabricEvents } from './events.ts'
import { leadsIntoFabric, parseIbstat } from './ibstat.ts'
import { type Link, nameOf, ordered, parseLinks } from './links.ts'
import { counterSamples, deviceSamples, errorSamples, linkErrors, metrics } from './metrics.ts'
import { parseQueryErrors } from './query-errors.ts'
import { type Device, parseTopology } from './topology.ts'

const options = z.strictObject({
  scan: z
    .boolean()
    .default(false)
    .describe('Whether this node asks the whole fabric; one in a fabric is enough.'),
  hcas: z
    .boolean()
    .default(false)
    .describe('Whether the counters of HCAs are read too; else those of switches alone.'),
  node_name_map: z
    .string()
    .startsWith('/')
    .optional()
    .describe('A file that names switches, for the tools.')
    .meta({ expected: 'an absolute path' }),
  burst: z
    .int()
    .min(1)
    .default(100)
    .describe('So many link errors of a port between two readings are an event.'),
})
type Options = z.output<typeof options>
type Context = CollectContext<Options>

const places = { family: 'infiniband', folders: ['/opt/ibutils/bin'] }
/** Link errors of each port at the reading before, on each host. */
const before = new WeakMap<Tree, Map<string, number>>()

export const fabric = withOptions({
  name: 'fabric',
  events: fabricEvents,
  metrics,
  schedule: '15 */5 * * * *',
  deadlineSeconds: 280,
  options,
  probe,
  async *collect(context) {
    const { options, skip, signal } = context
    if (!leadsIntoFabric(parseIbstat(await ask('ibstat', [], context, [255]))))
      throw new ToolError('Cannot ask the fabric: ibstat shows no active InfiniBand port', 'no-controller')
    const devices = parseTopology(await ask('ibnetdiscover', ['--ports', ...named(options)], context))
    for (const device of devices) yield* deviceSamples(device)
    try {
      const links = parseLinks(await ask('iblinkinfo', ['--line', ...named(options)], context))
      yield* linkStates(links, devices, context)
    } catch (error) {
      if (signal.aborted) throw error
      skip(error instanceof Error ? error : new Error(String(error)))
    }
    try {
      yield* errorSamples(parseQueryErrors(await ask('ibqueryerrors', named(options), context, [1])))
    } catch (error) {
      if (signal.aborted) throw error
      skip(error instanceof Error ? error : new Error(String(error)))
    }
    const last = before.get(context.host) ?? new Map<string, number>()
    before.set(context.host, last)
    for (const device of devices) {
      if (device.type === 'CA' && !options.hcas) continue
      try {
        const ports = await countersOf(device, context)
        yield* counterSamples(device, ports)
        yield* burstStates(device, ports, last, options.burst)
      } catch (error) {
        if (signal.aborted) throw error
        skip(error instanceof Error ? error : new Error(String(error)))
      }
    }
  },
})

async function probe(context: Context): Promise<Presence> {
  if (!context.options.scan) return { here: false, why: '`scan` is off: another node may ask the fabric' }
  for (const name of ['ibnetdiscover', 'iblinkinfo', 'perfquery', 'ibqueryerrors', 'ibstat'])
    if ((await findTools({ ...places, names: [name] }, context)).length === 0)
      return { here: false, why: `${name} (infiniband-diags) is not installed` }
  return { here: true }
}

function named({ node_name_map }: Options): string[] {
  return node_name_map === undefined ? [] : ['--node-name-map', node_name_map]
}

/** @param good exit codes beside 0 with which there is something to read @throws {ToolError} no port to the fabric, or no permission; {CommandError} anything else that is no answer */
async function ask(
  name: string,
  args: readonly string[],
  context: Context,
  good: readonly number[] = [],
): Promise<string> {
  const [tool] = await findTools({ ...places, names: [name] }, context)
  if (tool === undefined) throw new CommandError(`Cannot run ${name}: it is not installed`)
  return withTool(tool, context, async (call) => {
    const { stdout, stderr, exitCode } = await call.exec(args, { deadlineSeconds: 60 })
    const text = stdout.toString('utf8')
    if (exitCode === 0 || (good.includes(exitCode) && text !== '')) return text
    const words = stderr.trim().replace(/\s+/g, ' ').slice(0, 300)
    if (/permission denied/i.test(words)) throw new ToolError(`Cannot run ${name}: ${words}`, 'no-permission')
    if (
      /can't find a? ?(?:local port|(?:usable|active) IB port)|failed to open|no such file|open port/i.test(
        words,
      )
    )
      throw new ToolError(`Cannot run ${name}: ${words}`, 'no-controller')
    throw new CommandError(`Cannot run ${name}: it ended with ${exitCode}: ${words}`, { exitCode, stderr })
  })
}

/** The extended counters, and where a device has no errors among them the classic ones. */
async function countersOf({ guid, uplinks }: Device, context: Context): Promise<PortCounters[]> {
  const ports = [...uplinks.keys()].sort((a, b) => Number(a) - Number(b)).join(',')
  const extended = parseCounters(await ask('perfquery', ['-G', guid, '-l', '-x', ports], context))
  if (extended.every(({ values }) => values.has('SymbolErrorCounter'))) return extended
  const classic = parseCounters(await ask('perfquery', ['-G', guid, '-l', ports], context))
  return extended.map(({ port, values }) => {
    const own = classic.find((one) => one.port === port)?.values ?? new Map<string, number>()
    return { port, values: new Map([...own, ...values]) }
  })
}

/** Links as they are, and those that were and that neither iblinkinfo nor the topology shows any more. */
function* linkStates(
  links: readonly Link[],
  devices: readonly Device[],
  { known }: Pick<Context, 'known'>,
): Generator<StateReading> {
  const seen = new Set(devices.flatMap(linkNames))
  for (const { ends, width, speed, state, couldBe } of links) {
    const part = nameOf(ends)
    seen.add(part)
    const is = state !== 'Active' ? 'inactive' : couldBe === '' ? 'active' : 'degraded'
    const short = couldBe === '' ? '' : `; ${couldBe.charAt(0).toLowerCase()}${couldBe.slice(1)}`
    yield {
      ...reading(part, is),
      body: `Link ${endsIn(ends)} is ${is}: ${width} at ${speed}, ${state}${short}`,
    }
  }
  for (const part of known().keys()) {
    const [kind, guidA, portA, guidB, portB] = part.split(':')
    if (kind !== 'link' || seen.has(part) || portB === undefined) continue
    yield {
      ...reading(part, 'down'),
      body: `Link ${guidA} port ${portA} – ${guidB} port ${portB} is down: neither end sees the other`,
    }
  }
}

function linkNames({ guid, uplinks }: Device): string[] {
  return [...uplinks].map(([port, to]) => nameOf(ordered({ guid, port }, { guid: to.guid, port: to.port })))
}

const severities: Readonly<Record<string, number>> = { active: 9, degraded: 13, inactive: 13, down: 17 }

function reading(part: string, state: string) {
  const [, guid = '', port = '', remote_guid = '', remote_port = ''] = part.split(':')
  const attributes = { guid, port, remote_guid, remote_port }
  return {
    part,
    state,
    healthy: state === 'active',
    event: 'fabric.link',
    severity: severities[state] ?? 13,
    attributes,
  }
}

function endsIn([a, b]: Link['ends']): string {
  return `${a.name} port ${a.port} – ${b.name} port ${b.port}`
}

function* burstStates(
  { guid, name }: Device,
  ports: readonly PortCounters[],
  last: Map<string, number>,
  most: number,
): Generator<StateReading> {
  for (const { port, values } of ports) {
    const part = `errors:${guid}:${port}`
    const now = linkErrors(values)
    const then = last.get(part)
    last.set(part, now)
    // The first reading says nothing of a pace, and neither does one after the counters were cleared.
    if (then === undefined || now < then) continue
    const isBurst = now - then >= most
    yield {
      part,
      state: isBurst ? 'burst' : 'quiet',
      healthy: !isBurst,
      event: 'fabric.errors',
      severity: isBurst ? 13 : 9,
      body: `Port ${port} of ${name} has counted ${now - then} link errors since the last reading`,
      attributes: { guid, port, device: name },
    }
  }
}
