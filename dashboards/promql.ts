/**
 * The metric names in a PromQL expression, by a small tokenizer: enough for what dashboards and rules say, no parser.
 * @see https://prometheus.io/docs/prometheus/latest/querying/basics/
 */

const strings = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g
/** Matchers, ranges, and the labels that a grouping names. */
const labels = /\{[^{}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)/gi
/** A name, or a number with its exponent or unit. */
const words = /[a-zA-Z_:][\w:]*|\d[\w.]*/g
const keywords = new Set(
  'and or unless bool offset inf nan atan2 by without on ignoring group_left group_right'.split(' '),
)
const aggregations = new Set(
  'sum min max avg group stddev stdvar count count_values bottomk topk quantile'.split(' '),
)

/**
 * @returns each name once, in the order of the expression
 * @throws {Error} it matches on `__name__`, which hides names
 */
export function metricNames(expression: string): string[] {
  if (expression.includes('__name__')) throw new Error(`Cannot check "${expression}": it matches __name__`)
  // Strings go first: a brace inside one is none.
  const bare = expression.replace(strings, '').replace(labels, ' ')
  const names = new Set<string>()
  for (const { 0: word, index } of bare.matchAll(words)) {
    const isCall = /^\s*\(/.test(bare.slice(index + word.length))
    const lower = word.toLowerCase()
    if (!/^\d/.test(word) && !isCall && !keywords.has(lower) && !aggregations.has(lower)) names.add(word)
  }
  return [...names]
}
