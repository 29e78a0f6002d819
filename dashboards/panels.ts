/** The two kinds of panel the dashboards use, with the datasource, thresholds and legend they share. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  type DataSourceRef,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

export const datasource: DataSourceRef = { type: 'prometheus', uid: '$datasource' }

/** A Grafana unit: https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts */
export type GrafanaUnit = 'percentunit' | 'bytes' | 's' | 'short' | 'none' | 'ops' | 'bool_yes_no'

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

function common<Builder extends GraphBuilder | StatBuilder>(builder: Builder, text: PanelText): Builder {
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
    builder.withTarget(
      new DataqueryBuilder()
        .refId(String.fromCharCode('A'.charCodeAt(0) + index))
        .datasource(datasource)
        .expr(expression)
        .legendFormat(legend),
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
