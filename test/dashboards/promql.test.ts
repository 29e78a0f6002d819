import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logqlFault } from '../../dashboards/logql.ts'
import { namedIn } from '../../dashboards/promql.ts'

const cases: readonly (readonly [
  expression: string,
  selectors: readonly (readonly [metric: string, ...labels: string[]])[],
  groupings?: readonly string[],
])[] = [
  ['up', [['up']]],
  ['node_zram_fill_ratio > 0.85', [['node_zram_fill_ratio']]],
  ['rate(a_total{job=~"$job", x="b{c}"}[$__rate_interval])', [['a_total', 'job', 'x']]],
  ['sum by (job, instance) (increase(a_total[15m])) > 1e-7', [['a_total']], ['job', 'instance']],
  ['sum(a) by (job) / on (job) group_left (kind) b', [['a'], ['b']], ['job', 'job', 'kind']],
  ['a == 1 unless on (job) b{kind=~"x|y"} offset 15m', [['a'], ['b', 'kind']], ['job']],
  ['max without(x)(a) and ignoring(y) (b or c) != bool 0', [['a'], ['b'], ['c']], ['x', 'y']],
  ['predict_linear(a[1h], 4 * 3600) >= Inf or NaN', [['a']]],
  ['a:recorded:sum + a:recorded:sum', [['a:recorded:sum'], ['a:recorded:sum']]],
]

test('namedIn finds the metrics of an expression, the labels they are matched on, and those it groups by', () => {
  for (const [expression, selectors, groupings = []] of cases) {
    const found = namedIn(expression)
    assert.deepEqual(
      found.selectors.map(({ metric, labels }) => [metric, ...labels]),
      selectors,
      expression,
    )
    assert.deepEqual(found.groupings, groupings, expression)
  }
})

test('namedIn refuses what hides the name, and what does not parse', () => {
  assert.throws(() => namedIn('{__name__=~"node_.*"}'), {
    message: 'Cannot check "{__name__=~"node_.*"}": "{__name__=~"node_.*"}" has no metric\'s name',
  })
  assert.throws(() => namedIn('sum(a'), /^Error: Cannot parse PromQL "sum\(a": unexpected "" at 5$/)
})

test('logqlFault says what does not parse', () => {
  assert.equal(logqlFault('sum by (host) (count_over_time({job="remora"} |= `x` [$__auto]))'), undefined)
  assert.equal(logqlFault('{job="remora"'), 'Cannot parse LogQL "{job="remora"": unexpected "" at 13')
})
