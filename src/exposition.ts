/**
 * Samples as a page: the Prometheus text format 0.0.4 and OpenMetrics 1.0.0, by one renderer, so that a series has
 * the same name and labels in both. prom-client's own renderer is not used: its OpenMetrics output renames counters
 * in the registry for good.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 * @see https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
 */
import type { Registry } from 'prom-client'
import type { FamilyType, Labels, Metric, Sample } from './model.ts'

export type Format = 'text' | 'openmetrics'

/** The media types of the two formats. */
export const contentTypes: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** One family of the agent's own registry: what prom-client holds, histograms and summaries included. */
export interface OwnFamily {
  readonly name: string
  readonly type: FamilyType
  readonly help: string
  readonly series: readonly { readonly name: string; readonly labels: Labels; readonly value: number }[]
}

export interface RenderOptions {
  /** The agent's own families. A sample of such a family is left to it, in silence. */
  readonly own?: readonly OwnFamily[]
  /** Told of each series that would have made Prometheus refuse the page (a duplicate, an impossible name). */
  readonly dropped?: (series: string) => void
}

interface Family {
  readonly name: string
  readonly type: OwnFamily['type']
  readonly help: string
  readonly unit: string
  readonly lines: string[]
  readonly seen: Set<string>
  /** Of the series before: nearly always that of the next one too. */
  shape: Shape
}

/** What all series of one name with the same label names, in the same order, share. */
interface Shape {
  readonly name: string
  /** As the sample has them. */
  readonly keys: readonly string[]
  /** Sorted, each with the text before its value: `name{a="`, `",b="`. */
  readonly parts: readonly { readonly key: string; readonly before: string }[]
  /** Prometheus takes these names. */
  readonly possible: boolean
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const unitless = new Set(['none', 'info'])
const ownSuffixes: Readonly<Record<OwnFamily['type'], readonly string[]>> = {
  counter: [''],
  gauge: [''],
  untyped: [''],
  histogram: ['', '_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

/**
 * Renders samples, families grouped and sorted by name, each line ending in a newline. Of two samples of one series
 * the first wins. In OpenMetrics there is no final `# EOF`: whoever ends the page writes it.
 */
export function render(samples: readonly Sample[], format: Format, options: RenderOptions = {}): string {
  const { own = [], dropped } = options
  const families = new Map<string, Family>()
  const owned = new Set<string>()
  for (const { name, type, help, series } of own) {
    const family = newFamily(name, type, help, 'none')
    families.set(name, family)
    for (const suffix of ownSuffixes[type]) owned.add(name + suffix)
    for (const one of series) add(family, one.name, one.labels, one.value, dropped)
  }
  for (const { metric, labels, value } of samples) {
    if (owned.has(metric.name)) continue
    const { name, type, help } = metric.family ?? metric
    let family = families.get(name)
    if (family === undefined) {
      family = newFamily(name, type, help, metric.unit)
      families.set(name, family)
    }
    add(family, metric.name, labels, value, dropped)
  }
  const pieces: string[] = []
  for (const family of [...families.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (family.lines.length === 0) continue
    pieces.push(format === 'text' ? textHead(family) : openMetricsHead(family, families), ...family.lines)
  }
  return pieces.join('')
}

/** The agent's own metrics, as prom-client holds them. */
export async function ownFamilies(registry: Registry): Promise<OwnFamily[]> {
  const families: OwnFamily[] = []
  for (const metric of await registry.getMetricsAsJSON()) {
    const type = ownType(metric.type)
    const series = metric.values.map((value) => ({
      name: 'metricName' in value && typeof value.metricName === 'string' ? value.metricName : metric.name,
      labels: textLabels(value.labels),
      value: value.value,
    }))
    families.push({ name: metric.name, type, help: metric.help, series })
  }
  return families
}

/**
 * The agent's own metrics as samples, for pushing the same series as are scraped: a histogram as its `_bucket`,
 * `_sum` and `_count`.
 */
export async function registrySamples(registry: Registry): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const { name, type, help, series } of await ownFamilies(registry)) {
    const metrics = new Map<string, Metric>()
    for (const one of series) {
      let metric = metrics.get(one.name)
      if (metric === undefined) {
        const counts = type === 'counter' || /_(bucket|count)$/.test(one.name.slice(name.length))
        metric = {
          name: one.name,
          type: counts ? 'counter' : 'gauge',
          unit: 'none',
          source: 'the agent itself',
          help,
          labels: Object.keys(one.labels),
        }
        metrics.set(one.name, metric)
      }
      samples.push({ metric, labels: one.labels, value: one.value })
    }
  }
  return samples
}

/** prom-client's types say a number where its registry holds a word. */
function ownType(type: unknown): OwnFamily['type'] {
  return type === 'counter' || type === 'histogram' || type === 'summary' ? type : 'gauge'
}

function textLabels(labels: Readonly<Record<string, string | number | undefined>>): Labels {
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(labels)) if (value !== undefined) texts[name] = String(value)
  return texts
}

function newFamily(name: string, type: Family['type'], help: string, unit: string): Family {
  return { name, type, help, unit, lines: [], seen: new Set(), shape: shapeOf(name, []) }
}

function add(
  family: Family,
  name: string,
  labels: Labels,
  value: number,
  dropped: RenderOptions['dropped'],
): void {
  const keys = Object.keys(labels)
  if (family.shape.name !== name || !same(family.shape.keys, keys)) family.shape = shapeOf(name, keys)
  const series = seriesText(family.shape, labels)
  if (family.seen.has(series) || !family.shape.possible) {
    dropped?.(series)
    return
  }
  family.seen.add(series)
  family.lines.push(`${series} ${valueText(value)}\n`)
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index])
}

function shapeOf(name: string, keys: readonly string[]): Shape {
  const parts = keys
    .toSorted()
    .map((key, index) => ({ key, before: index === 0 ? `${name}{${key}="` : `",${key}="` }))
  return { name, keys, parts, possible: metricName.test(name) && keys.every((key) => labelName.test(key)) }
}

function seriesText({ name, parts }: Shape, labels: Labels): string {
  if (parts.length === 0) return name
  let text = ''
  for (const { key, before } of parts) text += before + escapeLabel(labels[key] ?? '')
  return `${text}"}`
}

const toEscape = /[\\"\n]/

function escapeLabel(value: string): string {
  return toEscape.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value
}

function valueText(value: number): string {
  if (Number.isFinite(value)) {
    // Past 2^53 JavaScript rounds the digits it prints; below 1e21 every digit is wanted.
    if (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21) {
      return BigInt(value).toString()
    }
    return String(value)
  }
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

function textHead({ name, type, help }: Family): string {
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return `# HELP ${name} ${text}\n# TYPE ${name} ${type}\n`
}

/**
 * An OpenMetrics counter is named without `_total`. One whose name lacks it, or whose shorter name is another family,
 * is `unknown`, so that its series keep their names.
 */
function openMetricsHead({ name, type, help, unit }: Family, all: ReadonlyMap<string, Family>): string {
  const short = name.endsWith('_total') ? name.slice(0, -'_total'.length) : name
  const counts = type === 'counter' && short !== name && !all.has(short)
  const family = counts ? short : name
  const kind = type === 'untyped' || (type === 'counter' && !counts) ? 'unknown' : type
  const word = unit === 'timestamp_seconds' ? 'seconds' : unit
  const unitLine = !unitless.has(word) && family.endsWith(`_${word}`) ? `# UNIT ${family} ${word}\n` : ''
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
  return `# TYPE ${family} ${kind}\n${unitLine}# HELP ${family} ${text}\n`
}
