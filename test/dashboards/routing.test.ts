/** From a zram device that is being filled to the webhook of a receiver: every part real, minutes read as seconds. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { test } from 'node:test'
import * as z from 'zod'
import { startAlertmanager } from '../alertmanager-server.ts'
import { realZram } from '../collectors/zram/device.ts'
import { eventually, startAgent, workFolder } from '../e2e/agent.ts'
import { startPrometheus } from '../prometheus-server.ts'

const generated = join(import.meta.dirname, '../../dashboards/generated')
const example = join(generated, 'alertmanager.example.yaml')

const message = z.object({
  receiver: z.string(),
  alerts: z.array(
    z.object({
      status: z.string(),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    }),
  ),
})

test('the example of routing passes amtool, and sends each severity where it says', () => {
  const checked = spawnSync('amtool', ['check-config', example], { encoding: 'utf8' })
  assert.equal(checked.status, 0, checked.stdout + checked.stderr)
  const receiver = (...labels: string[]) =>
    spawnSync('amtool', ['config', 'routes', 'test', `--config.file=${example}`, ...labels], {
      encoding: 'utf8',
    }).stdout.trim()
  assert.equal(receiver('alertname=ZramFillCritical', 'severity=critical'), 'pager')
  assert.equal(receiver('alertname=RemoraAbsent', 'severity=warning'), 'daytime')
  assert.equal(receiver('alertname=RaidArrayDegraded', 'severity=warning'), 'daytime')
})

test('the fill alert reaches the receiver before the device is full', async (t) => {
  const told: z.output<typeof message>[] = []
  const webhook = createServer(async (request, response) => {
    told.push(message.parse(await json(request)))
    response.end()
  }).listen(0, '127.0.0.1')
  await once(webhook, 'listening')
  t.after(() => webhook.close())
  const address = webhook.address()
  assert.ok(address !== null && typeof address === 'object')

  const routing = (await readFile(example, 'utf8'))
    .replaceAll('127.0.0.1:9999', `127.0.0.1:${address.port}`)
    .replace(/group_wait: \d+s/g, 'group_wait: 1s')
  await using alertmanager = await startAlertmanager(routing)
  const folder = await workFolder(t)
  const quick = join(folder, 'quick.rules.yaml')
  // A node that fills in half a minute, not in hours: what must hold for minutes holds for seconds.
  const rules = await readFile(join(generated, 'remora.rules.yaml'), 'utf8')
  await writeFile(quick, rules.replaceAll(/for: (\d+)m$/gm, 'for: $1s'))
  await using prometheus = await startPrometheus(
    JSON.stringify({
      global: { evaluation_interval: '1s' },
      rule_files: [quick],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager.address] }] }] },
    }),
    // What fires before Prometheus has found its Alertmanager goes nowhere, and again only after this time.
    ['--rules.alert.resend-delay=1s'],
  )
  await using device = await realZram('64M')
  await device.set('mem_limit', '32M')
  await startAgent(t, folder, {
    config: {
      node: { name: 'filling' },
      push: { schedule: '* * * * * *' },
      sinks: { prom: { type: 'prometheus', url: prometheus.writeUrl } },
    },
  })
  const critical = () =>
    told.some(({ receiver, alerts }) =>
      alerts.some(
        ({ status, labels, annotations }) =>
          receiver === 'pager' &&
          status === 'firing' &&
          labels.alertname === 'ZramFillCritical' &&
          labels.instance === 'filling' &&
          labels.device === device.device &&
          /^zram\d+ on filling is 9\d/.test(annotations.summary ?? ''),
      ),
    )
  // To 97 % of mem_limit with data that does not compress, and no further.
  await using file = await open(join(device.mountPoint, 'log'), 'w')
  const noise = Buffer.alloc(256 << 10)
  const fill = async () => {
    const [, , used = '0', limit = '1'] = (await device.file('mm_stat')).trim().split(/ +/)
    return Number(used) / Number(limit)
  }
  while ((await fill()) < 0.97) {
    crypto.getRandomValues(noise.subarray(0, 65_536))
    for (let at = 65_536; at < noise.length; at += 65_536)
      crypto.getRandomValues(noise.subarray(at, at + 65_536))
    await file.write(noise)
    await file.sync()
  }
  await eventually('the pager is told', async () => critical()).catch((error: unknown) => {
    throw new Error(`It was told ${JSON.stringify(told)}`, { cause: error })
  })
  assert.ok((await fill()) < 1, 'the device is not full')
  const [, failedWrites] = (await device.file('io_stat')).trim().split(/ +/)
  assert.equal(failedWrites, '0', 'and no write has failed')
})
