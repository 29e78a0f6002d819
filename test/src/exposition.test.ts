import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client'
import { ownFamilies, registrySamples, render } from '../../src/exposition.ts'
import { counter, deFacto, gauge, type Metric, type Sample } from '../../src/model.ts'
import { parseOpenMetrics, parseText } from './read-exposition.ts'

const used = gauge('node_zram_mem_used_bytes', 'bytes', 'mem_used_total', 'Memory held.', ['device'])
const reads = counter('node_zram_reads_total', 'none', 'reads', 'Reads.', ['device'])
const written = counter('node_zram_backing_written_bytes_total', 'bytes', 'bd_writes', 'Written.', ['device'])
const oddCounter = deFacto('node_md_blocks_synced', 'counter', 'none', 'mdstat', 'Blocks "synced".')
const moment = gauge('node_boot_timestamp_seconds', 'timestamp_seconds', 'btime', 'Boot.')

const sample = (metric: Metric, value: number, labels = {}): Sample => ({ metric, value, labels })

test('exposition groups families, sorts them by name and keeps samples in order in both formats', () => {
  const samples = [
    sample(used, 1, { device: 'zram1' }),
    sample(reads, 2, { device: 'zram1' }),
    sample(written, 4096, { device: 'zram1' }),
    sample(used, 3, { device: 'zram0' }),
    sample(oddCounter, 5),
    sample(moment, 1.5),
  ]
  assert.equal(
    render(samples, 'text'),
    `# HELP node_boot_timestamp_seconds Boot.
# TYPE node_boot_timestamp_seconds gauge
node_boot_timestamp_seconds 1.5
# HELP node_md_blocks_synced Blocks "synced".
# TYPE node_md_blocks_synced counter
node_md_blocks_synced 5
# HELP node_zram_backing_written_bytes_total Written.
# TYPE node_zram_backing_written_bytes_total counter
node_zram_backing_written_bytes_total{device="zram1"} 4096
# HELP node_zram_mem_used_bytes Memory held.
# TYPE node_zram_mem_used_bytes gauge
node_zram_mem_used_bytes{device="zram1"} 1
node_zram_mem_used_bytes{device="zram0"} 3
# HELP node_zram_reads_total Reads.
# TYPE node_zram_reads_total counter
node_zram_reads_total{device="zram1"} 2
`,
  )
  assert.equal(
    render(samples, 'openmetrics'),
    `# TYPE node_boot_timestamp_seconds gauge
# UNIT node_boot_timestamp_seconds seconds
# HELP node_boot_timestamp_seconds Boot.
node_boot_timestamp_seconds 1.5
# TYPE node_md_blocks_synced unknown
# HELP node_md_blocks_synced Blocks \\"synced\\".
node_md_blocks_synced 5
# TYPE node_zram_backing_written_bytes counter
# UNIT node_zram_backing_written_bytes bytes
# HELP node_zram_backing_written_bytes Written.
node_zram_backing_written_bytes_total{device="zram1"} 4096
# TYPE node_zram_mem_used_bytes gauge
# UNIT node_zram_mem_used_bytes bytes
# HELP node_zram_mem_used_bytes Memory held.
node_zram_mem_used_bytes{device="zram1"} 1
node_zram_mem_used_bytes{device="zram0"} 3
# TYPE node_zram_reads counter
# HELP node_zram_reads Reads.
node_zram_reads_total{device="zram1"} 2
`,
  )
})

test('exposition prints whole numbers with every digit and names what is no number', () => {
  const value = (number: number) =>
    render([sample(moment, number)], 'text')
      .trimEnd()
      .split(' ')
      .at(-1)
  assert.equal(value(2 ** 63), '9223372036854775808')
  assert.equal(value(Number.MAX_SAFE_INTEGER), '9007199254740991')
  assert.equal(value(0), '0')
  assert.equal(value(0.1), '0.1')
  assert.equal(value(1e21), '1e+21')
  assert.equal(value(Number.NaN), 'NaN')
  assert.equal(value(Number.POSITIVE_INFINITY), '+Inf')
  assert.equal(value(Number.NEGATIVE_INFINITY), '-Inf')
})

test('exposition is read back as the same samples, whatever the labels, help and values', () => {
  let checked = 0
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), fc.double()), {
        selector: ([label]) => label,
      }),
      fc.string(),
      (rows, help) => {
        const metric = gauge('any_ratio', 'ratio', 'any', help, ['a', 'b'])
        const samples = rows.map(([b, value]) => sample(metric, value, { b, a: 'x\\"\n' }))
        const expected = rows.map(([b, value]) => ({ name: 'any_ratio', labels: { a: 'x\\"\n', b }, value }))
        const text = parseText(render(samples, 'text'))
        const open = parseOpenMetrics(`${render(samples, 'openmetrics')}# EOF\n`)
        const plain = (value: unknown) => JSON.stringify(value, (_, inner) => (inner === 0 ? 0 : inner))
        assert.equal(plain(text.samples), plain(expected))
        assert.equal(plain(open.samples), plain(expected))
        assert.equal(text.families.get('any_ratio')?.help, rows.length > 0 ? help : undefined)
        assert.equal(open.families.get('any_ratio')?.help, rows.length > 0 ? help : undefined)
        checked += 1
      },
    ),
    { numRuns: 300 },
  )
  assert.equal(checked, 300)
})

