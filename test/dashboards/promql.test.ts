import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricNames } from '../../dashboards/promql.ts'

const cases: readonly (readonly [expression: string, names: readonly string[]])[] = [
  ['up', ['up']],
  ['node_zram_fill_ratio > 0.85', ['node_zram_fill_ratio']],
  ['rate(a_total{job=~"$job", x="b{c}"}[$__rate_interval])', ['a_total']],
  ['sum by (job, instance) (increase(a_total[15m])) > 1e-7', ['a_total']],
  ['sum(a) by (job) / on (job) group_left (kind) b', ['a', 'b']],
  ['a == 1 unless on (job, instance) b{kind=~"x|y"} offset 15m', ['a', 'b']],
  ['max without(x)(a) and ignoring(y) (b or c) != bool 0', ['a', 'b', 'c']],
  ['predict_linear(a[1h], 4 * 3600) >= Inf or NaN', ['a']],
  ["label_replace(a, 'dst', '$1', \"src\", `(.*)`)", ['a']],
  ['a:recorded:sum + a:recorded:sum', ['a:recorded:sum']],
  ['histogram_quantile(0.9, sum by (le) (rate(s_bucket[5m])))', ['s_bucket']],
]

test('metricNames finds the metrics of an expression and nothing else', () => {
  for (const [expression, names] of cases) assert.deepEqual(metricNames(expression), names, expression)
})

test('metricNames refuses a matcher that hides the name', () => {
  assert.throws(() => metricNames('{__name__=~"node_.*"}'), {
    message: 'Cannot check "{__name__=~"node_.*"}": it matches __name__',
  })
})
