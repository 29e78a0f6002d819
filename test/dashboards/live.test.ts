/**
 * Every dashboard of metrics against a real Prometheus with the rules, fed by two agents as they ship: one with a real
 * zram device, one with the hardware that stand-in tools and fixtures have. No panel stays empty.
 */
import assert from 'node:assert/strict'
import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import * as z from 'zod'
import { realZram } from '../collectors/zram/device.ts'
import { eventually, startAgent, workFolder } from '../e2e/agent.ts'
import { type PrometheusServer, startPrometheus } from '../prometheus-server.ts'
import { hardware } from './hardware.ts'

const generated = join(import.meta.dirname, '../../dashboards/generated')
const boards = join(generated, 'grafana/dashboards/remora')
const mib = 1 << 20

/** Panels that show something only after it has happened: a series has its first sample with its first record. */
const needIncident: ReadonlySet<string> = new Set([
  'ephemeral-root.json Held and lost records: remora_records_lost_total',
  'forwarding.json Lost: remora_records_lost_total',
  'forwarding.json Missed: remora_records_missed_total',
  'forwarding.json Quarantined: remora_records_quarantined',
  'forwarding.json Filtered: remora_records_filtered_total',
])

const dashboardShape = z.object({
  panels: z.array(
    z.object({
      title: z.string().optional(),
      type: z.string(),
      datasource: z.object({ type: z.string() }).optional(),
      targets: z.array(z.object({ expr: z.string() })).default([]),
    }),
  ),
  templating: z.object({
    list: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        query: z.union([z.string(), z.object({ query: z.string() })]).optional(),
      }),
    ),
  }),
})

test('every dashboard shows data in every panel, and its variables offer what is there', async (t) => {
  await using device = await realZram('256M')
  await device.set('mem_limit', '128M')
  const rules = join(generated, 'remora.rules.yaml')
  await using prometheus = await startPrometheus(
    `global: { evaluation_interval: 1s }\nrule_files: [${JSON.stringify(rules)}]\n`,
  )
  const grow = async (name: string, mebibytes: number) => {
    await using file = await open(join(device.mountPoint, name), 'w')
    const lines = Buffer.alloc(mib, 'a line that comes again and again, as in a log\n')
    for (let written = 0; written < mebibytes; written++) await file.write(lines)
    await file.sync()
  }
  // From 64 MiB on a device tells how much memory the rest of it would take.
  await grow('much', 70)
  const machine = await hardware(t)
  const common = {
    push: { schedule: '* * * * * *' },
    sinks: {
      prom: { type: 'prometheus', url: prometheus.writeUrl, labels: { cluster: 'c-1' } },
      files: { type: 'file', path: './out' },
    },
  }
  await startAgent(t, await workFolder(t), {
    config: {
      ...common,
      node: { name: 'zram-1' },
      // A first crossing makes a record, which a file takes.
      collectors: { zram: { options: { fill_thresholds: [1], fill_hysteresis: 0 } } },
    },
  })
  await startAgent(t, await workFolder(t), {
    config: {
      ...common,
      node: { name: 'metal-1' },
      paths: machine.paths,
      collectors: Object.fromEntries(
        ['journald', 'kmsg', 'pstore', 'inventory', 'zram'].map((name) => [name, { enabled: false }]),
      ),
    },
  })
  const pushes = async (count: number) =>
    eventually(`${count} pushes of both are there`, async () => {
      const series = await prometheus.samples('remora_build_info', '5m')
      return series.length === 2 && series.every(({ values }) => values.length >= count)
    })
  await pushes(2)
  await grow('more', 20)
  await pushes(5)
  await eventually(
    'the hardware is read',
    async () =>
      (await prometheus.query('count(smartctl_device and on () raid_drive_info and on () nvme_device_info)'))
        .length > 0,
  )
  await pushes(10)

  const empty: string[] = []
  let asked = 0
  for (const file of await readdir(boards)) {
    const { panels, templating } = dashboardShape.parse(
      JSON.parse(await readFile(join(boards, file), 'utf8')),
    )
    for (const { name, type, query } of templating.list)
      if (type === 'query')
        await offers(prometheus, name, typeof query === 'object' ? query.query : (query ?? ''))
    for (const { title, datasource, targets } of panels) {
      if (datasource?.type === 'loki') continue
      for (const { expr } of targets) {
        asked += 1
        const found = await prometheus.query(filled(expr))
        if (found.length === 0)
          empty.push(`${file} ${title}: ${expr.replace(/\{.*/s, '').replace(/^.*\(/, '')}`)
      }
    }
  }
  console.log(`${asked} queries, ${empty.length} without an answer as nothing of it has happened`)
  assert.deepEqual(
    empty.filter((one) => !needIncident.has(one)),
    [],
  )
})

/** A variable that offers nothing makes a dashboard that shows nothing. */
async function offers(prometheus: PrometheusServer, name: string, query: string): Promise<void> {
  const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? []
  const offered = (await prometheus.query(filled(selector))).map(({ metric }) => metric[label])
  assert.ok(
    offered.some((value) => value !== undefined && value !== ''),
    `${name}: ${query} offers ${offered}`,
  )
}

/** As Grafana fills it in when everything is chosen. */
function filled(expression: string): string {
  return expression.replaceAll('$__rate_interval', '15s').replaceAll(/\$\w+/g, '.*')
}
