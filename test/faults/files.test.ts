import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesRun } from './files-run.ts'

test('every line arrives, in order, through rotation by every method and kill -9, and the ledger is exact', async (t) => {
  const seed = Number(process.env.FILES_SEED ?? 7)
  const report = await filesRun({ lines: 100_000, seed, linesPerSecond: 12_000, patienceSeconds: 60 })
  t.diagnostic(JSON.stringify(report))
  assert.ok(report.lives >= 3, `${report.lives} lives`)
  assert.ok(Object.values(report.rotations).reduce((sum, count) => sum + count, 0) > 10)
})
