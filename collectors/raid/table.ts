/** The table of `remora collect raid`: what an operator sees at a glance, bad things marked. */
import type { Sample, Table } from '../../src/model.ts'
import { humanise } from '../../src/units.ts'

const bad = new Set([
  'degraded',
  'partially-degraded',
  'failed',
  'offline',
  'missing',
  'predictive-failure',
  'foreign',
  'rebuilding',
])

/** One row for each controller, array, battery and drive. */
export function raidTable(samples: readonly Sample[]): Table {
  const rows: Table[number][] = []
  const info = /^raid_(controller|array|battery|drive)_info$/
  const values = new Map(samples.map((sample) => [keyOf(sample), sample.value]))
  for (const { metric, labels } of samples) {
    const kind = info.exec(metric.name)?.[1]
    if (kind === undefined) continue
    const place = placeLabels[kind] ?? []
    const at = Object.fromEntries(place.map((name) => [name, labels[name] ?? '']))
    const states = samples.filter(
      (sample) =>
        sample.metric.name === `raid_${kind}_state` &&
        sample.value === 1 &&
        place.every((name) => sample.labels[name] === at[name]),
    )
    const state = states[0]?.labels.state ?? ''
    const size = values.get(keyOf({ metric: { name: `raid_${kind}_size_bytes` }, labels: at }))
    const celsius = values.get(keyOf({ metric: { name: `raid_${kind}_temperature_celsius` }, labels: at }))
    const tasks = samples.filter(
      (sample) =>
        sample.metric.name === `raid_${kind}_progress_ratio` &&
        place.every((name) => sample.labels[name] === at[name]),
    )
    const where = place
      .slice(2)
      .map((name) => at[name])
      .filter((word) => word !== '')
      .join(':')
    rows.push([
      { text: `${labels.vendor} ${labels.controller}` },
      { text: `${kind} ${where}`.trimEnd() },
      { text: [labels.level, labels.model, labels.name].filter(Boolean).join(' ') },
      { text: size === undefined ? '' : humanise(size, 'bytes') },
      {
        text: state === labels.status?.toLowerCase() ? state : `${state} (${labels.status})`,
        bad: bad.has(state),
      },
      { text: celsius === undefined ? '' : humanise(celsius, 'celsius') },
      { text: tasks.map((task) => `${task.labels.operation} ${humanise(task.value, 'ratio')}`).join(', ') },
    ])
  }
  return rows
}

const placeLabels: Readonly<Record<string, readonly string[]>> = {
  controller: ['vendor', 'controller'],
  array: ['vendor', 'controller', 'array'],
  battery: ['vendor', 'controller', 'technology'],
  drive: ['vendor', 'controller', 'enclosure', 'slot'],
}

function keyOf({
  metric,
  labels,
}: {
  readonly metric: { readonly name: string }
  readonly labels: Sample['labels']
}) {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([metric.name, pairs])
}
