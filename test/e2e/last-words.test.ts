/** The end of a boot as seen from the agent: what services said just before it is told to stop is read and delivered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { collectors } from '../../collectors/all.ts'
import { privateJournald } from '../private-journald.ts'
import { startLoki } from '../src/forwarders/loki-receiver.ts'
import { assertLedger, eventually, startAgent, workFolder } from './agent.ts'

test('remora told to stop takes the last words of services that stopped before it, and delivers them', async (t) => {
  await using journal = await privateJournald()
  await using receiver = await startLoki()
  await journal.log(['the first words'])
  const off = Object.fromEntries(collectors.map(({ name }) => [name, { enabled: false }]))
  const config = {
    paths: { root: journal.root },
    push: { enabled: false },
    collectors: { ...off, journald: { options: { initial: 'all' } } },
    shutdown: { linger_seconds: 2 },
    sinks: { far: { type: 'loki', url: receiver.url } },
  }
  const lines = () => receiver.stored().map(({ line }) => line)
  const agent = await startAgent(t, await workFolder(t), { config })
  await eventually('the first words are there', () => lines().includes('the first words'))
  assertLedger(await agent.scrape())
  await sleep(1500) // Asleep: only an event of the file system, or a look once in a while, wakes the reader.
  const last = Array.from({ length: 50 }, (_, index) => `last words ${index}`)
  await journal.log(last)
  const { code, stderr } = await agent.stop()
  assert.equal(code, 0)
  assert.match(stderr, /everything was delivered/)
  const there = new Set(lines())
  assert.deepEqual(
    last.filter((line) => !there.has(line)),
    [],
  )
  const beats = receiver.stored().filter(({ line }) => line.includes('"heartbeat":1'))
  assert.equal(
    JSON.parse(beats.at(-1)?.line ?? '{}').next_seconds,
    0,
    'and the last heartbeat says that it was stopped',
  )
})
