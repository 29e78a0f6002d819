/** What a PromQL expression names, out of Prometheus's own grammar. */
import { parser } from '@prometheus-io/lezer-promql'

export interface Selector {
  readonly metric: string
  /** Labels that it matches on. */
  readonly labels: readonly string[]
}

export interface Named {
  readonly selectors: readonly Selector[]
  /** Labels after by, without, on, ignoring, group_left and group_right. */
  readonly groupings: readonly string[]
}

/**
 * @param expression Grafana's interval variables stand for a duration
 * @throws {Error} it does not parse, or selects without a metric's name, which hides what it names
 */
export function namedIn(expression: string): Named {
  const text = expression.replaceAll(/\$__(?:rate_)?interval\b/g, '5m').replaceAll(/\$__range\b/g, '1h')
  const selectors: { metric: string; labels: string[] }[] = []
  const groupings: string[] = []
  parser.parse(text).iterate({
    enter({ type, from, to, node }) {
      const words = text.slice(from, to)
      if (type.isError)
        throw new Error(
          `Cannot parse PromQL "${expression}": unexpected "${text.slice(from, from + 20)}" at ${from}`,
        )
      if (type.name === 'VectorSelector') {
        const name = node.getChild('Identifier')
        if (name === null) throw new Error(`Cannot check "${expression}": "${words}" has no metric's name`)
        selectors.push({ metric: text.slice(name.from, name.to), labels: [] })
      }
      if (type.name !== 'LabelName') return
      if (node.parent?.type.name === 'GroupingLabels') groupings.push(words)
      else selectors.at(-1)?.labels.push(words)
    },
  })
  return { selectors, groupings }
}
