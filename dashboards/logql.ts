/** Whether a LogQL expression parses, by Grafana's own grammar. */
import { parser } from '@grafana/lezer-logql'

/** @returns what is wrong with it, and where; undefined if nothing is */
export function logqlFault(expression: string): string | undefined {
  const text = expression.replaceAll(/\$__(?:auto|interval|range)\b/g, '5m')
  let fault: string | undefined
  parser.parse(text).iterate({
    enter({ type, from }) {
      if (type.isError)
        fault ??= `Cannot parse LogQL "${expression}": unexpected "${text.slice(from, from + 20)}" at ${from}`
    },
  })
  return fault
}
