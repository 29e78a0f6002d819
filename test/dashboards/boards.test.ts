/** What every dashboard offers beside its panels: variables, links to the others and to runbooks, marks of what changed. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { dashboards } from '../../dashboards/dashboards.ts'
import { alerts } from '../../dashboards/rules/rules.ts'
import { alertsOf } from '../../dashboards/runbook-links.ts'
import { declaredEvents } from '../../docs/events-page.ts'

const root = join(import.meta.dirname, '../..')

function panelsOf({ panels = [] }: Dashboard): Panel[] {
  return panels.filter((panel): panel is Panel => panel.type !== 'row')
}

/** The parts of a node that a dashboard is about can be chosen, too. */
const parts: Readonly<Record<string, string>> = {
  'ephemeral-root': 'device',
  'raid-and-drives': 'vendor',
  'infiniband-and-fc': 'device',
  forwarding: 'sink',
  logs: 'search',
}

test('dashboards let data source, logs, cluster, job and node be chosen, and the part that they are about', () => {
  assert.equal(dashboards.size, 6)
  for (const [file, dashboard] of dashboards) {
    const names = dashboard.templating?.list?.map(({ name }) => name) ?? []
    for (const name of ['datasource', 'logs', 'cluster', 'job', 'instance', 'runbooks'])
      assert.ok(names.includes(name), `${file} ${name}`)
    assert.equal(new Set(names).size, names.length, file)
    const part = parts[file.replace(/^.*\/(.*)\.json$/, '$1')]
    assert.ok(part === undefined || names.includes(part), `${file} ${part}`)
  }
})

test('dashboards link to each other with what was chosen, and none is left out', () => {
  for (const [file, dashboard] of dashboards) {
    assert.ok(dashboard.tags?.includes('remora'), file)
    const [link] = dashboard.links ?? []
    assert.deepEqual(
      [link?.type, link?.tags, link?.includeVars, link?.keepTime],
      ['dashboards', ['remora'], true, true],
      file,
    )
  }
})

test('each panel links to the runbook of each alert on what it draws, and each runbook is there', () => {
  const linked = new Set<string>()
  for (const [file, dashboard] of dashboards)
    for (const panel of panelsOf(dashboard)) {
      const urls = (panel.links ?? []).map(({ url }) => url)
      assert.deepEqual(
        urls,
        alertsOf(panel).map((alert) => `\${runbooks}/${alert}.md`),
        `${file} ${panel.title}`,
      )
      for (const alert of alertsOf(panel)) linked.add(alert)
    }
  for (const alert of linked) assert.ok(existsSync(join(root, 'docs/runbooks', `${alert}.md`)), alert)
  console.log(`${linked.size} of ${alerts.length} alerts are linked from a panel`)
  assert.deepEqual(
    alerts.filter(({ alert }) => !linked.has(alert)),
    [],
  )
})

test('each state that a collector declares is marked in a dashboard that is about it', () => {
  const marks = [...dashboards].flatMap(([file, { annotations }]) => {
    const [one] = annotations?.list ?? []
    assert.ok(one, `${file} has marks`)
    const [, pattern] = /event_name=~"([^"]*)"/.exec(JSON.parse(JSON.stringify(one)).expr ?? '') ?? []
    assert.ok(pattern, `${file} chooses events`)
    // Those take every event, whatever it is about.
    return pattern === '.+' ? [] : [new RegExp(`^(?:${pattern})$`)]
  })
  assert.ok(marks.length >= 3)
  const states = declaredEvents.flatMap(({ source, events }) =>
    ['journald', 'kmsg', 'files', 'pstore'].includes(source)
      ? []
      : events.filter(({ states }) => states !== undefined).map(({ name }) => name),
  )
  assert.ok(states.length >= 20, `${states.length} states`)
  const unmarked = states.filter((name) => !marks.some((mark) => mark.test(name)))
  assert.deepEqual(unmarked, [])
})

test('each graph and number has thresholds or says none, a unit and a description', () => {
  for (const [file, dashboard] of dashboards)
    for (const { type, title, description, fieldConfig } of panelsOf(dashboard)) {
      if (type === 'logs') continue
      const { unit, thresholds } = fieldConfig?.defaults ?? {}
      assert.ok(description && unit && thresholds, `${file} ${title}`)
    }
})
