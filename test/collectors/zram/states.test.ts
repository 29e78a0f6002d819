import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { levelOf } from '../../../collectors/zram/fill.ts'
import { options, zram } from '../../../collectors/zram/zram.ts'
import { collectOnce, contextOf } from '../context.ts'
import { changed, machine } from './machine.ts'

/** The states a fill goes through, each look remembering the one before. */
function levels(percents: readonly number[], thresholds = [80, 90, 95], hysteresis = 2): number[] {
  let level = 0
  return percents.map((percent) => {
    level = levelOf(percent, level, thresholds, hysteresis)
    return level
  })
}

test('zram fill rises at a threshold and falls only below it less the hysteresis', () => {
  assert.deepEqual(levels([79.9, 80, 79.9, 78, 77.9, 79.9, 80]), [0, 80, 80, 80, 0, 0, 80])
})

test('zram fill passes several thresholds in one step, both ways', () => {
  assert.deepEqual(levels([10, 96, 94, 93, 92.9, 91, 88, 87.9, 50]), [0, 95, 95, 95, 90, 90, 90, 80, 0])
  assert.deepEqual(levels([99, 10, 99]), [95, 0, 95])
})

test('zram fill rises while it is held at a lower threshold', () => {
  assert.deepEqual(levels([81, 79, 90, 89, 95, 94]), [80, 80, 90, 90, 95, 95])
})

test('zram fill without hysteresis follows every crossing', () => {
  assert.deepEqual(levels([80, 79.9, 80], [80], 0), [80, 0, 80])
})

test('zram fill that wavers within the hysteresis makes one event', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 88, max: 91.9, noNaN: true }), { maxLength: 50 }), (waver) => {
      const seen = levels([90.5, ...waver])
      assert.deepEqual(new Set(seen), new Set([90]))
    }),
    { numRuns: 100 },
  )
})

test('zram fill is never told lower than its threshold and never further off than the hysteresis', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 50 }), (percents) => {
      for (const [index, level] of levels(percents).entries()) {
        const percent = percents[index] ?? 0
        const plain = [95, 90, 80].find((one) => percent >= one) ?? 0
        assert.ok(
          level >= plain && (level === plain || percent >= level - 2),
          `${percent} is told as ${level}`,
        )
      }
    }),
    { numRuns: 200 },
  )
})

/** The state readings of zram2 on the 6.18 machine, with one memory in use out of a limit of 1000 pages. */
async function fillOf(usedPages: number, previous: string | undefined, chosen: unknown = {}) {
  const used = usedPages * 4096
  await using at = await changed('linux-6.18', {
    'sys/block/zram2/mm_stat': `${used} ${used} ${used} ${4096 * 1000} ${used} 0 0 0 0\n`,
  })
  const states = new Map(previous === undefined ? [] : [['zram2:fill', previous]])
  const reading = await collectOnce(zram, contextOf({ ...at, states, options: chosen }))
  const found = reading.states.find(({ part }) => part === 'zram2:fill')
  assert.ok(found)
  return found
}

test('zram fill is told of the fullest constraint, with its values', async () => {
  assert.deepEqual(await fillOf(912, undefined), {
    part: 'zram2:fill',
    state: 'above-90',
    healthy: false,
    event: 'zram.fill',
    severity: 13,
    body: 'zram2 (mount /mnt/z2) is 91.2 % full by mem_limit: 3735552 of 4096000 bytes',
    attributes: { device: 'zram2', constraint: 'mem_limit', fill_ratio: '0.9120' },
  })
  const full = await fillOf(950, 'above-90')
  assert.deepEqual([full.state, full.severity, full.healthy], ['above-95', 17, false])
  // Below the limit, the file system is the fullest: 60 %.
  const low = await fillOf(500, 'above-80')
  assert.deepEqual([low.state, low.severity, low.healthy], ['below', 9, true])
  assert.equal(low.attributes.constraint, 'filesystem')
})

test('zram fill goes on from the last known state', async () => {
  assert.equal((await fillOf(785, 'below')).state, 'below')
  assert.equal((await fillOf(785, 'above-80')).state, 'above-80')
  assert.equal((await fillOf(779, 'above-80')).state, 'below')
  assert.equal((await fillOf(785, undefined)).state, 'below')
  assert.equal((await fillOf(785, 'nonsense')).state, 'below')
})

