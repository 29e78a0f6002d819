import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseKmsg } from '../../../collectors/kmsg/position.ts'
import { Reading } from '../../../collectors/kmsg/reading.ts'
import type { Read, Ring } from '../../../collectors/kmsg/ring.ts'
import type { SourceBatch } from '../../../src/model.ts'
import { ringOf, sequenceOf } from './kernel-log.ts'

const boot = '0123456789abcdef0123456789abcdef'

/** A wall clock 1,000 s after the epoch at boot. */
function clocksAt(uptime: { seconds: number }) {
  return {
    now: () => BigInt(Math.round((1000 + uptime.seconds) * 1e9)),
    sinceBoot: () => BigInt(Math.round(uptime.seconds * 1e9)),
  }
}

function scripted(reads: readonly Read[]): Ring {
  const left = [...reads]
  return { read: () => left.shift() ?? 'end', [Symbol.dispose]: () => undefined }
}

const line = (sequence: number, stamp = sequence * 10, priority = 6) =>
  Buffer.from(`${priority},${sequence},${stamp},-;record ${sequence}\n`)

function readingOf(ring: Ring, before?: SourceBatch, skipped: Error[] = [], uptime = { seconds: 1 }) {
  const stored = before?.positions[0]?.position
  const position = stored === undefined ? undefined : parseKmsg(stored)
  return new Reading(boot, ring, position, clocksAt(uptime), (error) => void skipped.push(error))
}

function once(reading: Reading, priority = 7): SourceBatch {
  const batch = reading.decide(reading.gather(), [], priority)
  assert.ok(batch, 'there is something to commit')
  return batch
}

const sequences = ({ records }: SourceBatch) => records.map(sequenceOf)
const position = ({ positions }: SourceBatch) => parseKmsg(positions[0]?.position ?? '')

test('kmsg reads from the first record of the boot, and after a restart goes on behind the last one', () => {
  const log = { stamps: [0, 0, 10], capacity: 100, journal: [] }
  const first = once(readingOf(ringOf(log)))
  assert.deepEqual(sequences(first), [0, 1, 2])
  assert.deepEqual([first.missed, first.filtered], [{}, {}])
  assert.deepEqual(position(first), { boot, next: 3, stretches: [[0, 10]], open: false })
  assert.equal(readingOf(ringOf(log), first).decide({ records: [], isAtEnd: true }, [], 7), undefined)
  log.stamps.push(12, 15)
  const second = once(readingOf(ringOf(log), first))
  assert.deepEqual(sequences(second), [3, 4])
  assert.deepEqual(position(second).stretches, [
    [0, 10],
    [12, 15],
  ])
})

test('kmsg counts what the ring forgot exactly: before the start, between two looks, and across a restart', () => {
  const log = { stamps: Array.from({ length: 30 }, (_, index) => index * 10), capacity: 8, journal: [] }
  const more = (count: number) => {
    for (let i = 0; i < count; i++) log.stamps.push(log.stamps.length * 10)
  }
  const reading = readingOf(ringOf(log))
  const first = once(reading)
  assert.deepEqual(sequences(first), [22, 23, 24, 25, 26, 27, 28, 29])
  assert.deepEqual(first.missed, { overrun: 22 })
  assert.deepEqual(position(first).stretches, [[221, 290]])
  more(20)
  const second = once(reading)
  assert.deepEqual(second.missed, { overrun: 12 })
  assert.deepEqual(position(second).stretches, [
    [221, 289],
    [421, 490],
  ])
  more(9)
  const third = once(readingOf(ringOf(log), second))
  assert.deepEqual(third.missed, { overrun: 1 })
  const read = [first, second, third].reduce((sum, { records }) => sum + records.length, 0)
  assert.equal(read + 22 + 12 + 1, log.stamps.length, 'read and missed are all there were')
})

test('kmsg counts records that do not fit or cannot be parsed as unreadable, and reads on', () => {
  const skipped: Error[] = []
  const ring = scripted([
    line(0),
    'short',
    Buffer.from('garbage'),
    line(3),
    'overrun',
    line(9),
    'short',
    'overrun',
    line(15),
  ])
  const batch = once(readingOf(ring, undefined, skipped))
  assert.deepEqual(sequences(batch), [0, 3, 9, 15])
  assert.deepEqual(batch.missed, { unreadable: 3, overrun: 9 })
  assert.equal(skipped.length, 1)
})

test('kmsg: a device on which nothing fits is an error, not a wait', () => {
  const ring: Ring = { read: () => 'short', [Symbol.dispose]: () => undefined }
  assert.throws(() => readingOf(ring).gather(), /no record fits/)
})

test('kmsg yields bounded batches, and leaves the end of the newest stretch open until the ring has no more', () => {
  const log = { stamps: Array.from({ length: 2500 }, (_, index) => index), capacity: 5000, journal: [] }
  const reading = readingOf(ringOf(log))
  const batches = [once(reading), once(reading), once(reading)]
  assert.deepEqual(
    batches.map((batch) => [batch.records.length, position(batch).open]),
    [
      [1000, true],
      [1000, true],
      [500, false],
    ],
  )
  assert.equal(reading.decide(reading.gather(), [], 7), undefined, 'nothing new, nothing to commit')
  const exact = { stamps: log.stamps.slice(0, 1000), capacity: 5000, journal: [] }
  const full = readingOf(ringOf(exact))
  assert.equal(position(once(full)).open, true)
  const closing = once(full)
  assert.deepEqual([closing.records.length, position(closing).open], [0, false])
})

test('kmsg filters by priority, and what it filters is its own all the same', () => {
  const batch = once(readingOf(scripted([line(0, 5, 6), line(1, 9, 3), line(2, 12, 7)])), 4)
  assert.deepEqual([sequences(batch), batch.filtered], [[1], { priority: 2 }])
  assert.deepEqual(position(batch).stretches, [[5, 12]])
})

test('kmsg filters what lies in the stretches of journald, and its own stretches keep out of them', () => {
  const reading = readingOf(scripted([10, 20, 30, 40, 50].map((stamp, index) => line(index, stamp))))
  const batch = reading.decide(reading.gather(), [[20, 30]], 7)
  assert.ok(batch)
  assert.deepEqual([sequences(batch), batch.filtered], [[0, 3, 4], { journald: 2 }])
  assert.deepEqual(position(batch).stretches, [
    [10, 10],
    [40, 50],
  ])
})

test('kmsg times are boot time and stamp, and never before the look in which a record was not there yet', () => {
  const uptime = { seconds: 100 }
  const log = { stamps: [2_500_000], capacity: 10, journal: [] }
  const reading = readingOf(ringOf(log), undefined, [], uptime)
  assert.equal(once(reading).records.at(0)?.time, 1_002_500_000_000n)
  uptime.seconds = 200
  log.stamps.push(90_000_000, 201_000_000) // A clock that runs behind, and one that runs ahead.
  const [behind, ahead] = once(reading).records
  assert.deepEqual([behind?.time, ahead?.time], [1_100_000_000_000n, 1_200_000_000_000n])
  assert.equal(ahead?.observed, 1_200_000_000_000n)
})
