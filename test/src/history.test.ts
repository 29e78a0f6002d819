import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { History, historyMetrics } from '../../src/history.ts'
import { gauge, type Sample } from '../../src/model.ts'
import { hardwareMetrics } from '../../src/server/parts.ts'

const fill = gauge('node_zram_fill_ratio', 'ratio', 'several', 'Fill.', ['device', 'constraint'])
const other = gauge('node_load1', 'none', 'loadavg', 'Load.')

function at(device: string, value: number): Sample {
  return { metric: fill, value, labels: { device, constraint: 'disksize' } }
}

test('history keeps 240 points, oldest first, with null where a series was not read', () => {
  const history = new History()
  assert.deepEqual(history.view(), { intervalSeconds: 15, timesMilliseconds: [], series: [] })
  for (let i = 0; i < 250; i++)
    history.record(
      i * 15_000,
      i === 249 ? [] : [at('zram0', i / 1000), { metric: other, value: 1, labels: {} }],
    )
  const { timesMilliseconds, series } = history.view()
  assert.equal(timesMilliseconds.length, 240)
  assert.equal(timesMilliseconds[0], 10 * 15_000)
  assert.equal(timesMilliseconds.at(-1), 249 * 15_000)
  assert.equal(series.length, 1)
  assert.equal(series[0]?.values.length, 240)
  assert.deepEqual(series[0]?.values.slice(-2), [0.248, null])
  assert.deepEqual(history.last, { timeMilliseconds: 249 * 15_000, series: [] })
})

test('history forgets a series an hour after its last value, and never keeps more than 64', () => {
  const history = new History()
  history.record(0, [at('gone', 1)])
  for (let i = 1; i <= 240; i++) history.record(i, [at('zram0', 1)])
  assert.deepEqual(
    history.view().series.map(({ labels }) => labels.device),
    ['zram0'],
  )
  history.record(
    241,
    Array.from({ length: 1000 }, (_, i) => at(`zram${i}`, 1)),
  )
  assert.equal(history.view().series.length, 64)
})

test('history and the hardware tree name only metrics that are declared', async () => {
  const text = await readFile(new URL('../../docs/metrics.json', import.meta.url), 'utf8')
  for (const name of [...historyMetrics, ...hardwareMetrics])
    assert.ok(text.includes(`"${name}"`), `${name} is declared by no collector`)
})
