/** Samples as lines of at most 80 columns: name and labels to the left, the value with its unit to the right. */
import type { Labels, Metric, Sample, Unit } from '../model.ts'

/** Of the 80 columns of a terminal, less the indent of two that callers add. */
const columns = 78
const valueColumns = 20

/**
 * One line for each sample, those of one metric together: the metric's name on a line of its own when it has several
 * series, or when name and labels do not fit beside the value.
 */
export function seriesLines(samples: readonly Sample[]): string[] {
  const metrics = new Map<Metric, Sample[]>()
  for (const sample of samples) {
    const found = metrics.get(sample.metric)
    if (found) found.push(sample)
    else metrics.set(sample.metric, [sample])
  }
  return [...metrics].flatMap(([metric, series]) => {
    const [only] = series
    const alone = only && `${metric.name}${labelText(only.labels)}`
    if (series.length === 1 && only && alone && alone.length < columns - valueColumns) {
      return [line(alone, humanise(only.value, metric.unit))]
    }
    const lines = series.flatMap(({ labels, value }) => {
      const said = labelText(labels) || '(no labels)'
      return wrap(`  ${said}`, humanise(value, metric.unit))
    })
    return [metric.name, ...lines]
  })
}

function wrap(left: string, right: string): string[] {
  if (left.length + 1 + right.length <= columns) return [line(left, right)]
  const pieces: string[] = []
  let rest = left
  while (rest.length > columns) {
    const cut = rest.lastIndexOf(',', columns - 1) + 1
    const at = cut > 4 ? cut : columns
    pieces.push(rest.slice(0, at))
    rest = `    ${rest.slice(at)}`
  }
  return rest.length + 1 + right.length <= columns
    ? [...pieces, line(rest, right)]
    : [...pieces, rest, right.padStart(columns)]
}

/** A sentence as lines of words, those after the first indented. */
export function wrapWords(sentence: string): string[] {
  const lines: string[] = []
  let rest = sentence
  while (rest.length > columns) {
    const space = rest.lastIndexOf(' ', columns)
    const at = space > 4 ? space : columns
    lines.push(rest.slice(0, at))
    rest = `    ${rest.slice(at).trimStart()}`
  }
  return [...lines, rest]
}

function line(left: string, right: string): string {
  return (left + right.padStart(columns - left.length)).trimEnd()
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

/** A value as a person reads it: `1.2 GiB`, `83.1 %`, `3 d 4 h`, `2026-01-02 03:04:05 UTC`. */
export function humanise(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return String(value)
  switch (unit) {
    case 'bytes':
      return bytes(value)
    case 'ratio':
      // Compression ratios are above 1 and no share of anything.
      return value > 1 ? `${trim(value)}` : `${trim(value * 100)} %`
    case 'seconds':
      return duration(value)
    case 'timestamp_seconds':
      return Math.abs(value) > 8.64e12
        ? trim(value)
        : `${new Date(value * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
    case 'celsius':
      return `${trim(value)} °C`
    case 'volts':
      return `${trim(value)} V`
    case 'joules':
      return `${trim(value)} J`
    case 'hertz':
      return `${trim(value)} Hz`
    case 'pages':
      return `${trim(value)} pages`
    case 'info':
      return ''
    case 'none':
      return trim(value)
  }
}

function bytes(value: number): string {
  let size = value
  let step = 0
  while (Math.abs(size) >= 1024 && step < binary.length - 1) {
    size /= 1024
    step++
  }
  return `${step === 0 ? size : size.toFixed(1)} ${binary[step]}`
}

function duration(value: number): string {
  const whole = Math.floor(Math.abs(value))
  if (whole < 120) return `${trim(value)} s`
  const sign = value < 0 ? '-' : ''
  const days = Math.floor(whole / 86_400)
  const hours = Math.floor((whole % 86_400) / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  if (days > 0) return `${sign}${days} d ${hours} h`
  return hours > 0 ? `${sign}${hours} h ${minutes} min` : `${sign}${minutes} min ${whole % 60} s`
}

/** At most four places after the point, none when whole. */
function trim(value: number): string {
  return Number.isInteger(value)
    ? String(value)
    : String(Number(value.toPrecision(Math.abs(value) < 1 ? 3 : 6)))
}
