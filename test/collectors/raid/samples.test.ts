import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { judgeArray, judgeDrive } from '../../../collectors/raid/judge.ts'
import type { Drive, RaidArray } from '../../../collectors/raid/report.ts'
import { samplesOf } from '../../../collectors/raid/samples.ts'
import { raidTable } from '../../../collectors/raid/table.ts'
import { seriesKey } from '../../../src/model.ts'
import { anyPart } from './parts.ts'

test('a part has one state of its kind, each series once, declared labels and numbers alone', () => {
  fc.assert(
    fc.property(anyPart, (part) => {
      const samples = [...samplesOf(part)]
      const states = samples.filter(({ metric }) => metric.name === `raid_${part.kind}_state`)
      assert.deepEqual(
        states.flatMap(({ value, labels }) => (value === 1 ? [labels.state] : [])),
        [part.status.state],
      )
      assert.ok(states.every(({ value }) => value === 0 || value === 1))
      const infos = samples.filter(({ metric }) => metric.name === `raid_${part.kind}_info`)
      assert.deepEqual(
        infos.map(({ value, labels }) => [value, labels.status]),
        [[1, part.status.word]],
      )
      const keys = samples.map(({ metric, labels }) => seriesKey(metric.name, labels))
      assert.equal(new Set(keys).size, keys.length)
      for (const { metric, labels, value } of samples) {
        assert.deepEqual(Object.keys(labels).sort(), [...metric.labels].sort(), metric.name)
        assert.ok(Number.isFinite(value), `${metric.name} ${value}`)
        if (metric.type === 'counter') assert.ok(value >= 0, `${metric.name} ${value}`)
      }
    }),
    { numRuns: 500 },
  )
})

test('the identity of a part is the same in every state', () => {
  fc.assert(
    fc.property(anyPart, (part) => {
      const identity = (state: string) =>
        [...samplesOf(part)].flatMap(({ metric, labels: { state: is, ...labels } }) =>
          metric.name === `raid_${part.kind}_state` && is === state ? [labels] : [],
        )
      assert.deepEqual(identity('unknown'), identity(part.status.state))
    }),
  )
})

test('the table has a row for each part, and marks the bad ones', () => {
  const array: RaidArray = {
    kind: 'array',
    vendor: 'lsi',
    controller: 'sas2:0',
    array: '323',
    level: 'raid1',
    driveCount: 2,
    sizeBytes: 4 * 2 ** 30,
    status: judgeArray('lsi', 'Degraded (DGD), Synchronize'),
    tasks: [{ operation: 'rebuild', ratio: 0.25 }],
  }
  const drive: Drive = {
    kind: 'drive',
    vendor: 'lsi',
    controller: 'sas2:0',
    enclosure: '2',
    slot: '4',
    model: 'MK1401GRRB',
    celsius: 31,
    status: judgeDrive('lsi', 'Optimal (OPT)'),
  }
  const rows = raidTable([array, drive].flatMap((part) => [...samplesOf(part)]))
  const cells = rows.map((row) => row.map(({ text }) => text).filter((text) => text !== ''))
  assert.equal(cells.length, 2)
  const [first, second] = cells
  assert.deepEqual(first?.slice(0, 3), ['lsi sas2:0', 'array 323', 'raid1'])
  assert.ok(first?.includes('rebuilding (Degraded (DGD), Synchronize)'), first?.join(' | '))
  assert.match(first?.at(-1) ?? '', /^rebuild 25/)
  assert.deepEqual(second?.slice(0, 3), ['lsi sas2:0', 'drive 2:4', 'MK1401GRRB'])
  assert.deepEqual(
    rows.map((row) => row.some(({ bad }) => bad === true)),
    [true, false],
  )
  fc.assert(
    fc.property(anyPart, (part) => {
      assert.equal(raidTable([...samplesOf(part)]).length, 1)
    }),
  )
})
