import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { parseLinkRate } from '../../../collectors/sas/phy.ts'
import { sas } from '../../../collectors/sas/sas.ts'
import { phyPart, phyState } from '../../../collectors/sas/states.ts'
import { inParallel } from '../../../src/parallel.ts'
import { binaryText } from '../../binary-text.ts'
import { type CaptureRow, checkCaptures } from '../../captures.ts'
import { collectOnce, contextOf } from '../context.ts'

const fixture = join(import.meta.dirname, '../../fixtures/sas/linux-6.1')

test('sas reads phys, hosts, end devices and expanders', async () => {
  const context = contextOf({ folder: fixture })
  const { series } = await collectOnce(sas, context)
  assert.deepEqual(context.skipped, [])
  assert.deepEqual(Object.fromEntries(series), {
    'node_sas_host_info{driver="mpt3sas",host="host0"}': 1,
    'node_sas_phy_info{device_type="end device",phy="phy-0:0",sas_address="0x5000000000000f00"}': 1,
    'node_sas_phy_enabled{phy="phy-0:0"}': 1,
    'node_sas_phy_link_rate_bytes_per_second{phy="phy-0:0",rate="negotiated"}': 1.5e9,
    'node_sas_phy_link_rate_bytes_per_second{phy="phy-0:0",rate="maximum"}': 1.5e9,
    'node_sas_phy_link_rate_bytes_per_second{phy="phy-0:0",rate="hardware"}': 1.5e9,
    'node_sas_phy_invalid_dwords_total{phy="phy-0:0"}': 17,
    'node_sas_phy_running_disparity_errors_total{phy="phy-0:0"}': 4,
    'node_sas_phy_loss_of_dword_sync_total{phy="phy-0:0"}': 2,
    'node_sas_phy_reset_problems_total{phy="phy-0:0"}': 1,
    'node_sas_phy_info{device_type="none",phy="phy-0:1",sas_address="0x5000000000000f01"}': 1,
    'node_sas_phy_enabled{phy="phy-0:1"}': 0,
    'node_sas_phy_link_rate_bytes_per_second{phy="phy-0:1",rate="maximum"}': 1.5e9,
    'node_sas_phy_link_rate_bytes_per_second{phy="phy-0:1",rate="hardware"}': 1.5e9,
    'node_sas_phy_invalid_dwords_total{phy="phy-0:1"}': 0,
    'node_sas_phy_running_disparity_errors_total{phy="phy-0:1"}': 0,
    'node_sas_phy_loss_of_dword_sync_total{phy="phy-0:1"}': 0,
    'node_sas_phy_reset_problems_total{phy="phy-0:1"}': 0,
    'node_sas_end_device_info{bay="3",device="end_device-0:0:3",enclosure="0x500000000000ec00",protocols="ssp",sas_address="0x5000000000000e03"}': 1,
    'node_sas_expander_info{device="expander-0:0",model="SHELF-24",revision="0102",sas_address="0x500000000000ec00",vendor="EXAMPLE"}': 1,
  })
})

const lab = join(import.meta.dirname, '../../fixtures/sas/linux-6.1-mptsas')

test('sas reads the adapter of the virtual machine, whose driver answers bytes of zero', async () => {
  const context = contextOf({ folder: lab })
  const { series, states } = await collectOnce(sas, context)
  assert.deepEqual(context.skipped, [])
  assert.equal(series.get('node_sas_host_info{driver="mptsas",host="host8"}'), 1)
  const negotiated = (phy: string) =>
    series.get(`node_sas_phy_link_rate_bytes_per_second{phy="${phy}",rate="negotiated"}`)
  assert.deepEqual(['phy-8:0', 'phy-8:1', 'phy-8:2'].map(negotiated), [3.75e8, 3.75e8, undefined])
  assert.deepEqual(
    [...series.keys()].filter((key) => key.startsWith('node_sas_end_device_info')),
    [1, 2].map(
      (disk) =>
        `node_sas_end_device_info{bay="0",device="end_device-8:${disk - 1}",enclosure="",protocols="ssp",sas_address="0x5000c5000000000${disk}"}`,
    ),
  )
  assert.deepEqual(
    states.map(({ part, state, body }) => [part, state, body]),
    [
      ['sas:host8:phy0', '3-gbit', 'SAS phy-8:0 is up at 3 Gbit/s'],
      ['sas:host8:phy1', '3-gbit', 'SAS phy-8:1 is up at 3 Gbit/s'],
      ['sas:host8:phy2', 'down', 'SAS phy-8:2 is down (Link Rate failed)'],
    ],
  )
})

