/** The journal's kill test at full length, whose report is the last line: `npm run test:journal-kill`. */
import assert from 'node:assert/strict'
import { journalRun } from './journal-run.ts'

const report = await journalRun({
  entries: 200_000,
  killsPerPhase: 15,
  delayMilliseconds: 2,
  patienceSeconds: 300,
})
const { reading, committing, sending, unanswered } = report.kills
assert.ok(reading + committing + sending + unanswered >= 50)
assert.ok(Math.min(reading, committing, sending + unanswered) >= 10)
console.log(JSON.stringify(report))
