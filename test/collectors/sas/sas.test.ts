import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { parseLinkRate } from '../../../collectors/sas/phy.ts'
import { sas } from '../../../collectors/sas/sas.ts'
import { phyState } from '../../../collectors/sas/states.ts'
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
