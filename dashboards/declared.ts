/** Every metric that is declared or recorded, with its labels: what dashboards and rules may speak of. */
import { declared as catalogue } from '../docs/declared.ts'
import { recordings } from './rules/recordings.ts'

/** Remote write or the scrape adds these; `cluster` only where a site has it so. */
const everywhere = ['cluster', 'job', 'instance']
/** The engine adds it to the metrics of a sink. */
const ofSinks = ['sink']

export type DeclaredLabels = ReadonlyMap<string, ReadonlySet<string>>

export const declared: DeclaredLabels = new Map([
  ...catalogue.flatMap(({ metrics, owner }) =>
    metrics.map(({ name, labels }) => {
      const more = owner.endsWith(' sink') ? [...everywhere, ...ofSinks] : everywhere
      return [name, new Set([...labels, ...more])] as const
    }),
  ),
  ...recordings.map(({ record, keeps }) => [record, new Set(keeps)] as const),
])
