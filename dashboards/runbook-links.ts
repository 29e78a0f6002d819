/** Each panel leads to the runbooks of the alerts that watch what it draws: out of the expressions of both. */
import {
  type Dashboard,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { queries } from './expressions.ts'
import { namedIn } from './promql.ts'
import { alerts } from './rules/rules.ts'

/** The alerts that watch each metric. */
const watched = new Map<string, Set<string>>()
for (const { alert, expr } of alerts)
  for (const { metric } of namedIn(expr).selectors)
    watched.set(metric, (watched.get(metric) ?? new Set()).add(alert))

export function withRunbooks(dashboard: Dashboard): Dashboard {
  const panels = dashboard.panels?.map((panel) => {
    if (panel.type === 'row') return panel
    const links = alertsOf(panel).map((alert) =>
      new DashboardLinkBuilder(`Runbook ${alert}`)
        .type(DashboardLinkType.Link)
        // The constant variable `runbooks` of every dashboard, for a site to set: where they are served.
        .url(`\${runbooks}/${alert}.md`)
        .targetBlank(true)
        .build(),
    )
    return links.length === 0 ? panel : { ...panel, links }
  })
  return { ...dashboard, ...(panels && { panels }) }
}

/** The alerts on what a panel draws. */
export function alertsOf(panel: unknown): string[] {
  const metrics = queries(panel)
    .filter(({ language }) => language === 'promql')
    .flatMap(({ expression }) => namedIn(expression).selectors.map(({ metric }) => metric))
  return [...new Set(metrics.flatMap((metric) => [...(watched.get(metric) ?? [])]))].sort()
}
