/** Finds every PromQL expression in a dashboard or rule file, and the metrics in them that nothing declares. */
import { metricNames } from './promql.ts'

/** Every string under a key `expr`, and what `label_values(metric, label)` asks for, anywhere in `value`. */
export function expressions(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(expressions)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (typeof inner !== 'string') return expressions(inner)
    if (key === 'expr') return [inner]
    const asked = key === 'query' ? /^label_values\((.*),\s*\w+\)$/.exec(inner)?.[1] : undefined
    return asked === undefined ? [] : [asked]
  })
}

/** @returns one sentence for each metric name in `value` that is not declared, naming the file */
export function undeclared(file: string, value: unknown, declared: ReadonlySet<string>): string[] {
  const all = expressions(value)
  if (all.length === 0) return [`dashboards/generated/${file} has no expression`]
  const names = new Set(all.flatMap(metricNames))
  return [...names]
    .filter((name) => !declared.has(name))
    .map((name) => `dashboards/generated/${file} names ${name}, which nothing declares`)
}
