/**
 * The journal's kill test at full length, and once more with a vacuum in its midst; each run prints its report as one
 * line. `npm run test:journal-kill`
 */
import assert from 'node:assert/strict'
import { journalRun } from './journal-run.ts'

const report = await journalRun({
  entries: 200_000,
  killsPerPhase: 15,
  delayMilliseconds: 0,
  patienceSeconds: 300,
})
const { reading, committing, sending, unanswered } = report.kills
assert.ok(reading + committing + sending + unanswered >= 50)
assert.ok(Math.min(reading, committing, sending + unanswered) >= 10)
console.log(JSON.stringify(report))

const vacuumed = await journalRun({
  entries: 200_000,
  killsPerPhase: 4,
  delayMilliseconds: 0,
  patienceSeconds: 300,
  vacuum: true,
})
console.log(JSON.stringify(vacuumed))
