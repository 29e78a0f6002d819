/** The kinds of panel the dashboards use, with the datasource, thresholds and legend they share. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  type DataSourceRef,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LogsSortOrder,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  MappingType,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as LogsBuilder } from '@grafana/grafana-foundation-sdk/logs'
import { DataqueryBuilder as LokiQueryBuilder } from '@grafana/grafana-foundation-sdk/loki'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

export const datasource: DataSourceRef = { type: 'prometheus', uid: '$datasource' }
export const logsSource: DataSourceRef = { type: 'loki', uid: '$logs' }

/** A Grafana unit: https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts */
export type GrafanaUnit =
  | 'percentunit'
  | 'bytes'
  | 'binBps'
  | 's'
  | 'short'
  | 'none'
  | 'ops'
  | 'celsius'
  | 'volt'
  | 'bool_yes_no'
  | 'dateTimeFromNow'

export interface PanelText {
  readonly title: string
  /** What the figure means and when it is bad. */
  readonly description: string
  readonly unit: GrafanaUnit
  /** Legend and PromQL, one pair for each query. */
  readonly queries: readonly (readonly [legend: string, expression: string])[]
  /** Values from which on the figure is orange and red; `falling` when low ones are bad. */
  readonly levels?: { readonly orange: number; readonly red: number; readonly falling?: boolean }
  readonly min?: number
  readonly max?: number
  readonly decimals?: number
  /** Of 24 columns. */
  readonly span: number
}

export function graph(text: PanelText): GraphBuilder {
  const panel = common(new GraphBuilder(), text)
    .height(8)
    .lineWidth(1)
    .fillOpacity(8)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
  if (text.levels === undefined) return panel
  return panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
}

export function stat(text: PanelText): StatBuilder {
  return common(new StatBuilder(), text)
    .height(5)
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
}

/** A number for each state, in words and colours: bands over time. */
export function timeline(
  text: PanelText,
  states: readonly (readonly [word: string, colour: string])[],
): TimelineBuilder {
  const options = Object.fromEntries(
    states.map(([word, color], index) => [String(index), { text: word, color, index }]),
  )
  return common(new TimelineBuilder(), text)
    .height(8)
    .mappings([{ type: MappingType.ValueToText, options }])
    .mergeValues(true)
    .rowHeight(0.8)
    .fillOpacity(80)
    .showValue(VisibilityMode.Auto)
    .perPage(20)
}

/** What is so now, a row for each series. @param hidden labels that are not shown */
export function table(text: PanelText, hidden: readonly string[]): TableBuilder {
  const panel = common(new TableBuilder(), text).height(8).filterable(true)
  const excludeByName = Object.fromEntries(['Time', 'job', '__name__', ...hidden].map((name) => [name, true]))
  return panel
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({ id: 'organize', options: { excludeByName } })
}

/** Lines of logs, the newest first. */
export function logs(text: Pick<PanelText, 'title' | 'description' | 'span'>, query: string): LogsBuilder {
  return new LogsBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(logsSource)
    .span(text.span)
    .height(14)
    .showTime(true)
    .wrapLogMessage(true)
    .enableLogDetails(true)
    .sortOrder(LogsSortOrder.Descending)
    .withTarget(new LokiQueryBuilder().refId('A').datasource(logsSource).expr(query).maxLines(500))
}

/** Figures out of logs. */
export function logsGraph(text: Omit<PanelText, 'queries'>, legend: string, query: string): GraphBuilder {
  return graph({ ...text, queries: [] })
    .datasource(logsSource)
    .withTarget(new LokiQueryBuilder().refId('A').datasource(logsSource).expr(query).legendFormat(legend))
}

function common<Builder extends GraphBuilder | StatBuilder | TimelineBuilder | TableBuilder>(
  builder: Builder,
  text: PanelText,
): Builder {
  builder
    .title(text.title)
    .description(text.description)
    .datasource(datasource)
    .unit(text.unit)
    .span(text.span)
    .thresholds(thresholds(text.levels))
  if (text.min !== undefined) builder.min(text.min)
  if (text.max !== undefined) builder.max(text.max)
  if (text.decimals !== undefined) builder.decimals(text.decimals)
  for (const [index, [legend, expression]] of text.queries.entries()) {
    const query = new DataqueryBuilder()
      .refId(String.fromCharCode('A'.charCodeAt(0) + index))
      .datasource(datasource)
      .expr(expression)
      .legendFormat(legend)
    builder.withTarget(
      builder instanceof TableBuilder ? query.instant().format(PromQueryFormat.Table) : query,
    )
  }
  return builder
}

function thresholds(levels: PanelText['levels']): ThresholdsConfigBuilder {
  const steps: Threshold[] =
    levels === undefined
      ? [{ value: null, color: 'green' }]
      : levels.falling
        ? [
            { value: null, color: 'red' },
            { value: levels.red, color: 'orange' },
            { value: levels.orange, color: 'green' },
          ]
        : [
            { value: null, color: 'green' },
            { value: levels.orange, color: 'orange' },
            { value: levels.red, color: 'red' },
          ]
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps)
}
