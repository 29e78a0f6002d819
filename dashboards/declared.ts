/** Every metric name that is declared somewhere: what dashboards and rules may speak of. */
import { collectors } from '../collectors/all.ts'
import { agentMetrics } from '../src/agent-metrics.ts'
import { ledgerMetrics } from '../src/spool/ledger-metrics.ts'

export const declared: ReadonlySet<string> = new Set(
  [...collectors.flatMap((collector) => collector.metrics), ...agentMetrics, ...ledgerMetrics].map(
    (metric) => metric.name,
  ),
)
