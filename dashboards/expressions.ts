/** Finds every expression in a dashboard or rule file, and what in them nothing declares. */
import type { DeclaredLabels } from './declared.ts'
import { logqlFault } from './logql.ts'
import { namedIn } from './promql.ts'

/** An object that has an expression, with what it says of the labels of its result. */
interface Query {
  readonly language: 'promql' | 'logql'
  readonly expression: string
  /** Labels named in legends, summaries and descriptions. */
  readonly shown: readonly string[]
}

/** Every string under a key `expr`, and what `label_values(metric, label)` asks for, anywhere in `value`. */
export function queries(value: unknown): Query[] {
  if (Array.isArray(value)) return value.flatMap(queries)
  if (typeof value !== 'object' || value === null) return []
  const { expr, query } = { expr: undefined, query: undefined, ...value }
  const inner = Object.values(value).flatMap(queries)
  if (typeof expr === 'string') {
    const isLoki = 'datasource' in value && JSON.stringify(value.datasource).includes('"loki"')
    const text = JSON.stringify(value)
    const shown = [...text.matchAll(/\$labels\.(\w+)|\{\{(\w+)\}\}/g)].map(([, a, b]) => a ?? b ?? '')
    inner.push({ language: isLoki ? 'logql' : 'promql', expression: expr, shown })
  }
  const asked = typeof query === 'string' ? /^label_values\((.*),\s*(\w+)\)$/.exec(query) : undefined
  if (asked?.[1] !== undefined && asked[2] !== undefined)
    inner.push({ language: 'promql', expression: asked[1], shown: [asked[2]] })
  return inner
}

/** @returns one sentence for each fault in `value`, naming the file: what does not parse, and what is not declared */
export function undeclared(file: string, value: unknown, declared: DeclaredLabels): string[] {
  const place = `dashboards/generated/${file}`
  const all = queries(value)
  if (all.length === 0) return [`${place} has no expression`]
  const faults = new Set<string>()
  for (const { language, expression, shown } of all) {
    if (language === 'logql') {
      const fault = logqlFault(expression)
      if (fault !== undefined) faults.add(`${place}: ${fault}`)
      continue
    }
    try {
      for (const fault of faultsOf(expression, shown, declared)) faults.add(`${place} names ${fault}`)
    } catch (error) {
      faults.add(`${place}: ${error instanceof Error ? error.message : error}`)
    }
  }
  return [...faults]
}

function faultsOf(expression: string, shown: readonly string[], declared: DeclaredLabels): string[] {
  const { selectors, groupings } = namedIn(expression)
  const unknown = selectors.filter(({ metric }) => !declared.has(metric))
  if (unknown.length > 0) return unknown.map(({ metric }) => `${metric}, which nothing declares`)
  const faults = selectors.flatMap(({ metric, labels }) =>
    labels
      .filter((label) => !declared.get(metric)?.has(label))
      .map((label) => `the label ${label} of ${metric}, which it does not have`),
  )
  const all = new Set(selectors.flatMap(({ metric }) => [...(declared.get(metric) ?? [])]))
  const wrong = [...groupings, ...shown].filter((label) => !all.has(label))
  return [...faults, ...wrong.map((label) => `the label ${label}, which nothing in "${expression}" has`)]
}
