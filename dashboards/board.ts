/** What all dashboards share: variables, links among them, and marks where a state has changed. */
import {
  AnnotationQueryBuilder,
  ConstantVariableBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder as LokiQueryBuilder } from '@grafana/grafana-foundation-sdk/loki'
import { datasource, logsSource } from './panels.ts'

/** Beside the alerts' own `runbook_url`: a path, before which a site puts the address where it serves these pages. */
const runbooks = 'docs/runbooks'

/** The labels of the chosen nodes. A site without the label `cluster` has all of them under "All". */
export const node = 'cluster=~"$cluster", job=~"$job", instance=~"$instance"'

export interface BoardText {
  /** Stable: links and bookmarks name it. */
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly tags: readonly string[]
  /** LogQL behind the stream selector of the chosen nodes: which events are marked in every panel. */
  readonly marks: string
}

export function board({ uid, title, description, tags, marks }: BoardText): DashboardBuilder {
  const made = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['remora', ...tags])
    .timezone('browser')
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Remora')
        .type(DashboardLinkType.Dashboards)
        .tags(['remora'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(choice('cluster', 'Cluster', 'label_values(remora_build_info, cluster)'))
    .withVariable(choice('job', 'Job', 'label_values(remora_build_info{cluster=~"$cluster"}, job)'))
    .withVariable(
      choice(
        'instance',
        'Node',
        'label_values(remora_build_info{cluster=~"$cluster", job=~"$job"}, instance)',
      ),
    )
    .withVariable(
      new ConstantVariableBuilder('runbooks')
        .label('Runbooks')
        .description('Where docs/runbooks is served at your site.')
        .value(runbooks),
    )
  const query = new LokiQueryBuilder()
    .refId('marks')
    .datasource(logsSource)
    .expr(`{job="remora", host=~"$instance"} ${marks}`)
  return made
    .withVariable(new DatasourceVariableBuilder('logs').label('Logs').type('loki'))
    .annotation(
      new AnnotationQueryBuilder()
        .name('State changes')
        .datasource(logsSource)
        .enable(true)
        .iconColor('orange')
        .expr(`{job="remora", host=~"$instance"} ${marks}`)
        .titleFormat('{{event_name}}')
        .tagKeys('host,event_name')
        .target(query),
    )
}

/** A variable of many values, all of them at first. @param query `label_values(metric, label)` */
export function choice(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: 'All', value: '$__all' })
}
