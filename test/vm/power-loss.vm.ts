/** QEMU is killed while 1,000 entries a second come: only what no one had acknowledged is missing. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startJournalRemote } from '../journal-remote-server.ts'
import { configOf } from './config.ts'
import { startMachine } from './machine.ts'
import { until } from './wait.ts'
import { missingUpTo, numbersAt, startWriter } from './writer.ts'

test('power loss: under 1,000 entries a second only the unacknowledged tail is missing', async (t) => {
  await using journals = await startJournalRemote()
  await using machine = await startMachine({ config: configOf({ journalRemote: journals.url }) })
  await startWriter(machine, 1000)
  await until('the first entries', async () => (await numbersAt(journals)).size > 0 || undefined)
  await sleep(20_000)
  const text = await machine.metrics()
  await machine.kill()
  const counted = /^remora_records_acknowledged_total\{[^}]*source="journald"[^}]*\} (\d+)$/m.exec(text)?.[1]
  assert.ok(counted !== undefined, 'something was acknowledged')
  const numbers = await numbersAt(journals)
  const last = Math.max(...numbers.keys())
  assert.deepEqual(missingUpTo(last, numbers), [], 'no gap: what is missing is a tail')
  let stored = 0
  for (const line of (await journals.read()).toString('latin1').split('\n'))
    stored += line.startsWith('__CURSOR=') ? 1 : 0
  assert.ok(stored >= Number(counted), `${counted} were acknowledged before the loss, ${stored} are here`)
  t.diagnostic(
    `${last} entries arrived; ${counted} records were acknowledged at the last look, ${stored} are here`,
  )
})
