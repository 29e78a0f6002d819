/**
 * The last hour of a few series, for the charts of the page: 240 points, 15 s apart, in memory alone. Bounded: the
 * metrics are fixed, and so is how many of their series are kept.
 */
import { type Labels, type Sample, seriesKey } from './model.ts'

/** What is kept, in the order in which series are let in. All are cheap to read. */
export const historyMetrics: readonly string[] = [
  'node_zram_fill_ratio',
  'node_zram_compression_ratio',
  'node_zram_mem_used_bytes',
  'node_zram_orig_data_bytes',
]
/** The collector that reads them. */
export const historyCollectors: readonly string[] = ['zram']
export const historySchedule = '*/15 * * * * *'
export const historyIntervalSeconds = 15
export const historyPoints = 240
const mostSeries = 64

/** One moment of all series. */
export interface HistoryPoint {
  readonly timeMilliseconds: number
  readonly series: readonly { readonly name: string; readonly labels: Labels; readonly value: number }[]
}

/** Times rise; each series has a value for each of them, null where it was not read. */
export interface HistoryView {
  readonly intervalSeconds: number
  readonly timesMilliseconds: readonly number[]
  readonly series: readonly {
    readonly name: string
    readonly labels: Labels
    readonly values: readonly (number | null)[]
  }[]
}

interface Series {
  readonly name: string
  readonly labels: Labels
  /** By slot of the ring; NaN where it was not read. */
  readonly values: Float64Array
}

export class History {
  readonly #times = new Float64Array(historyPoints)
  readonly #series = new Map<string, Series>()
  /** How many points there were so far. */
  #count = 0
  #last: HistoryPoint | undefined

  /** Takes a reading. A series that has no value in the ring any more makes room for another. */
  record(timeMilliseconds: number, samples: readonly Sample[]): void {
    const slot = this.#count % historyPoints
    this.#count += 1
    this.#times[slot] = timeMilliseconds
    for (const [key, { values }] of this.#series) {
      values[slot] = Number.NaN
      if (values.every(Number.isNaN)) this.#series.delete(key)
    }
    const point = []
    for (const name of historyMetrics)
      for (const { metric, labels, value } of samples) {
        if (metric.name !== name) continue
        const series = this.#seriesOf(name, labels)
        if (series === undefined) continue
        series.values[slot] = value
        point.push({ name, labels, value })
      }
    this.#last = { timeMilliseconds, series: point }
  }

  /** The newest point; undefined before the first. */
  get last(): HistoryPoint | undefined {
    return this.#last
  }

  /** Everything, oldest first. */
  view(): HistoryView {
    const length = Math.min(this.#count, historyPoints)
    const slots = Array.from({ length }, (_, at) => (this.#count - length + at) % historyPoints)
    return {
      intervalSeconds: historyIntervalSeconds,
      timesMilliseconds: slots.map((slot) => this.#times[slot] ?? 0),
      series: [...this.#series.values()].map(({ name, labels, values }) => ({
        name,
        labels,
        values: slots.map((slot) => finite(values[slot])),
      })),
    }
  }

  #seriesOf(name: string, labels: Labels): Series | undefined {
    const key = seriesKey(name, labels)
    const known = this.#series.get(key)
    if (known !== undefined || this.#series.size >= mostSeries) return known
    const series = { name, labels, values: new Float64Array(historyPoints).fill(Number.NaN) }
    this.#series.set(key, series)
    return series
  }
}

function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value
}
