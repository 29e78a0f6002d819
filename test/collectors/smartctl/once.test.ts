/** Through a real spool: what drives go through is told once each, also when the agent ends and begins anew between. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { smartctlCollector } from '../../../collectors/smartctl/smartctl.ts'
import { systemClock } from '../../../src/clock.ts'
import { runSource } from '../../../src/sources.ts'
import type { SqliteSpool } from '../../../src/spool/sqlite.ts'
import { lastStates } from '../../../src/states.ts'
import { engine, open } from '../../src/engine.ts'
import { collectOnce, contextOf } from '../context.ts'
import { drives, fixture, four } from './drives.ts'

async function spooled(spool: SqliteSpool): Promise<string[]> {
  const found: string[] = []
  for (let after = 0; ; ) {
    const batch = await spool.next('sink', after)
    if (batch?.kind !== 'events') return found
    // States end in the time they were read at.
    found.push(
      ...batch.records.map(({ id, stream }) => (stream.startsWith('state:') ? id.replace(/:\d+$/, '') : id)),
    )
    after = batch.sequence
  }
}

test('smartctl events reach the spool once each, over restarts of the agent', async (t) => {
  const { path, set } = await drives(t, four)
  const running = await engine(systemClock)
  t.after(() => running[Symbol.asyncDispose]())
  let { spool } = running

  /** One life of an agent: a reading, and the logs until `arrived`. */
  const live = async (arrived: (positions: ReadonlyMap<string, string>) => boolean) => {
    const collector = smartctlCollector()
    const stop = new AbortController()
    const surroundings = contextOf({ path })
    const { log, metrics } = running
    const parts = { surroundings, spool, clock: systemClock, log, metrics }
    const source = runSource(collector, undefined, parts, stop.signal)
    const states = await lastStates('smartctl', spool)
    const reading = await collectOnce(collector, contextOf({ path, states: states.known() }))
    await states.offer(reading.states, Date.now())
    while (!arrived(await spool.positions('smartctl'))) await sleep(5)
    stop.abort()
    await source
    const events = await spooled(spool)
    await spool[Symbol.asyncDispose]()
    spool = await open(running.folder, systemClock)
    return events
  }
  const logged = (text: string) => (positions: ReadonlyMap<string, string>) =>
    (positions.get('NVM0D04') ?? '').includes(text)
  await running.close()
  spool = await open(running.folder, systemClock)

  const first = [
    'NVM0D04:error:11.',
    'NVM0D04:error:12.',
    'NVM0D04:self_test:1.0.6990',
    'SAS0C03:media_errors:unknown:1',
    'SAS0C03:self_test:1.0.30205',
    'ZEX00A01:error:2.20109',
    'ZEX00A01:error:3.20110',
    'ZEX00A01:self_test:1.0.20100',
    'ZEX00A01:self_test:2.121.20092',
  ]
  assert.deepEqual((await live(logged('"12."'))).sort(), first)
  assert.deepEqual((await live(logged('"12."'))).sort(), first)

  const worse = JSON.parse(readFileSync(fixture('nvme-failing.json'), 'utf8'))
  worse.nvme_error_information_log.table.unshift({
    error_count: 13,
    status_field: { string: 'Internal Error' },
  })
  await set('.dev.nvme0_nvme', { text: JSON.stringify(worse), exit: 8 })
  const second = [
    ...first,
    'NVM0D04:error:13.',
    'NVM0D04:health:passed:failing',
    'NVM0D04:media_errors:0:17',
    'NVM0D04:nvme_warning:reliability:off:on',
    'NVM0D04:nvme_warning:spare:off:on',
    'NVM0D04:spare:ok:below-threshold',
  ].sort()
  assert.deepEqual((await live(logged('"13."'))).sort(), second)
  assert.deepEqual((await live(logged('"13."'))).sort(), second)
  await spool[Symbol.asyncDispose]()
})
