import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { getTasks } from 'node-cron'
import { silentLog } from '../../src/log.ts'
import { intervalSeconds, jitterSeconds, schedule } from '../../src/schedule.ts'
import { readableLog } from './engine.ts'

test('intervalSeconds is the longest time between two slots', () => {
  const intervals: [string, number][] = [
    ['* * * * * *', 1],
    ['*/15 * * * * *', 15],
    ['0,10,40 * * * * *', 30],
    ['0 */5 * * * *', 300],
    ['0 */7 * * * *', 420],
    ['0 0 3 * * *', 86_400],
    ['0 */5 9-17 * * *', 54_300],
    ['0 0 3 * * 1-5', 259_200],
    ['0 0 9,17 * * 1', 576_000],
    ['0 0 0 1 * *', 2_678_400],
  ]
  for (const [expression, seconds] of intervals)
    assert.equal(intervalSeconds(expression), seconds, expression)
})

test('jitterSeconds is the same for one node and name, and spread over a tenth of the shortest interval', () => {
  assert.equal(
    jitterSeconds('node1', 'raid', '*/15 * * * * *'),
    jitterSeconds('node1', 'raid', '*/15 * * * * *'),
  )
  const many = Array.from({ length: 500 }, (_, node) =>
    jitterSeconds(`node${node}`, 'raid', '*/10 * * * * *'),
  )
  assert.equal(new Set(many).size, 500)
  assert.ok(Math.min(...many) >= 0 && Math.max(...many) < 1)
  const tenths = new Set(many.map((seconds) => Math.floor(seconds * 10)))
  assert.equal(tenths.size, 10)
  const daily = Array.from({ length: 500 }, (_, node) => jitterSeconds(`node${node}`, 'raid', '0 0 3 * * *'))
  assert.ok(Math.max(...daily) < 30 && Math.max(...daily) > 28)
})

test('schedule refuses an expression that node-cron does not know', () => {
  assert.throws(() => schedule('0 0 99 * * *', async () => undefined, { name: 'parts', log: silentLog }))
})

test('schedule runs at its slots with the jitter, skips a slot while a run goes on, and stops', async () => {
  const started: number[] = []
  const held = Promise.withResolvers<void>()
  let overlaps = 0
  const before = getTasks().size
  const scheduled = schedule(
    '* * * * * *',
    () => {
      started.push(Date.now() % 1000)
      return held.promise
    },
    { name: 'parts', log: silentLog, jitterSeconds: 0.1, onOverlap: () => overlaps++ },
  )
  assert.ok(scheduled.dueMilliseconds - Date.now() <= 1100)
  while (overlaps < 2) await wait(20)
  assert.equal(started.length, 1)
  const [at = 0] = started
  assert.ok(at >= 100 && at < 800, `began ${at} ms after its slot`)
  held.resolve()
  while (started.length < 2) await wait(20)
  scheduled.stop()
  const runs = started.length
  await wait(1300)
  assert.equal(started.length, runs)
  assert.equal(getTasks().size, before, 'node-cron keeps nothing of it')
})

test('schedule logs what a task throws, and goes on', async () => {
  const { log, lines } = readableLog()
  let runs = 0
  const scheduled = schedule(
    '* * * * * *',
    async () => {
      runs++
      throw new Error('Cannot read "a": broken')
    },
    { name: 'parts', log },
  )
  while (runs < 2) await wait(20)
  scheduled.stop()
  assert.ok(lines.includes('Cannot read "a": broken'))
})

/**
 * The real Date, running at its real pace, set `shift` milliseconds off from when it is called; node-cron and the
 * schedule read it, the monotonic clock goes its own way.
 */
function steppableDate() {
  const real = Date.now()
  const started = performance.now()
  let shift = 0
  const now = () => Math.round(real + performance.now() - started + shift)
  mock.timers.enable({ apis: ['Date'], now: now() })
  const ticker = setInterval(() => mock.timers.setTime(now()), 5)
  return {
    step: (milliseconds: number) => {
      shift += milliseconds
      mock.timers.setTime(now())
    },
    [Symbol.dispose]: () => {
      clearInterval(ticker)
      mock.timers.reset()
    },
  }
}

test('schedule goes on after the clock is set back an hour', async () => {
  using clock = steppableDate()
  let runs = 0
  const scheduled = schedule('* * * * * *', async () => void runs++, { name: 'parts', log: silentLog })
  while (runs < 1) await wait(10)
  clock.step(-3_600_000)
  const stepped = performance.now()
  while (runs < 3 && performance.now() - stepped < 10_000) await wait(10)
  scheduled.stop()
  assert.equal(runs, 3)
  const seconds = (performance.now() - stepped) / 1000
  assert.ok(seconds < 4, `two runs took ${seconds} s`)
})

test('schedule makes up for nothing after the clock is set forward 56 years', async () => {
  using clock = steppableDate()
  let runs = 0
  clock.step(-56 * 365 * 86_400_000)
  const scheduled = schedule('* * * * * *', async () => void runs++, { name: 'parts', log: silentLog })
  while (runs < 1) await wait(10)
  clock.step(56 * 365 * 86_400_000)
  const stepped = performance.now()
  await wait(50)
  assert.ok(performance.now() - stepped < 1000, 'the event loop is free')
  while (performance.now() - stepped < 3000) await wait(10)
  scheduled.stop()
  assert.ok(runs >= 2 && runs <= 4, `${runs} runs within 3 s of the step`)
})