test('sas tells of a disk that is pulled, whose phy then has no address any more', async (t) => {
  const folder = await folderOf(t)
  await cp(lab, folder, { recursive: true })
  const before = await collectOnce(sas, contextOf({ folder }))
  const known = new Map(before.states.map(({ part, state }) => [part, state]))
  const phy = join(folder, 'sys/class/sas_phy/phy-8:1')
  await writeFile(join(phy, 'sas_address'), '0x0000000000000000\n')
  await writeFile(join(phy, 'negotiated_linkrate'), 'Unknown\n')
  const { states } = await collectOnce(sas, contextOf({ folder, states: known }))
  const changed = states.filter(({ part, state }) => known.get(part) !== state)
  assert.deepEqual(
    changed.map(({ part, state, severity }) => [part, state, severity]),
    [['sas:host8:phy1', 'down', 17]],
  )
})

test('sas knows its phys again when the kernel numbers adapters anew, and tells of an adapter that is gone', async (t) => {
  const folder = await folderOf(t)
  await cp(fixture, folder, { recursive: true })
  const host = join(folder, 'sys/class/scsi_host/host0')
  await writeFile(join(host, 'host_sas_address'), '0x5000000000000f00\n')
  const { states } = await collectOnce(sas, contextOf({ folder }))
  assert.deepEqual(
    states.map(({ part, state }) => [part, state]),
    [
      ['sas:0x5000000000000f00:host', 'present'],
      ['sas:0x5000000000000f00:phy0', '12-gbit'],
      ['sas:0x5000000000000f00:phy1', 'disabled'],
    ],
  )
  const addresses = new Map([
    ['host7', '0x5000000000000f00'],
    ['expander-7:2', '0x500000000000ec00'],
  ])
  assert.equal(phyPart('phy-7:1', addresses), 'sas:0x5000000000000f00:phy1')
  assert.equal(phyPart('phy-7:2:31', addresses), 'sas:0x5000000000000f00:0x500000000000ec00:phy31')
  assert.equal(phyPart('phy-8:2:31', addresses), 'sas:host8:expander-8:2:phy31')
  await rm(join(folder, 'sys/class'), { recursive: true })
  const known = new Map(states.map(({ part, state }) => [part, state]))
  const after = await collectOnce(sas, contextOf({ folder, states: known }))
  assert.deepEqual(
    after.states.map(({ part, state, severity }) => [part, state, severity]),
    [['sas:0x5000000000000f00:host', 'gone', 17]],
  )
})

test('sas reads a few phys at once, and tells them in their order', async () => {
  let now = 0
  let most = 0
  const work = async (item: number) => {
    most = Math.max(most, ++now)
    // The first to begin is the last to end.
    for (let turn = item; turn < 40; turn++) await Promise.resolve()
    now -= 1
    return item * 2
  }
  const items = Array.from({ length: 20 }, (_, index) => index)
  assert.deepEqual(
    await inParallel(items, 3, work),
    items.map((item) => item * 2),
  )
  assert.equal(most, 3)
  let begun = 0
  const failing = async (item: number) => {
    begun += 1
    if (item === 1) throw new Error('bad')
    await new Promise((resolve) => setImmediate(resolve))
  }
  await assert.rejects(inParallel(items, 3, failing), /bad/)
  assert.equal(begun, 3)
})

