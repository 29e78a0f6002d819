import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Histogram, Registry } from 'prom-client'
import { counter, deFacto, gauge, type Sample } from '../../../src/model.ts'
import { startServer } from '../../../src/server/server.ts'
import { parseText } from '../read-exposition.ts'
import { fixedSamples, fixedStatus } from './fixed-status.ts'

const strange = gauge('strange_ratio', 'ratio', 'x', 'Help "with"\\ a\nline.', ['text'])
const stranger: readonly Sample[] = [
  ...['', 'a b', '"', '\\', '\n', '\r\n', '{}=,#', 'ü–😀', 'a\u0000b', '\u2028'].map((text) => ({
    metric: strange,
    value: 0.5,
    labels: { text },
  })),
  { metric: strange, value: Number.NaN, labels: { text: 'nan' } },
  { metric: strange, value: Number.POSITIVE_INFINITY, labels: { text: 'inf' } },
  { metric: deFacto('odd_count', 'counter', 'none', 'x', 'No total.'), value: 2 ** 63, labels: {} },
  { metric: counter('even_bytes_total', 'bytes', 'x', 'Total.'), value: 1e300, labels: {} },
]

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  assert.ok(typeof address === 'object' && address !== null)
  return address.port
}

test('Prometheus scrapes every series of the page in OpenMetrics, strange ones included', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-scrape-'))
  const registry = new Registry()
  const seconds = new Histogram({
    name: 'remora_run_seconds',
    help: 'Runs.',
    labelNames: ['kind'],
    registers: [registry],
  })
  for (const kind of ['a', 'b', 'c']) seconds.observe({ kind }, 0.2)
  const server = await startServer({
    listen: '127.0.0.1:0',
    status: fixedStatus({ samples: [...Object.values(fixedSamples).flat(), ...stranger] }),
    registry,
  })
  const port = await freePort()
  await writeFile(
    join(folder, 'prometheus.yml'),
    JSON.stringify({
      scrape_configs: [
        {
          job_name: 'page',
          scrape_interval: '1s',
          scrape_timeout: '1s',
          static_configs: [{ targets: [`127.0.0.1:${server.port}`] }],
        },
      ],
    }),
  )
  const prometheus = spawn(
    '/usr/bin/prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  )
  const exited = once(prometheus, 'exit')
  try {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=`
    let up: unknown
    for (let tries = 0; tries < 150 && up !== '1'; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      up = firstValue(
        await fetch(`${url}up`).then(
          (response) => response.json(),
          () => undefined,
        ),
      )
    }
    assert.equal(up, '1')
    const page = parseText(await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text())
    const scraped = firstValue(await (await fetch(`${url}scrape_samples_scraped`)).json())
    console.log(`Prometheus took ${scraped} series`)
    assert.ok(page.samples.length > 50)
    assert.equal(Number(scraped), page.samples.length)
    const odd = firstValue(await (await fetch(`${url}odd_count`)).json())
    assert.equal(Number(odd), 2 ** 63)
    for (const { labels } of stranger.filter(({ metric }) => metric === strange)) {
      const query = `strange_ratio{text=${JSON.stringify(labels.text)}}`
      const found = firstValue(await (await fetch(url + encodeURIComponent(query))).json())
      assert.notEqual(found, undefined, query)
    }
  } finally {
    prometheus.kill('SIGKILL')
    await exited
    await server.close()
    await rm(folder, { recursive: true })
  }
})

test('promtool check metrics finds no fault with the page', async () => {
  const server = await startServer({
    listen: '127.0.0.1:0',
    status: fixedStatus(),
    registry: new Registry(),
  })
  const input = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text()
  await server.close()
  assert.equal(parseText(input).samples.length, 11)
  const checked = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
  assert.equal(checked.stdout + checked.stderr, '')
  assert.equal(checked.status, 0)
})

/** The value of the first series of an instant query. */
function firstValue(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null || !('data' in answer)) return undefined
  const { data } = answer
  if (typeof data !== 'object' || data === null || !('result' in data) || !Array.isArray(data.result))
    return undefined
  return data.result[0]?.value?.[1]
}
