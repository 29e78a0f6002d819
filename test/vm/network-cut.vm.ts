/** The network is gone for a minute (REMORA_VM_CUT_SECONDS) while entries come: afterwards nothing is missing. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startJournalRemote } from '../journal-remote-server.ts'
import { configOf } from './config.ts'
import { startMachine } from './machine.ts'
import { until } from './wait.ts'
import { highestOf, missingUpTo, numbersAt, startWriter } from './writer.ts'

const cutSeconds = Number(process.env.REMORA_VM_CUT_SECONDS ?? 60)

test(`network cut: nothing is missing after ${cutSeconds} s without it`, async (t) => {
  await using journals = await startJournalRemote()
  await using machine = await startMachine({ config: configOf({ journalRemote: journals.url }) })
  await startWriter(machine, 100)
  await until('the first entries', async () => (await numbersAt(journals)).size > 0 || undefined)
  await machine.monitor('set_link', { name: 'nic', up: false })
  await sleep(2000)
  const atCut = highestOf((await numbersAt(journals)).keys())
  await sleep(cutSeconds * 1000)
  assert.equal(highestOf((await numbersAt(journals)).keys()), atCut, 'the network is cut')
  await machine.run('systemctl stop writer; journalctl --sync')
  const last = Number(
    await machine.run(
      `journalctl -b -u writer -o cat --no-pager | grep '^entry ' | tail -n 1 | cut -d' ' -f2`,
    ),
  )
  assert.ok(last > atCut + cutSeconds, `entries came while it was cut: ${atCut} to ${last}`)
  await machine.monitor('set_link', { name: 'nic', up: true })
  await until('the last entry', async () => (await numbersAt(journals)).has(last) || undefined)
  const numbers = await numbersAt(journals)
  assert.deepEqual(missingUpTo(last, numbers), [])
  t.diagnostic(`${last} entries, ${last - atCut} of them written during the cut`)
})
