/** What Prometheus reads from a rule file. */

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: { readonly severity: 'warning' | 'critical' }
  readonly annotations: {
    readonly summary: string
    readonly description: string
    /** Its page; put the address where these pages are served before it with `alert_relabel_configs`. */
    readonly runbook_url: string
  }
}

export interface Recording {
  readonly record: string
  readonly expr: string
}

export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly (AlertRule | Recording)[] }[]
}

/** @param pending how long it must hold before the alert fires */
export function rule(
  alert: string,
  severity: 'warning' | 'critical',
  pending: string,
  expr: string,
  summary: string,
  description: string,
): AlertRule {
  const annotations = { summary, description, runbook_url: `docs/runbooks/${alert}.md` }
  return { alert, expr, for: pending, labels: { severity }, annotations }
}
