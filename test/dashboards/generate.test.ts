import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { dashboards } from '../../dashboards/dashboards.ts'
import { declared } from '../../dashboards/declared.ts'
import { queries, undeclared } from '../../dashboards/expressions.ts'
import { namedIn } from '../../dashboards/promql.ts'

const root = join(import.meta.dirname, '../..')

/** Runs the generator's check on a copy of dashboards/ in which one file was changed. */
async function checkAfter(file: string, change: (text: string) => string) {
  const folder = await mkdtemp(join(tmpdir(), 'remora-dashboards-'))
  try {
    for (const name of ['src', 'collectors', 'docs', 'node_modules', 'package.json']) {
      await symlink(join(root, name), join(folder, name))
    }
    await cp(join(root, 'dashboards'), join(folder, 'dashboards'), { recursive: true })
    const path = join(folder, 'dashboards', file)
    const text = await readFile(path, 'utf8')
    const changed = change(text)
    await writeFile(path, changed)
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(folder, 'dashboards/generate.ts'), '--check'],
      { encoding: 'utf8' },
    )
    return { status, stderr, changed: changed !== text }
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('generate --check passes on what is committed', async () => {
  assert.deepEqual(await checkAfter('rules/root.ts', (text) => text), {
    status: 0,
    stderr: '',
    changed: false,
  })
})

test('generate --check names a file that is stale', async () => {
  assert.deepEqual(await checkAfter('generated/remora.rules.yaml', (text) => text.replace('0.85', '0.86')), {
    status: 1,
    stderr: 'dashboards/generated/remora.rules.yaml is stale: run npm run generate\n',
    changed: true,
  })
})

test('generate --check names a metric that nothing declares, in a dashboard and in a rule', async () => {
  const wrong = (text: string) =>
    text.replaceAll('node_zram_failed_writes_total', 'node_zram_failed_write_total')
  const dashboard = await checkAfter('ephemeral-root.ts', wrong)
  assert.equal(dashboard.status, 1)
  assert.match(
    dashboard.stderr,
    /^dashboards\/generated\/grafana\/dashboards\/remora\/ephemeral-root.json names node_zram_failed_write_total, which nothing declares$/m,
  )
  const rule = await checkAfter('rules/root.ts', wrong)
  assert.equal(rule.status, 1)
  assert.match(
    rule.stderr,
    /^dashboards\/generated\/remora.rules.yaml names node_zram_failed_write_total, which nothing declares$/m,
  )
})

test('undeclared names a label that the metric does not have, and one that a legend makes up', () => {
  const panel = (expr: string, legendFormat: string) => ({ targets: [{ expr, legendFormat }] })
  const of = (expr: string, legend = '') => undeclared('x', panel(expr, legend), declared)
  assert.deepEqual(of('node_zram_fill_ratio{disk="a"}'), [
    'dashboards/generated/x names the label disk of node_zram_fill_ratio, which it does not have',
  ])
  assert.deepEqual(of('max by (disk) (node_zram_fill_ratio)', '{{instance}} {{slot}}'), [
    'dashboards/generated/x names the label disk, which nothing in "max by (disk) (node_zram_fill_ratio)" has',
    'dashboards/generated/x names the label slot, which nothing in "max by (disk) (node_zram_fill_ratio)" has',
  ])
  assert.match(of('max by (')[0] ?? '', /^dashboards\/generated\/x: Cannot parse PromQL "max by \("/)
})

test('undeclared finds every metric of the dashboards once its declaration is gone', () => {
  for (const [file, dashboard] of dashboards) {
    const all = queries(dashboard).filter(({ language }) => language === 'promql')
    const names = new Set(
      all.flatMap(({ expression }) => namedIn(expression).selectors.map(({ metric }) => metric)),
    )
    console.log(`${file} names ${names.size} metrics in ${all.length} expressions`)
    assert.deepEqual(undeclared('x', dashboard, declared), [])
    for (const name of names) {
      const fewer = new Map([...declared].filter(([one]) => one !== name))
      assert.deepEqual(undeclared('x', dashboard, fewer), [
        `dashboards/generated/x names ${name}, which nothing declares`,
      ])
    }
  }
})

test('dashboards give every panel a title, a description, a unit and queries with their own letters', () => {
  const uids = [...dashboards.values()].map(({ uid }) => uid)
  assert.equal(new Set(uids).size, dashboards.size)
  for (const [file, dashboard] of dashboards) {
    const panels = (dashboard.panels ?? []).filter((panel): panel is Panel => panel.type !== 'row')
    assert.ok(panels.length >= 6, file)
    for (const panel of panels) {
      const place = `${file} ${panel.title}`
      assert.ok(panel.title && panel.description, place)
      assert.ok(panel.type === 'logs' || panel.fieldConfig?.defaults.unit, place)
      const letters = panel.targets?.map((target) => ('refId' in target ? target.refId : undefined)) ?? []
      assert.ok(letters.length > 0, place)
      assert.equal(new Set(letters).size, letters.length, place)
      assert.ok((panel.gridPos?.x ?? 0) + (panel.gridPos?.w ?? 0) <= 24, place)
    }
  }
})
