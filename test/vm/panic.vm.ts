/** A real kernel panic: its dump comes with the next boot, once, and is unlinked only when the receiver has it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type LokiReceiver, startLoki } from '../src/forwarders/loki-receiver.ts'
import { configOf } from './config.ts'
import { type Machine, startMachine } from './machine.ts'
import { until } from './wait.ts'

const crashes = (loki: LokiReceiver) =>
  loki.stored().filter(({ metadata }) => metadata.remora_source === 'pstore')
const dumps = async (machine: Machine) =>
  (await machine.run('find /sys/fs/pstore /var/lib/systemd/pstore -type f'))
    .trim()
    .split('\n')
    .filter(Boolean)

test('panic: dump and last words arrive after the next boot, once, and are unlinked only then', async (t) => {
  let isDown = false
  await using loki = await startLoki({
    before: () => (isDown ? { status: 503, words: 'down' } : undefined),
  })
  await using machine = await startMachine({ config: configOf({ loki: loki.url }) })
  const boot = await machine.booted()
  await until('the agent', () => loki.stored().length > 0 || undefined)
  isDown = true
  await machine
    .try('echo "<2>last words of this boot" > /dev/kmsg; echo c > /proc/sysrq-trigger', 10)
    .catch(() => undefined)
  await machine.booted(boot)
  await until('the dump', async () => (await dumps(machine)).length > 0 || undefined)
  await until(
    'the agent to have read it',
    async () =>
      /^remora_records_held\{[^}]*source="pstore"[^}]*\} [1-9]/m.test(
        await machine.metrics().catch(() => ''),
      ) || undefined,
  )
  const kept = await dumps(machine)
  assert.ok(kept.length > 0, 'not unlinked before the receiver has it')
  isDown = false
  await until('the crash', () => crashes(loki).length > 0 || undefined)
  await until('nothing left of it', async () => (await dumps(machine)).length === 0 || undefined)
  const found = crashes(loki)
  const texts = found.map(({ line, metadata }) => `${line} ${JSON.stringify(metadata)}`).join('\n')
  assert.match(texts, /last words of this boot/)
  assert.equal(new Set(found.map(({ metadata }) => metadata.remora_id)).size, found.length, 'once')
  t.diagnostic(`${kept.length} files, ${found.length} records, the first: ${found[0]?.line}`)
})
