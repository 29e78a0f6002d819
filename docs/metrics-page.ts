/** docs/metrics.md and docs/metrics.json: every declared metric, by who emits it. */
import { declared } from './declared.ts'
import { table } from './table.ts'

export function metricsPage(): string {
  const parts = declared.map(({ owner, when, metrics }) => {
    const rows = metrics.map(({ name, type, unit, labels, source, help }) => [
      `\`${name}\``,
      type,
      unit,
      labels.map((label) => `\`${label}\``).join(' '),
      source,
      help,
    ])
    return `## ${owner}\n\n${when}\n\n${table(['name', 'type', 'unit', 'labels', 'source', 'help'], rows)}\n`
  })
  const count = declared.reduce((sum, { metrics }) => sum + metrics.length, 0)
  return `# Metrics

Generated from the declarations by \`npm run generate\`: ${count} metrics. For machines: [metrics.json](metrics.json).
Remote write adds \`job\` and \`instance\` to each. A label without a value on this machine is absent. \`info\` is a gauge
of 1 with text in its labels; \`none\` is for counts and flags. What \`promtool check metrics\` says of de-facto names:
[metrics-lint.md](metrics-lint.md).

${parts.join('\n')}`
}

export function metricsJson(): string {
  const rows = declared.flatMap(({ owner, metrics }) =>
    metrics.map(({ name, type, unit, labels, source, help }) => ({
      owner,
      name,
      type,
      unit,
      labels,
      source,
      help,
    })),
  )
  return `${JSON.stringify(rows, undefined, 2)}\n`
}
