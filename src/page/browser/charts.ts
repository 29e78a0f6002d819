/** The last hour of one zram device, in three charts. What a chart shows is in words beside it too. */
import type { HistoryPoint, HistoryView } from '../../history.ts'
import { bytes, percent } from '../figures.ts'
import type { ZramView } from '../view.ts'
import { Chart, type ChartKind, type Line } from './chart.ts'
import { byId, byIdOf, setOptions } from './select.ts'

/** As many as the agent keeps. */
const mostPoints = 240

interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly values: (number | null)[]
}

const kinds: readonly (ChartKind & {
  readonly lines: (series: Series, device: string) => string | undefined
})[] = [
  {
    title: 'Fill',
    words: percent,
    isRatio: true,
    lines: ({ name, labels }, device) =>
      name === 'node_zram_fill_ratio' && labels.device === device ? labels.constraint : undefined,
  },
  {
    title: 'Compression',
    words: (value) => `${value.toFixed(2)} : 1`,
    isRatio: false,
    lines: ({ name, labels }, device) =>
      name === 'node_zram_compression_ratio' && labels.device === device ? labels.denominator : undefined,
  },
  {
    title: 'Memory',
    words: bytes,
    isRatio: false,
    lines: ({ name, labels }, device) => {
      if (labels.device !== device) return undefined
      return name === 'node_zram_mem_used_bytes'
        ? 'held in memory'
        : name === 'node_zram_orig_data_bytes'
          ? 'stored'
          : undefined
    },
  },
]

export class Charts {
  readonly #section = byId('history')
  readonly #list = byIdOf('device', HTMLSelectElement)
  readonly #charts: readonly Chart[]
  #times: number[] = []
  #series: Series[] = []

  constructor() {
    const place = this.#section.querySelector('.charts') ?? this.#section
    this.#charts = kinds.map((kind) => new Chart(place, kind))
    this.#list.addEventListener('input', () => this.#draw())
  }

  /** The devices to choose from; the root's own first. */
  devices(zram: readonly ZramView[]): void {
    const rank = ({ kind }: ZramView) => ['root', 'mount', 'swap'].indexOf(kind ?? '') >>> 0
    const names = zram.toSorted((a, b) => rank(a) - rank(b)).map(({ device }) => device)
    setOptions(this.#list, names, 0)
    const isHidden = names.length === 0
    if (this.#section.hidden === isHidden) return
    this.#section.hidden = isHidden
    this.#draw()
  }

  begin(view: HistoryView): void {
    this.#times = view.timesMilliseconds.map((time) => time / 1000)
    this.#series = view.series.map(({ name, labels, values }) => ({ name, labels, values: [...values] }))
    this.#draw()
  }

  add({ timeMilliseconds, series }: HistoryPoint): void {
    // One that the history had already.
    if (timeMilliseconds / 1000 <= (this.#times.at(-1) ?? 0)) return
    this.#times.push(timeMilliseconds / 1000)
    for (const { values } of this.#series) values.push(null)
    for (const { name, labels, value } of series) this.#seriesOf(name, labels).values.splice(-1, 1, value)
    const extra = this.#times.length - mostPoints
    if (extra > 0) {
      this.#times.splice(0, extra)
      for (const { values } of this.#series) values.splice(0, extra)
      this.#series = this.#series.filter(({ values }) => values.some((value) => value !== null))
    }
    this.#draw()
  }

  #seriesOf(name: string, labels: Readonly<Record<string, string>>): Series {
    const key = JSON.stringify(labels)
    const known = this.#series.find((one) => one.name === name && JSON.stringify(one.labels) === key)
    if (known !== undefined) return known
    const series = { name, labels, values: this.#times.map(() => null) }
    this.#series.push(series)
    return series
  }

  #draw(): void {
    if (this.#section.hidden) return
    for (const [at, kind] of kinds.entries()) {
      const lines = this.#series.flatMap((series): Line[] => {
        const label = kind.lines(series, this.#list.value)
        return label === undefined ? [] : [{ label, values: series.values }]
      })
      this.#charts[at]?.draw(this.#times, lines)
    }
  }
}
