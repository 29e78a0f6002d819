/** Samples as lines of at most 80 columns: name and labels to the left, the value with its unit to the right. */
import type { Cell, Labels, Metric, Sample, Table } from '../model.ts'
import { humanise } from '../units.ts'

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

const red = '\x1b[31m'
const plain = '\x1b[0m'

/**
 * Rows as aligned columns; bad cells are red on a terminal, and begin with `!` elsewhere.
 * @param width of a terminal: columns beyond it go to further lines of their row, which are indented. Absent: rows stay whole
 */
export function tableLines(rows: Table, isColoured: boolean, width = Number.POSITIVE_INFINITY): string[] {
  const shown = ({ text, bad }: Cell) => (bad === true && !isColoured ? `! ${text}` : text)
  const widths: number[] = []
  for (const row of rows)
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, shown(cell).length)
  const starts = lineStarts(widths, width)
  return rows.flatMap((row) =>
    starts
      .map((start, line) =>
        row.slice(start, starts[line + 1]).map((cell, index) => {
          const text = shown(cell).padEnd(widths[start + index] ?? 0)
          return cell.bad === true && isColoured ? `${red}${text}${plain}` : text
        }),
      )
      .filter((cells, line) => line === 0 || cells.some((cell) => cell.trim() !== ''))
      .map((cells, line) => `${line === 0 ? '' : further}${cells.join(gap)}`.trimEnd()),
  )
}

const gap = '  '
const further = '    '

/** The first column of each line of a row. */
function lineStarts(widths: readonly number[], width: number): number[] {
  const starts = [0]
  let used = 0
  for (const [index, own] of widths.entries()) {
    const indent = starts.length === 1 ? 0 : further.length
    if (used > 0 && indent + used + gap.length + own > width) {
      starts.push(index)
      used = own
    } else used += own + (used === 0 ? 0 : gap.length)
  }
  return starts
}
