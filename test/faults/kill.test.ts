import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killRun } from './kill-run.ts'

test('kill -9 in every phase loses nothing, repeats one batch in flight at most, and leaves the ledger exact', async (t) => {
  const report = await killRun({ records: 200_000, killsPerPhase: 17 })
  t.diagnostic(JSON.stringify(report))
  const { reading, committing, unanswered } = report.kills
  assert.ok(reading + committing + unanswered >= 50 && Math.min(reading, committing, unanswered) >= 10)
  assert.ok(report.scrapes >= 100, `${report.scrapes} scrapes`)
  assert.ok(report.equations >= 300, `${report.equations} equations`)
  assert.ok(report.receiverKills >= 3, `${report.receiverKills} kills of the receiver`)
  assert.ok(report.repeats.receiver > 0, 'a request that was taken and not answered is repeated')
})
