import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Evidence, flagWords } from '../../../src/boot/evidence.ts'
import type { Run } from '../../../src/boot/state-copy.ts'
import { verdict } from '../../../src/boot/verdict.ts'

const started = 1_790_000_000_000
const run: Run = { bootId: 'before', startedMilliseconds: started }
const none: Evidence = { unreadable: [] }
const crash = (reason: string, timeMilliseconds = started + 5000) => ({
  ...none,
  crash: { reason, timeMilliseconds, line: 'Kernel panic - not syncing: sysrq triggered crash' },
})
const watchdog = (...words: string[]) => ({ ...none, watchdog: new Map([['watchdog0', words]]) })

const cases: readonly [string, Evidence, Run | undefined, string][] = [
  ['nothing at all', none, undefined, 'unknown'],
  ['a watchdog without flags', watchdog(), undefined, 'unknown'],
  ['a panic in pstore', crash('Panic'), undefined, 'panic'],
  [
    'a panic in pstore, and a clean marker',
    crash('Panic'),
    { ...run, stoppedMilliseconds: started },
    'panic',
  ],
  ['a panic older than the last run', crash('Panic', started - 1), run, 'unclean'],
  ['an oops in pstore', crash('Oops'), undefined, 'oops'],
  ['a record without a head', crash('unknown'), undefined, 'panic'],
  ['a dump of an orderly restart', crash('Restart'), run, 'shutdown'],
  ['a watchdog reset', watchdog('watchdog reset'), run, 'watchdog'],
  ['a machine too hot', watchdog('overheat', 'fan fault'), undefined, 'overheat'],
  ['a run that was not stopped', none, run, 'unclean'],
  ['a run stopped alone', none, { ...run, stoppedMilliseconds: started + 1, shutdown: false }, 'stopped'],
  ['a run stopped, nobody knows why', none, { ...run, stoppedMilliseconds: started + 1 }, 'stopped'],
  [
    'a run stopped with the machine',
    none,
    { ...run, stoppedMilliseconds: started + 1, shutdown: true },
    'shutdown',
  ],
]
for (const [what, evidence, last, ended] of cases)
  test(`the last boot with ${what} ended: ${ended}`, () => {
    assert.equal(verdict(evidence, last).ended, ended)
    assert.match(verdict(evidence, last).why, /\S/)
  })

test("a watchdog's flags are words, in decimal and hexadecimal, and what is no number tells nothing", () => {
  assert.deepEqual(flagWords('0'), [])
  assert.deepEqual(flagWords('32'), ['watchdog reset'])
  assert.deepEqual(flagWords('0x21'), ['overheat', 'watchdog reset'])
  assert.deepEqual(flagWords('32768'), []) // WDIOF_KEEPALIVEPING is no reason.
  for (const text of [undefined, '', 'yes', '-1', '1e9', '99999999999'])
    assert.equal(flagWords(text), undefined)
})