test('exposition leaves out what would make Prometheus refuse the page and says what it was', () => {
  const dropped: string[] = []
  const bad = deFacto('not a name', 'gauge', 'none', 'x', 'x')
  const text = render(
    [
      sample(used, 1, { device: 'zram0', z: '1' }),
      sample(used, 2, { z: '1', device: 'zram0' }),
      sample(used, 3, { 'de-vice': 'zram0' }),
      sample(bad, 4),
      sample(used, 5, { device: 'zram1' }),
    ],
    'text',
    { dropped: (series) => dropped.push(series) },
  )
  assert.deepEqual(
    parseText(text).samples.map(({ value }) => value),
    [1, 5],
  )
  assert.deepEqual(dropped, [
    'node_zram_mem_used_bytes{device="zram0",z="1"}',
    'node_zram_mem_used_bytes{de-vice="zram0"}',
    'not a name',
  ])
  assert.equal(parseText(text).families.size, 1)
})

test('exposition keeps a counter whose shorter name is another family under its own name', () => {
  const short = gauge('thing', 'none', 'x', 'A gauge.')
  const long = counter('thing_total', 'none', 'x', 'A counter.')
  const { families } = parseOpenMetrics(
    `${render([sample(short, 1), sample(long, 2)], 'openmetrics')}# EOF\n`,
  )
  assert.deepEqual(
    [...families].map(([name, { type }]) => [name, type]),
    [
      ['thing', 'gauge'],
      ['thing_total', 'unknown'],
    ],
  )
})

function agentRegistry(): Registry {
  const registers = [new Registry()]
  const [registry = new Registry()] = registers
  new Counter({ name: 'remora_tests_total', help: 'Tests.', labelNames: ['kind'], registers }).inc(
    { kind: 'a' },
    3,
  )
  new Gauge({ name: 'remora_level_ratio', help: 'Level.', registers }).set(0.5)
  const seconds = new Histogram({ name: 'remora_run_seconds', help: 'Runs.', buckets: [0.1, 1], registers })
  seconds.observe(0.05)
  seconds.observe(5)
  new Summary({ name: 'remora_wait_seconds', help: 'Waits.', percentiles: [0.5], registers }).observe(2)
  return registry
}

test('exposition renders prom-client metrics in either format and leaves the registry as it was', async () => {
  const registry = agentRegistry()
  const before = await registry.metrics()
  const own = await ownFamilies(registry)
  const open = parseOpenMetrics(`${render([], 'openmetrics', { own })}# EOF\n`)
  const text = parseText(render([], 'text', { own }))
  assert.deepEqual(open.samples, text.samples)
  assert.deepEqual(text.samples, parseText(before).samples.toSorted(byFamily))
  assert.equal(text.samples.length, 10)
  assert.deepEqual(
    [...open.families].map(([name, { type }]) => `${name} ${type}`),
    [
      'remora_level_ratio gauge',
      'remora_run_seconds histogram',
      'remora_tests counter',
      'remora_wait_seconds summary',
    ],
  )
  assert.equal(await registry.metrics(), before)
})

const families = ['remora_level', 'remora_run', 'remora_tests', 'remora_wait']
const family = (name: string) => families.findIndex((prefix) => name.startsWith(prefix))

test('registrySamples are the series of the page, each once, and a page with both shows them once', async () => {
  const registry = agentRegistry()
  const own = await ownFamilies(registry)
  const samples = await registrySamples(registry)
  const page = parseText(render([], 'text', { own })).samples
  assert.deepEqual(
    samples.map(({ metric, labels, value }) => ({ name: metric.name, labels, value })).sort(byFamily),
    page,
  )
  const dropped: string[] = []
  const both = render(samples, 'text', { own, dropped: (series) => dropped.push(series) })
  assert.equal(both, render([], 'text', { own }))
  assert.deepEqual(dropped, [])
  assert.deepEqual(
    samples.filter(({ metric }) => metric.type === 'counter').map(({ metric }) => metric.name),
    [
      'remora_tests_total',
      'remora_run_seconds_bucket',
      'remora_run_seconds_bucket',
      'remora_run_seconds_bucket',
      'remora_run_seconds_count',
      'remora_wait_seconds_count',
    ],
  )
})

const byFamily = (a: { name: string }, b: { name: string }) => family(a.name) - family(b.name)

test('exposition text passes promtool check metrics', async () => {
  const own = await ownFamilies(agentRegistry())
  const text = render([sample(used, 1, { device: 'a\\"\nb' }), sample(reads, Number.NaN)], 'text', { own })
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  assert.equal(checked.stdout + checked.stderr, '')
  assert.equal(checked.status, 0)
})

test('exposition renders 10,000 series whole', () => {
  const metrics = Array.from({ length: 50 }, (_, at) =>
    gauge(`family_${at}_bytes`, 'bytes', 'x', 'One of many.', ['device', 'port', 'kind']),
  )
  const samples = metrics.flatMap((metric) =>
    Array.from({ length: 200 }, (_, port) =>
      sample(metric, port * 1234.5, { device: `mlx5_${port % 4}`, port: `${port}`, kind: 'rdma' }),
    ),
  )
  const times: number[] = []
  let text = ''
  for (let run = 0; run < 41; run++) {
    const start = performance.now()
    text = render(samples, 'text')
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  console.log(`10,000 series: median ${times[20]?.toFixed(1)} ms, ${(text.length / 1e6).toFixed(2)} MB`)
  assert.equal(parseText(text).samples.length, 10_000)
  assert.equal(parseOpenMetrics(`${render(samples, 'openmetrics')}# EOF\n`).samples.length, 10_000)
})
