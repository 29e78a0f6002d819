/** A value that may not be there, as a sample or none. */
import type { Labels, Metric, Sample } from '../../src/model.ts'

export function* value(metric: Metric, number: number | undefined, labels: Labels): Generator<Sample> {
  if (number !== undefined && Number.isFinite(number)) yield { metric, value: number, labels }
}
