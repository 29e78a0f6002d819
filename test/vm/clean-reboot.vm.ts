/** `systemctl reboot`: what was written until the agent's stop is at the receiver; what came after it is reported here. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { startJournalRemote } from '../journal-remote-server.ts'
import { configOf } from './config.ts'
import { startMachine } from './machine.ts'
import { until } from './wait.ts'
import { highestOf, missingUpTo, numbersAt, startWriter } from './writer.ts'

test('clean reboot: every entry up to the stop of the agent is at the receiver', async (t) => {
  await using journals = await startJournalRemote()
  await using machine = await startMachine({ config: configOf({ journalRemote: journals.url }) })
  const boot = await machine.booted()
  // A service whose last word is at its stop; it waits for the network, so it stops before the agent.
  await machine.run(`cat > /run/systemd/system/speaker.service <<'.'
[Unit]
Wants=network-online.target
After=network-online.target
[Service]
ExecStart=/bin/sleep infinity
ExecStop=/bin/echo last word
.
systemctl daemon-reload; systemctl start speaker`)
  await startWriter(machine, 100)
  await until('the first entries', async () => (await numbersAt(journals)).size > 0 || undefined)
  await machine.try('systemctl --no-block reboot', 20).catch(() => undefined)
  await machine.booted(boot)
  const numbers = await numbersAt(journals)
  const last = highestOf(numbers.keys())
  assert.deepEqual(missingUpTo(last, numbers), [], 'no gap before the last that arrived')
  const text = (await journals.read()).toString('latin1')
  assert.ok(text.includes('MESSAGE=last word'), 'the last word of a service that stops before the agent')
  assert.ok(text.includes('SIGTERM: stops collecting'), 'up to the stop of the agent')
  t.diagnostic(`${last} entries`)
})
