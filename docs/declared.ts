/** Every metric Remora declares, by who emits it: what the catalogue lists and the dashboards may name. */
import { collectors } from '../collectors/all.ts'
import { agentMetrics } from '../src/agent-metrics.ts'
import { fileMetrics } from '../src/forwarders/file.ts'
import type { Metric } from '../src/model.ts'
import { ledgerMetrics } from '../src/spool/ledger-metrics.ts'

export interface Declared {
  /** A collector's name, or the part of the agent. */
  readonly owner: string
  /** A sentence about when it is emitted. */
  readonly when: string
  readonly metrics: readonly Metric[]
}

export const declared: readonly Declared[] = [
  ...collectors.map(({ name, schedule, metrics }) => ({
    owner: name,
    when: schedule
      ? `Read at start and at \`${schedule}\` (UTC, with a jitter of each node's own).`
      : 'Read at every scrape and push.',
    metrics,
  })),
  { owner: 'agent', when: 'The agent itself.', metrics: agentMetrics },
  { owner: 'ledger', when: 'One snapshot of the ledger for each scrape and push.', metrics: ledgerMetrics },
  {
    owner: 'file sink',
    when: 'Each sink of type `file`; the engine adds the label `sink`.',
    metrics: fileMetrics,
  },
]
