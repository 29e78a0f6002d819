import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Alarm } from '../../../collectors/journald/alarm.ts'

test('alarm waits as long as it is told, again and again', async () => {
  using alarm = new Alarm(new AbortController().signal)
  for (const milliseconds of [20, 20, 50, 20]) {
    const began = performance.now()
    await alarm.wait(milliseconds)
    // Node's timers may be a millisecond early.
    assert.ok(performance.now() - began >= milliseconds - 1.5)
  }
})

test('alarm ends at once when the signal is aborted, and waits no more', async () => {
  const stop = new AbortController()
  using alarm = new Alarm(stop.signal)
  await alarm.wait(1)
  const waiting = alarm.wait(1_000_000)
  stop.abort()
  await waiting
  await alarm.wait(1_000_000)
})

test('alarm that is put away keeps no process alive', async () => {
  const alarm = new Alarm(new AbortController().signal)
  await alarm.wait(1)
  void alarm.wait(1_000_000)
  alarm[Symbol.dispose]()
  assert.ok(!process.getActiveResourcesInfo().includes('Timeout'))
})
