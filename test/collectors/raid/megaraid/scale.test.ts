/** Many controllers, many drives: right labels, no series lost or mixed up, and what a collection costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raid } from '../../../../collectors/raid/raid.ts'
import { raidTable } from '../../../../collectors/raid/table.ts'
import { systemClock } from '../../../../src/clock.ts'
import { runCollector } from '../../../../src/collect.ts'
import { contextOf } from '../../context.ts'
import { answersOf, madeController, serialAt } from './answers.ts'
import { hostWith } from './host.ts'

/** The order of the answers is not that of the numbers, and some numbers are left out. */
function controllers(count: number, drives: number) {
  return Array.from({ length: count }, (_, index) => madeController((index * 7 + 3) % 23, drives))
}

for (const [count, drives, bounded] of [
  [2, 120, false],
  [4, 60, false],
  [16, 15, false],
  [16, 240, true],
] as const)
  test(`storcli with ${count} controllers of ${drives} drives each keeps every drive at its place`, async (t) => {
    const made = controllers(count, drives)
    const host = await hostWith(t, answersOf(made))
    const context = contextOf({ folder: host.folder, path: ':/usr/bin:/bin' })
    const cpu = process.cpuUsage()
    const run = runCollector(raid, {
      surroundings: context,
      options: undefined,
      deadlineSeconds: 120,
      maxSeries: 50_000,
      states: new Map(),
      clock: systemClock,
      signal: context.signal,
    })
    const reading = await run.reading
    const { user, system } = process.cpuUsage(cpu)
    assert.equal(reading.error, undefined)
    assert.deepEqual([reading.skipped, [...reading.dropped]], [[], []])
    assert.ok(reading.samples.length <= 50_000)
    assert.equal(reading.refusedSeries > 0, bounded)
    const infos = reading.samples.filter(({ metric }) => metric.name === 'raid_drive_info')
    assert.equal(infos.length, count * drives)
    for (const { labels } of infos)
      assert.equal(
        labels.serial,
        serialAt(Number(labels.controller), Number(labels.enclosure), Number(labels.slot)),
      )
    const arrays = reading.samples.filter(({ metric }) => metric.name === 'raid_array_info')
    for (const { labels } of arrays)
      assert.equal(labels.device, `sd${String.fromCharCode(97 + Number(labels.controller))}`)
    assert.equal(arrays.length, count)
    assert.equal(reading.states.length, count * (drives + 3))
    assert.equal(new Set(reading.states.map(({ part }) => part)).size, reading.states.length)
    if (!bounded) assert.equal(raidTable(reading.samples).length, count * (drives + 3))
    const { length } = await host.lines('calls')
    assert.equal(length, 5, 'as many questions as to one controller')
    console.log(
      `${count} controllers × ${drives} drives: ${reading.samples.length} series kept, ${reading.refusedSeries} refused, ` +
        `${length} questions, ${Math.round((user + system) / 1000)} ms of CPU, ${reading.durationSeconds.toFixed(2)} s`,
    )
  })
