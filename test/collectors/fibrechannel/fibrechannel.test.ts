import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { fibrechannel, parseHexCounter } from '../../../collectors/fibrechannel/fibrechannel.ts'
import { ParseError } from '../../../src/errors.ts'
import { binaryText } from '../../binary-text.ts'
import { checkCaptures } from '../../captures.ts'
import { collectOnce, contextOf } from '../context.ts'

const fixture = join(import.meta.dirname, '../../fixtures/fibrechannel/linux-6.1')

test('fibrechannel tells of a port without a link, and of the file that cannot be read', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-fc-'))
  t.after(() => rm(folder, { recursive: true }))
  await cp(fixture, folder, { recursive: true })
  const statistics = join(folder, 'sys/class/fc_host/host3/statistics')
  await writeFile(join(statistics, 'rx_frames'), '-1\n')
  await rm(join(statistics, 'tx_frames'))
  const context = contextOf({ folder })
  const { series, states } = await collectOnce(fibrechannel, context)
  assert.deepEqual(
    states.map(({ part, state, healthy }) => [part, state, healthy]),
    [
      ['fc:2100000000000a01:port', 'online', true],
      ['fc:2100000000000a02:port', 'linkdown', false],
    ],
  )
  assert.equal(series.size, 27)
  assert.equal(context.skipped.length, 1)
  assert.match(String(context.skipped[0]?.message), /host3\/statistics\/rx_frames/)
})

test('fibrechannel tells of a port that is gone with its adapter, once', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-fc-'))
  t.after(() => rm(folder, { recursive: true }))
  await cp(fixture, folder, { recursive: true })
  const { states } = await collectOnce(fibrechannel, contextOf({ folder }))
  const known = new Map(states.map(({ part, state }) => [part, state]))
  await rm(join(folder, 'sys/class/fc_host/host3'), { recursive: true })
  const after = await collectOnce(fibrechannel, contextOf({ folder, states: known }))
  const changed = after.states.filter(({ part, state }) => known.get(part) !== state)
  assert.deepEqual(
    changed.map(({ part, state, severity }) => [part, state, severity]),
    [['fc:2100000000000a01:port', 'gone', 17]],
  )
  known.set('fc:2100000000000a01:port', 'gone')
  const later = await collectOnce(fibrechannel, contextOf({ folder, states: known }))
  assert.deepEqual(
    later.states.filter(({ part, state }) => known.get(part) !== state),
    [],
  )
})

test('fibrechannel is absent without a host', async () => {
  const presence = await fibrechannel.probe?.(contextOf({ folder: '/nonexistent' }))
  assert.deepEqual(presence, { here: false, why: 'no Fibre Channel host is in /sys/class/fc_host' })
})

test('a Fibre Channel counter is hexadecimal, or nothing when all its bits are set', () => {
  assert.equal(parseHexCounter('0x1F'), 31)
  assert.equal(parseHexCounter('0xffffffffffffffff'), undefined)
  assert.equal(parseHexCounter('0xffffffff'), 2 ** 32 - 1)
  fc.assert(
    fc.property(binaryText(), (text) => {
      try {
        assert.ok((parseHexCounter(text) ?? 0) >= 0)
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error))
      }
    }),
  )
})

checkCaptures('fc/sysfs', {
  'procfs-host0': async (path) => {
    const folder = await mkdtemp(join(tmpdir(), 'remora-fc-'))
    try {
      await cp(path, join(folder, 'sys/class/fc_host/host0'), { recursive: true })
      const context = contextOf({ folder })
      const { series, states } = await collectOnce(fibrechannel, context)
      assert.deepEqual(context.skipped, [])
      // Fourteen counters, of which dumped_frames has all bits set, and the info series.
      assert.equal(series.size, 14)
      const value = (name: string) => series.get(`node_fibrechannel_${name}{fc_host="host0"}`)
      assert.deepEqual(
        ['dumped_frames_total', 'fcp_packet_aborts_total', 'loss_of_sync_total', 'nos_total'].map(value),
        [undefined, 0x13, 0x10, 0x12],
      )
      assert.deepEqual(
        states.map(({ state }) => state),
        ['online'],
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  },
})
