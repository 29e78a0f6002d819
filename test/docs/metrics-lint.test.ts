/** promtool finds fault with what docs/metrics-lint.md lists, and with nothing else. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { declared } from '../../docs/declared.ts'
import { render } from '../../src/exposition.ts'
import type { Sample } from '../../src/model.ts'

const page = join(import.meta.dirname, '../../docs/metrics-lint.md')

function check(text: string): string[] {
  const { stderr, error, status } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  if (error) throw error
  assert.ok(status === 0 || status === 3, `promtool exited with ${status}: ${stderr}`)
  return stderr.split('\n').filter((line) => line !== '')
}

test('metrics: promtool finds what the list says and nothing else', async () => {
  const samples: Sample[] = declared.flatMap(({ metrics }) =>
    metrics.map((metric) => ({
      metric,
      value: 1,
      labels: Object.fromEntries(metric.labels.map((label) => [label, 'made up'])),
    })),
  )
  const names = new Set(samples.map(({ metric }) => metric.name))
  const text = render(samples, 'text')
  assert.equal(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length, names.size)
  const listed = [...(await readFile(page, 'utf8')).matchAll(/^\| `(\w+)` +\| (.+?) +\| (.+?) +\|$/gm)]
  assert.ok(names.size >= 150, `${names.size} metrics`)
  assert.deepEqual(check(text).sort(), listed.map(([, name, words]) => `${name} ${words}`).sort())
  for (const [, name, , origin] of listed) assert.ok(origin?.trim(), `${name} has no origin`)
  console.log(`promtool: ${names.size} metrics checked, ${listed.length} listed findings`)
})

test('metrics: promtool sees a name that is not listed', () => {
  assert.deepEqual(check('# HELP badName Bad.\n# TYPE badName gauge\nbadName 1\n'), [
    "badName metric names should be written in 'snake_case' not 'camelCase'",
  ])
})

test('metrics: names are declared once, or by the same words', () => {
  const seen = new Map<string, string>()
  for (const { owner, metrics } of declared)
    for (const { name, type, unit } of metrics) {
      const words = `${type} ${unit}`
      assert.equal(seen.get(name) ?? words, words, `${name} of ${owner}`)
      seen.set(name, words)
    }
  assert.ok(seen.size >= 150)
})

test('metrics: no counter is another metric plus _total', () => {
  const names = new Set(declared.flatMap(({ metrics }) => metrics.map(({ name }) => name)))
  assert.deepEqual(
    [...names].filter((name) => names.has(`${name}_total`)),
    [],
  )
})
