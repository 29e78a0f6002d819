import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runMixed } from './bench/run.ts'
import { rows } from './bench/table.ts'

test('faults of every kind at random lose nothing uncounted, and the ledger is exact at every scrape', async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? 7)
  const report = await runMixed(rows, 20, { seed, scale: 0.05 })
  t.diagnostic(JSON.stringify(report))
  const injected = Object.values(report.faults).reduce((sum, count) => sum + count, 0)
  assert.ok(injected >= 3, `${injected} faults`)
  assert.ok(report.scrapes >= 10 && report.equations >= 100, `${report.scrapes} scrapes`)
})
