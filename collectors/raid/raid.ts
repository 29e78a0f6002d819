/**
 * raid: RAID controllers and host bus adapters of every vendor, through the vendors' own tools, as one family of
 * metrics and events, with the families that dashboards know beside it. Each family of tools is read apart from the
 * others; docs/raid-words.md says what each vendor's words mean.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { ParseError } from '../../src/errors.ts'
import { type CollectContext, gauge, type Sample, type StateReading, withOptions } from '../../src/model.ts'
import { findTools } from '../../src/tool.ts'
import { type FamilyReading, readFamily, toolStates } from './collect.ts'
import { raidLogEvents, raidStateEvents } from './events.ts'
import { goneItems, listersOf } from './gone.ts'
import { initialPattern, readVendorLogs } from './logs.ts'
import { raidMetrics, unknownWords } from './metrics.ts'
import type { RaidPart } from './report.ts'
import { samplesOf } from './samples.ts'
import { withSerials } from './serials.ts'
import { controllerPrefix, nameOf, placeOf, stateOf } from './states.ts'
import { raidTable } from './table.ts'
import type { RaidVendor } from './vendor.ts'
import { vendors } from './vendors.ts'

const toolState = gauge(
  'raid_tool_state',
  'none',
  'tool',
  '1 for how reading a family of vendor tools ended, 0 for the others: its tool is missing, finds no controller, lacks a permission or is of a version that is not read.',
  ['family', 'tool', 'state'],
)

/** Those whose tools show an event log. */
const loggingFamilies = ['megaraid', 'arcconf', '3ware'] as const

const options = z.strictObject({
  de_facto: z
    .boolean()
    .default(true)
    .describe('Also the series of the known exporters: `megaraid_*`, `tw_cli_*`.'),
  initial: z
    .string()
    .regex(initialPattern)
    .meta({ expected: '"all", or a duration such as "24h" (s, m, h, d)' })
    .default('24h')
    .describe("Where reading a controller's event log begins without a position: `all`, or a duration."),
  logs: z
    .array(z.enum(loggingFamilies))
    .default([...loggingFamilies])
    .describe(
      "The families of tools whose controllers' event logs are read. Old 3ware cards give each alarm only once, to whoever asks first.",
    ),
  log_seconds: z.int().min(10).default(300).describe("How often the controllers' event logs are read."),
})

export const raid = withOptions({
  name: 'raid',
  metrics: [...raidMetrics, toolState, ...vendors.flatMap(({ metrics }) => metrics)],
  events: [...raidStateEvents, ...raidLogEvents],

  schedule: '0 */5 * * * *',
  deadlineSeconds: 240,
  options,
  table: raidTable,
  notes: (samples) =>
    samples.flatMap(({ metric, labels, value }) =>
      metric === toolState && value === 1 && labels.state === 'no-controller'
        ? [`${labels.tool} finds no controller`]
        : [],
    ),
  async probe(context) {
    for (const vendor of vendors) if ((await findTools(vendor, context)).length > 0) return { here: true }
    const names = vendors.flatMap((vendor) => vendor.names).join(', ')
    return { here: false, why: `no tool of a RAID vendor is installed; looked for ${names}` }
  },
  async *collect(context) {
    for (const vendor of vendors) {
      const reading = await readFamily(vendor, context)
      for (const item of readingItems(vendor, reading, context))
        if (context.options.de_facto || !('metric' in item) || !vendor.metrics.includes(item.metric))
          yield item
    }
  },
  async *read(context) {
    const { signal, options } = context
    const positions = new Map(context.positions)
    for (;;) {
      for (const vendor of vendors) {
        if (!options.logs.some((family) => family === vendor.family)) continue
        for await (const batch of readVendorLogs(vendor, positions, options.initial, context)) {
          yield batch
          for (const { stream, position } of batch.positions) positions.set(stream, position)
        }
      }
      await sleep(options.log_seconds * 1000, undefined, { signal })
    }
  },
})

/** The samples and states of one family's reading, and of what it does not list any more. */
function* readingItems(
  { family, vendors: labels, listedBy, ...vendor }: RaidVendor,
  { ended, items: read, tools, ...reading }: FamilyReading,
  context: Pick<CollectContext, 'known' | 'skip' | 'host'>,
): Generator<Sample | StateReading> {
  const known = context.known()
  const items = withSerials(read, context.host)
  const listers = listersOf(context.host)
  for (const [index, item] of items.entries()) {
    const tool = tools.get(read[index] ?? item)
    if ('kind' in item && tool !== undefined) listers.set(controllerPrefix(item), tool)
  }
  for (const { tool, state } of ended)
    for (const one of toolStates)
      yield {
        metric: toolState,
        value: Number(one === state),
        labels: { family, tool: tool || (vendor.names[0] ?? ''), state: one },
      }
  const parts: RaidPart[] = []
  const seen = new Set<string>()
  for (const item of items) {
    if ('metric' in item) yield item
    if (!('kind' in item)) continue
    const name = nameOf(item)
    if (seen.has(name)) {
      context.skip(new ParseError(`Cannot tell apart two parts "${name}" of ${family}`))
      continue
    }
    seen.add(name)
    parts.push(item)
    yield* samplesOf(item)
    yield stateOf(item)
  }
  for (const item of items) {
    if (!('complete' in item)) continue
    const prefix = controllerPrefix(item.complete)
    for (const name of known.keys()) {
      if (!name.startsWith(prefix) || seen.has(name) || placeOf(name)?.kind === 'controller') continue
      yield* goneItems(name, item.complete)
    }
  }
  for (const name of known.keys()) {
    const place = seen.has(name) ? undefined : placeOf(name)
    if (place?.kind !== 'controller' || !labels.some((one) => one === place.vendor)) continue
    const lister = listers.get(controllerPrefix(place)) ?? listedBy?.(place.controller)
    if (lister === undefined ? reading.all : reading.whole.has(lister)) yield* goneItems(name)
  }
  for (const label of new Set(parts.map((part) => part.vendor))) {
    const value = parts.filter((part) => part.vendor === label && !part.status.known).length
    yield { metric: unknownWords, value, labels: { vendor: label } }
  }
}
