/** The table of `remora collect raid`: what an operator sees at a glance, bad things marked. */
import type { Cell, Labels, Sample, Table } from '../../src/model.ts'
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

/** What tells one part from the others of its kind. */
const placeLabels: Readonly<Record<string, readonly string[]>> = {
  controller: ['vendor', 'controller'],
  array: ['vendor', 'controller', 'array'],
  battery: ['vendor', 'controller', 'technology'],
  drive: ['vendor', 'controller', 'enclosure', 'slot'],
}

interface Part {
  readonly kind: string
  readonly place: readonly string[]
  info?: Labels
  state: string
  sizeBytes?: number
  drives?: number
  celsius?: number
  readonly tasks: string[]
}

/** One row for each controller, array, battery and drive, and for each drive that is gone. */
export function raidTable(samples: readonly Sample[]): Table {
  return [...partsOf(samples)].map(rowOf)
}

/** One look at each sample: a large machine has a hundred thousand. */
function partsOf(samples: readonly Sample[]): Iterable<Part> {
  const parts = new Map<string, Part>()
  for (const { metric, labels, value } of samples) {
    const [, kind = '', what] = /^raid_(controller|array|battery|drive)_(\w+)$/.exec(metric.name) ?? []
    const names = placeLabels[kind]
    if (names === undefined || what === undefined) continue
    const place = names.map((name) => labels[name] ?? '')
    const key = JSON.stringify([kind, ...place])
    const part: Part = parts.get(key) ?? { kind, place, state: '', tasks: [] }
    parts.set(key, part)
    if (what === 'info') part.info = labels
    else if (what === 'state' && value === 1) part.state = labels.state ?? ''
    else if (what === 'size_bytes') part.sizeBytes = value
    else if (what === 'drives') part.drives = value
    else if (what === 'temperature_celsius') part.celsius = value
    else if (what === 'progress_ratio') part.tasks.push(`${labels.operation} ${humanise(value, 'ratio')}`)
  }
  return parts.values()
}

function rowOf({ kind, place, info = {}, state, sizeBytes, drives, celsius, tasks }: Part): readonly Cell[] {
  const [vendor, controller, ...where] = place
  const at = where.filter((word) => word !== '').join(':')
  const status = info.status ?? ''
  // What the vendor calls it matters where something is wrong, or not understood.
  const isPlain = status === '' || state === status.toLowerCase() || !(bad.has(state) || state === 'unknown')
  const said = isPlain ? state : `${state} (${status})`
  return [
    { text: `${vendor} ${controller}` },
    { text: `${kind} ${at}`.trimEnd() },
    { text: [info.level, info.model, info.name].filter(Boolean).join(' ') },
    { text: sizeBytes === undefined ? '' : humanise(sizeBytes, 'bytes') },
    { text: drives === undefined ? '' : `${drives} drives` },
    { text: said, bad: bad.has(state) },
    { text: celsius === undefined ? '' : humanise(celsius, 'celsius') },
    { text: tasks.join(', ') },
  ]
}
