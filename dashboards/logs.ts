/** The dashboard Logs: events of the chosen nodes in Loki, by level, unit and what they say. */
import { type Dashboard, RowBuilder, TextBoxVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { logs, logsGraph } from './panels.ts'

const chosen = '{job="remora", host=~"$instance"}'
const found = `${chosen} |= \`$search\``

export function logsBoard(): Dashboard {
  return board({
    uid: 'remora-logs',
    title: 'Logs',
    description: 'What the nodes say: journal, kernel, controllers, state changes. Out of Loki.',
    tags: ['logs'],
    marks: '| event_name=~".+"',
  })
    .withVariable(new TextBoxVariableBuilder('search').label('Contains').defaultValue(''))
    .withRow(new RowBuilder('How much'))
    .withPanel(
      logsGraph(
        { title: 'By level', description: 'Events per second.', unit: 'ops', min: 0, span: 8 },
        '{{level}}',
        `sum by (level) (rate(${found} [$__auto]))`,
      ),
    )
    .withPanel(
      logsGraph(
        {
          title: 'Loudest units',
          description: 'Events per second of the ten that say most.',
          unit: 'ops',
          min: 0,
          span: 8,
        },
        '{{host}} {{unit}}',
        `topk(10, sum by (host, unit) (rate(${found} [$__auto])))`,
      ),
    )
    .withPanel(
      logsGraph(
        { title: 'By source', description: 'Events per second.', unit: 'ops', min: 0, span: 8 },
        '{{source}}',
        `sum by (source) (rate(${found} [$__auto]))`,
      ),
    )
    .withRow(new RowBuilder('State changes'))
    .withPanel(
      logs(
        {
          title: 'What has changed its state',
          description: 'Roots, arrays, drives, ports: one event for each change.',
          span: 24,
        },
        `${chosen} | event_name=~".+" |= \`$search\``,
      ),
    )
    .withRow(new RowBuilder('Events'))
    .withPanel(
      logs(
        { title: 'Warnings and worse', description: 'Of every source.', span: 24 },
        '{job="remora", host=~"$instance", level=~"warn|error|fatal"} |= `$search`',
      ),
    )
    .withPanel(logs({ title: 'All', description: 'Of every source.', span: 24 }, found))
    .build()
}
