import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Histogram, Registry } from 'prom-client'
import { counter, deFacto, gauge, type Sample } from '../../../src/model.ts'
import { startServer } from '../../../src/server/server.ts'
import { startPrometheus } from '../../prometheus-server.ts'
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

test('Prometheus scrapes every series of the page in OpenMetrics, strange ones included', async () => {
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
  await using prometheus = await startPrometheus(
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
  try {
    const value = async (expression: string) => (await prometheus.query(expression))[0]?.values[0]?.[1]
    for (const until = Date.now() + 15_000; (await value('up')) !== '1'; await sleep(100))
      assert.ok(Date.now() < until, 'Prometheus has scraped the page')
    const page = parseText(await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text())
    const scraped = await value('scrape_samples_scraped')
    console.log(`Prometheus took ${scraped} series`)
    assert.ok(page.samples.length > 50)
    assert.equal(Number(scraped), page.samples.length)
    assert.equal(Number(await value('odd_count')), 2 ** 63)
    for (const { labels } of stranger.filter(({ metric }) => metric === strange)) {
      const query = `strange_ratio{text=${JSON.stringify(labels.text)}}`
      assert.notEqual(await value(query), undefined, query)
    }
  } finally {
    await server.close()
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
