import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dashboards } from '../../dashboards/dashboards.ts'
import { queries } from '../../dashboards/expressions.ts'
import { namedIn } from '../../dashboards/promql.ts'
import { rules } from '../../dashboards/rules/rules.ts'
import { changedCopy } from '../docs/changed-copy.ts'

const [old, renamed] = ['node_zram_fill_ratio', 'node_zram_filling_ratio']

test('a metric that a collector renames fails the gate, which names each dashboard, the rules and the catalogue', async () => {
  const behind = [...dashboards, ['remora.rules.yaml', rules] as const].filter(([, value]) =>
    queries(value).some(
      ({ language, expression }) =>
        language === 'promql' && namedIn(expression).selectors.some(({ metric }) => metric === old),
    ),
  )
  assert.ok(behind.length >= 2, `${behind.length} files name it`)
  await using copy = await changedCopy({
    'collectors/zram/metrics.ts': (text) => text.replaceAll(`'${old}'`, `'${renamed}'`),
  })
  const drawn = copy.run('dashboards/generate.ts', '--check')
  assert.equal(drawn.status, 1)
  assert.deepEqual(
    drawn.stderr.trim().split('\n').toSorted(),
    behind.map(([file]) => `dashboards/generated/${file} names ${old}, which nothing declares`).toSorted(),
  )
  assert.deepEqual(copy.run('docs/generate.ts', '--check'), {
    status: 1,
    stderr: 'docs/metrics.md is stale: run npm run generate\n',
  })
})