test('zram fill takes its thresholds from the configuration, whatever the last state was called', async () => {
  const chosen = { fill_thresholds: [50, 70], fill_hysteresis: 5 }
  assert.equal((await fillOf(660, undefined, chosen)).state, 'above-50')
  assert.equal((await fillOf(660, 'above-70', chosen)).state, 'above-70')
  assert.equal((await fillOf(660, 'above-95', chosen)).state, 'above-70')
  assert.equal((await fillOf(710, 'below', chosen)).severity, 17)
})

test('zram failed writes are a state: the count, healthy only at zero', async () => {
  const { states } = await collectOnce(zram, contextOf(machine('linux-6.18')))
  const found = states.filter(({ event }) => event === 'zram.failed_writes')
  assert.deepEqual(
    found.map(({ part, state, healthy, severity }) => [part, state, healthy, severity]),
    [
      ['zram0:failed_writes', '0', true, 9],
      ['zram1:failed_writes', '0', true, 9],
      ['zram2:failed_writes', '11', false, 17],
    ],
  )
  assert.equal(found[2]?.body, 'zram2 failed 11 writes: their data is lost')
})

test('zram gone is told of a device that was there, once', async () => {
  const seen = async (states: Map<string, string>) => {
    const reading = await collectOnce(zram, contextOf({ ...machine('linux-6.18'), states }))
    return reading.states
      .filter(({ event }) => event === 'zram.present')
      .map(({ part, state, healthy }) => `${part} ${state} ${healthy}`)
  }
  const there = ['zram0:present present true', 'zram1:present present true', 'zram2:present present true']
  assert.deepEqual(await seen(new Map()), there)
  assert.deepEqual(await seen(new Map([['zram7:present', 'present']])), [
    ...there,
    'zram7:present gone false',
  ])
  assert.deepEqual(await seen(new Map([['zram7:present', 'gone']])), there)
  // What else is known of it, or of another collector's part, is nothing to be gone.
  assert.deepEqual(await seen(new Map([['zram7:fill', 'above-90']])), there)
})

test('zram gone is told even when no device is left', async () => {
  await using without = await changed('linux-3.14', { 'sys/block/zram0': undefined })
  const states = new Map([['zram0:present', 'present']])
  const reading = await collectOnce(zram, contextOf({ ...without, states }))
  assert.deepEqual(
    reading.states.map(({ state, body }) => [state, body]),
    [['gone', 'zram0 is gone, and what it held with it']],
  )
})

test('zram options have defaults', () => {
  assert.deepEqual(options.parse({}), { fill_thresholds: [80, 90, 95], fill_hysteresis: 2 })
})

const wrong: [what: string, given: unknown, path: string, message: RegExp][] = [
  ['thresholds that fall', { fill_thresholds: [90, 80] }, 'fill_thresholds', /percentages that rise/],
  ['equal thresholds', { fill_thresholds: [90, 90] }, 'fill_thresholds', /percentages that rise/],
  ['no threshold', { fill_thresholds: [] }, 'fill_thresholds', /at least one percentage/],
  ['a threshold of 100', { fill_thresholds: [80, 100] }, 'fill_thresholds.1', /from 1 to 99/],
  ['a threshold of 0', { fill_thresholds: [0, 80] }, 'fill_thresholds.0', /from 1 to 99/],
  ['a ratio for a percentage', { fill_thresholds: [0.8] }, 'fill_thresholds.0', /a whole percentage/],
  ['text for a percentage', { fill_thresholds: ['80 %'] }, 'fill_thresholds.0', /a whole percentage/],
  ['a negative hysteresis', { fill_hysteresis: -1 }, 'fill_hysteresis', /from 0 to 20/],
  ['a hysteresis of 21', { fill_hysteresis: 21 }, 'fill_hysteresis', /from 0 to 20/],
  [
    'a hysteresis that never lets go',
    { fill_thresholds: [5, 90], fill_hysteresis: 5 },
    'fill_hysteresis',
    /less than/,
  ],
  ['an unknown key', { threshold: 80 }, '', /threshold/],
]

for (const [what, given, path, message] of wrong) {
  test(`zram options refuse ${what}`, () => {
    const result = options.safeParse(given)
    assert.equal(result.success, false)
    assert.equal(result.error?.issues.length, 1)
    assert.equal(result.error?.issues[0]?.path.join('.'), path)
    assert.match(result.error?.issues[0]?.message ?? '', message)
  })
}
