import assert from 'node:assert/strict'
import { test } from 'node:test'
import { journalRun } from './journal-run.ts'

test('kill -9 between a journal and systemd-journal-remote loses no entry, repeats one batch in flight at most, and leaves the ledger exact', async (t) => {
  const report = await journalRun({
    entries: 20_000,
    killsPerPhase: 3,
    delayMilliseconds: 6,
    patienceSeconds: 60,
  })
  t.diagnostic(JSON.stringify(report))
  assert.ok(report.scrapes >= 24, `${report.scrapes} scrapes`)
  assert.ok(report.equations >= 72, `${report.equations} equations`)
  assert.ok(report.receiverKills >= 3, `${report.receiverKills} kills of the receiver`)
  assert.ok(report.repeats.receiver > 0, 'a request that was taken and not answered is repeated')
})