test('a phy tells when its link goes and when it comes back slower, and nothing of a place that was always empty', () => {
  const link = { part: 'sas:0x1:phy-0:0', phy: 'phy-0:0', enabled: true, text: 'Unknown' }
  const lost = phyState({ ...link, negotiated: undefined }, '12-gbit')
  assert.deepEqual([lost.state, lost.severity, lost.body], ['down', 17, 'SAS phy-0:0 is down (Unknown)'])
  const slower = phyState({ ...link, negotiated: 6e9 }, '12-gbit')
  assert.deepEqual([slower.state, slower.severity], ['6-gbit', 13])
  assert.match(slower.body, /up at 6 Gbit\/s, before at 12 Gbit\/s/)
  const empty = phyState({ ...link, negotiated: undefined }, undefined)
  assert.deepEqual([empty.state, empty.healthy, empty.severity], ['down', true, 9])
})

test('sas leaves out what is no number, and is absent without a host', async (t) => {
  const folder = await folderOf(t)
  await cp(fixture, folder, { recursive: true })
  const phy = join(folder, 'sys/class/sas_phy/phy-0:0')
  await writeFile(join(phy, 'invalid_dword_count'), 'none\n')
  await rm(join(phy, 'phy_reset_problem_count'))
  const { series } = await collectOnce(sas, contextOf({ folder }))
  assert.equal(series.size, 18)
  assert.equal((await sas.probe?.(contextOf({ folder: '/nonexistent' })))?.here, false)
})

test('a link rate is a number of gigabits or nothing', () => {
  assert.deepEqual(['1.5 Gbit', '22.5 Gbit', 'Unknown', 'Phy disabled', ''].map(parseLinkRate), [
    1.5e9,
    22.5e9,
    undefined,
    undefined,
    undefined,
  ])
  fc.assert(
    fc.property(
      binaryText(),
      (text) => !((parseLinkRate(text) ?? 1) <= 0 && text !== '0 Gbit' && text !== '0.0 Gbit'),
    ),
  )
})

/** Negotiated Gbit/s, and the counters in the order of their declaration. */
function phy(gigabits: number | undefined, counters: readonly number[]): CaptureRow {
  return async (path) => {
    const folder = await mkdtemp(join(tmpdir(), 'remora-sas-'))
    try {
      await cp(path, join(folder, 'sys/class/sas_phy/phy-9:9'), { recursive: true })
      const { series } = await collectOnce(sas, contextOf({ folder }))
      const rate = series.get('node_sas_phy_link_rate_bytes_per_second{phy="phy-9:9",rate="negotiated"}')
      assert.equal(rate === undefined ? undefined : rate / 1.25e8, gigabits)
      const names = ['invalid_dwords', 'running_disparity_errors', 'loss_of_dword_sync', 'reset_problems']
      assert.deepEqual(
        names.map((name) => series.get(`node_sas_phy_${name}_total{phy="phy-9:9"}`)),
        counters,
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  }
}

checkCaptures('hba/sas_phy', {
  'procfs-phy-11:0:2': phy(6, [18, 18, 1, 0]),
  'procfs-phy-11:10': phy(12, [0, 0, 0, 0]),
  'procfs-phy-11:7': phy(12, [0, 0, 0, 0]),
})

checkCaptures('hba/sas_device', {
  'procfs-end_device-11:0:0': async (path) => {
    const folder = await mkdtemp(join(tmpdir(), 'remora-sas-'))
    try {
      await cp(path, join(folder, 'sys/class/sas_device/end_device-11:0:0'), { recursive: true })
      await cp(path, join(folder, 'sys/class/sas_end_device/end_device-11:0:0'), { recursive: true })
      const { series } = await collectOnce(sas, contextOf({ folder }))
      assert.deepEqual(
        [...series.keys()],
        [
          'node_sas_end_device_info{bay="58",device="end_device-11:0:0",enclosure="0x5000ccab020094ff",protocols="sata",sas_address="0x5000ccab02009402"}',
        ],
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  },
})

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-sas-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}
