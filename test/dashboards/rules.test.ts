import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { recordings } from '../../dashboards/rules/recordings.ts'
import { alerts } from '../../dashboards/rules/rules.ts'
import type { Case } from './cases/case.ts'
import { diskCases } from './cases/disks.ts'
import { linkCases } from './cases/links.ts'
import { remoraCases } from './cases/remora.ts'
import { rootCases } from './cases/root.ts'

const root = join(import.meta.dirname, '../..')
const file = join(root, 'dashboards/generated/remora.rules.yaml')
const cases = [...rootCases, ...diskCases, ...linkCases, ...remoraCases]

/** The text with what its template names filled in; a label that the series does not have is nothing. */
function filled(template: string, labels: Readonly<Record<string, string>>, shown = '?'): string {
  return template
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? '')
    .replaceAll(/\{\{ \$value \| \w+ \}\}/g, shown)
}

function promtoolTest({ alert, series, at, fires }: Case) {
  const rule = alerts.find((one) => one.alert === alert)
  assert.ok(rule, `${alert} is no alert`)
  const { summary, description, runbook_url } = rule.annotations
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      {
        eval_time: at,
        alertname: alert,
        exp_alerts: fires.map(({ labels, shown }) => {
          const all = { job: 'remora', instance: 'n1', ...labels }
          return {
            exp_labels: { ...all, ...rule.labels },
            exp_annotations: {
              summary: filled(summary, all, shown),
              description: filled(description, all, shown),
              runbook_url,
            },
          }
        }),
      },
    ],
  }
}

/** @throws {AssertionError} promtool says that a test has failed */
async function promtool(tests: readonly unknown[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-rules-'))
  try {
    const path = join(folder, 'rules.test.yaml')
    await writeFile(path, JSON.stringify({ rule_files: [file], evaluation_interval: '1m', tests }))
    const tested = spawnSync('promtool', ['test', 'rules', path], { encoding: 'utf8' })
    assert.equal(tested.status, 0, tested.stdout + tested.stderr)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('rules pass promtool check rules', () => {
  const checked = spawnSync('promtool', ['check', 'rules', '--lint-fatal', file], { encoding: 'utf8' })
  assert.equal(checked.status, 0, checked.stdout + checked.stderr)
  assert.match(checked.stdout, new RegExp(`SUCCESS: ${alerts.length + recordings.length} rules found`))
})

test('rules fire when they must, in these words, and not when they must not', async () => {
  await promtool(cases.map(promtoolTest))
  const seen = (fires: boolean) =>
    new Set(cases.filter((one) => one.fires.length > 0 === fires).map(({ alert }) => alert))
  console.log(`${cases.length} cases of ${alerts.length} alerts`)
  for (const { alert } of alerts) {
    assert.ok(seen(true).has(alert), `${alert} is not seen to fire`)
    assert.ok(seen(false).has(alert), `${alert} is not seen to stay silent`)
  }
})

test('rules record what the fleet is drawn from, with the labels they say', async () => {
  const labels = (names: readonly string[]) =>
    `{${names.map((name) => `${name}="${name === 'job' ? 'remora' : name === 'instance' ? 'n1' : name}"`)}}`
  const node = 'cluster="cluster",job="remora",instance="n1"'
  const series = {
    [`node_zram_fill_ratio{${node},device="device",constraint="constraint"}`]: '0.4+0.001x120',
    [`raid_array_state{${node},array="0",state="failed"}`]: '1x120',
    [`node_md_degraded{${node},device="md0"}`]: '2x120',
    [`raid_drive_state{${node},slot="1",state="missing"}`]: '1x120',
    [`smartctl_device_smart_status{${node},device="sda"}`]: '0x120',
    [`node_infiniband_link_degraded{${node},device="mlx5_0",port="1"}`]: '1x120',
    [`remora_collector_success{${node},collector="raid"}`]: '0x120',
    [`remora_sink_up{${node},sink="a"}`]: '0x120',
    [`remora_records_lost_total{${node},source="x",sink="a",reason="y"}`]: '0+1x120',
  }
  const values = [0.5, 30_000, 2, 2, 1, 1, 1, 60]
  await promtool([
    {
      interval: '1m',
      input_series: Object.entries(series).map(([name, text]) => ({ series: name, values: text })),
      promql_expr_test: recordings.map(({ record, keeps }, index) => ({
        expr: `round(${record})`,
        eval_time: '100m',
        exp_samples: [{ labels: labels(keeps), value: Math.round(values[index] ?? Number.NaN) }],
      })),
    },
  ])
})

test('rules each have a runbook with its four parts, and no runbook is without its rule', async () => {
  for (const { alert, annotations } of alerts) {
    assert.equal(annotations.runbook_url, `docs/runbooks/${alert}.md`)
    const text = await readFile(join(root, annotations.runbook_url), 'utf8')
    assert.match(text, new RegExp(`^# ${alert}\n`))
    assert.deepEqual(
      [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading),
      ['What it means', 'How to look', 'What to do', 'Healthy'],
      alert,
    )
  }
  const pages = await readdir(join(root, 'docs/runbooks'))
  assert.deepEqual(pages.toSorted(), alerts.map(({ alert }) => `${alert}.md`).toSorted())
})

test('rules name the node and the part in every summary', () => {
  for (const { alert, annotations } of alerts) {
    assert.match(annotations.summary, /\$labels\.instance/, alert)
    assert.match(annotations.description, /\$labels\.instance/, alert)
  }
})
