/** Which samples of a run are kept: declared ones, each series once, and no more series than the bound. */
import { type Collector, type Metric, type Sample, seriesKey } from './model.ts'

/** Why a sample was dropped. */
export type DropReason = 'undeclared' | 'value' | 'duplicate'

export interface Accepted {
  /** By metric in declared order, then as yielded. */
  readonly samples: readonly Sample[]
  readonly dropped: ReadonlyMap<DropReason, number>
  /** Samples of refused metrics. */
  readonly refusedSeries: number
  /** The place in `metrics` of the first refused one; the number of metrics when none is. */
  readonly refusedFrom: number
}

/**
 * Gathers the samples of one run.
 *
 * Over the bound whole metrics are refused from the last declared one up: the kept ones are the longest beginning of
 * `metrics` whose series fit, whatever order they were yielded in. No more than the bound is ever held.
 * @param refusedFrom what an earlier run of this collector ended with: once refused, a metric stays so until the
 *   restart, or its series would come and go at the edge
 */
export function accepting(collector: Collector, maxSeries: number, refusedFrom?: number) {
  /** Those of an open collector are declared as they come. */
  const metrics = [...collector.metrics]
  const places = new Map(metrics.map((metric, place) => [metric.name, place]))
  const kept = metrics.map(() => new Map<string, Sample>())
  const dropped = new Map<DropReason, number>()
  let series = 0
  let refusedSeries = 0
  let bound = refusedFrom ?? Number.POSITIVE_INFINITY

  const drop = (reason: DropReason) => {
    dropped.set(reason, (dropped.get(reason) ?? 0) + 1)
  }

  const refuse = () => {
    while (series > maxSeries) {
      bound = Math.min(bound, kept.length) - 1
      const refused = kept[bound]?.size ?? 0
      kept[bound]?.clear()
      series -= refused
      refusedSeries += refused
    }
  }

  const declare = (metric: Metric) => {
    places.set(metric.name, metrics.length)
    metrics.push(metric)
    kept.push(new Map())
  }

  return {
    add(sample: Sample): void {
      if (collector.open === true && !places.has(sample.metric.name)) declare(sample.metric)
      const place = places.get(sample.metric.name)
      const metric = place === undefined ? undefined : metrics[place]
      const samples = place === undefined ? undefined : kept[place]
      const key = seriesKey(sample.metric.name, sample.labels)
      if (place === undefined || !metric || !samples || !(isOpen(metric) || declares(metric, sample)))
        drop('undeclared')
      else if (!sensible(metric, sample.value)) drop('value')
      else if (place >= bound) refusedSeries++
      else if (samples.has(key)) drop('duplicate')
      else {
        samples.set(key, sample)
        series++
        refuse()
      }
    },
    done: (): Accepted => ({
      samples: kept.flatMap((samples) => [...samples.values()]),
      dropped,
      refusedSeries,
      refusedFrom: collector.open === true ? bound : Math.min(bound, kept.length),
    }),
  }
}

/** What a plug-in brought was checked whole: its series may differ in their labels. */
function isOpen({ family }: Metric): boolean {
  return family !== undefined
}

function declares(metric: Metric, { metric: { type }, labels }: Sample): boolean {
  return type === metric.type && Object.keys(labels).every((label) => metric.labels.includes(label))
}

/** What is not known is no sample, so NaN never is; a counter counts from zero up. */
function sensible(metric: Metric, value: number): boolean {
  if (Number.isNaN(value)) return false
  return metric.type !== 'counter' || (Number.isFinite(value) && value >= 0)
}
