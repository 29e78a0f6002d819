/** The dashboard against a real Prometheus, fed by the shipped agent with a real zram device: no panel stays empty. */
import assert from 'node:assert/strict'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import * as z from 'zod'
import { realZram } from '../collectors/zram/device.ts'
import { eventually, startAgent, workFolder } from '../e2e/agent.ts'
import { startPrometheus } from '../prometheus-server.ts'

const node = 'live-1'
const mib = 1 << 20

/** Queries that answer only after something went wrong: a reason has a series from its first loss. */
const needIncident = new Set(['Held and lost records: remora_records_lost_total'])

const dashboardShape = z.object({
  panels: z.array(
    z.object({
      title: z.string().optional(),
      type: z.string(),
      targets: z.array(z.object({ expr: z.string() })).default([]),
    }),
  ),
  templating: z.object({
    list: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        query: z.union([z.string(), z.object({ query: z.string() })]),
      }),
    ),
  }),
})

test('the dashboard shows data in every panel, and its variables offer what is there', async (t) => {
  await using device = await realZram('256M')
  await device.set('mem_limit', '128M')
  await using prometheus = await startPrometheus()
  const grow = async (name: string, mebibytes: number) => {
    await using file = await open(join(device.mountPoint, name), 'w')
    const lines = Buffer.alloc(mib, 'a line that comes again and again, as in a log\n')
    for (let written = 0; written < mebibytes; written++) await file.write(lines)
    await file.sync()
  }
  // From 64 MiB on a device tells how much memory the rest of it would take.
  await grow('much', 70)
  await startAgent(t, await workFolder(t), {
    config: {
      node: { name: node },
      push: { schedule: '* * * * * *' },
      // A first crossing makes a record, which a file takes.
      collectors: { zram: { options: { fill_thresholds: [1], fill_hysteresis: 0 } } },
      sinks: {
        prom: { type: 'prometheus', url: prometheus.writeUrl },
        files: { type: 'file', path: './out' },
      },
    },
  })
  const pushes = async (count: number) =>
    eventually(`${count} pushes are there`, async () => {
      const [series] = await prometheus.samples('remora_build_info', '5m')
      return (series?.values.length ?? 0) >= count
    })
  await pushes(2)
  await grow('more', 20)
  await pushes(5)

  const text = await readFile(
    new URL('../../dashboards/generated/ephemeral-root.json', import.meta.url),
    'utf8',
  )
  const { panels, templating } = dashboardShape.parse(JSON.parse(text))
  const choices: Record<string, string> = { job: 'remora', instance: node, device: device.device }
  const filled = (expression: string) =>
    expression
      .replaceAll('$__rate_interval', '15s')
      .replace(/\$(\w+)/g, (_, name: string) => choices[name] ?? '?')

  for (const { name, type, query } of templating.list) {
    if (type !== 'query') continue
    const asked = typeof query === 'string' ? query : query.query
    const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(asked) ?? []
    const offered = (await prometheus.query(filled(selector))).map(({ metric }) => metric[label])
    assert.ok(offered.includes(choices[name]), `${asked} offers ${offered}`)
  }

  const queries = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })))
  const empty: string[] = []
  for (const { title, expr } of queries) {
    const found = await prometheus.query(filled(expr))
    if (found.length === 0) empty.push(`${title}: ${expr.replace(/\{.*/s, '')}`)
  }
  assert.deepEqual(empty, [...needIncident])
  assert.equal(queries.length, 30)
  console.log(
    `${queries.length} queries of ${panels.length} panels and rows, ${needIncident.size} of them only after an incident`,
  )
})
