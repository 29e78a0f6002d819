/** The collectors: state, age and duration of the last reading, and why it is not well. */
import type { CollectorStatus } from '../status.ts'
import { count, duration } from './figures.ts'
import { type Html, html } from './html.ts'
import { type Mark, mark, row, table } from './table.ts'
import type { StatusView } from './view.ts'

const collectorMarks: Readonly<Record<CollectorStatus['state'], Mark>> = {
  ok: 'good',
  failing: 'bad',
  waiting: 'warn',
  absent: 'faint',
  disabled: 'faint',
}

export function collectorsSection({ collectors }: StatusView): Html {
  const rows = collectors.map((collector) =>
    row(collector.name, [
      ['State', mark(collectorMarks[collector.state], collector.state)],
      ['Age', collector.ageSeconds === undefined ? undefined : duration(collector.ageSeconds), 'number'],
      [
        'Took',
        collector.durationSeconds === undefined ? undefined : milliseconds(collector.durationSeconds),
        'number',
      ],
      ['Series', count(collector.series), 'number'],
      ['Schedule', html`<span class="nowrap">${collector.schedule ?? 'at each scrape'}</span>`],
      ['Why', collector.why && html`<span class="why">${collector.why}</span>`],
    ]),
  )
  return html`<h2>Collectors</h2>${table(['Collector', 'State', 'Age', 'Took', 'Series', 'Schedule', 'Why'], rows, collectorFigures)}`
}

const collectorFigures = new Set(['Age', 'Took', 'Series'])

function milliseconds(seconds: number): string {
  return seconds < 1 ? `${(seconds * 1000).toFixed(1)} ms` : duration(seconds)
}
