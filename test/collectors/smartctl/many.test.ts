/** Many drives behind several controllers: each series and each state is of its own drive. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { roundSamples, roundStates } from '../../../collectors/smartctl/reading.ts'
import { parseReport } from '../../../collectors/smartctl/report.ts'
import { smartctlCollector } from '../../../collectors/smartctl/smartctl.ts'
import { seriesKey } from '../../../src/model.ts'
import { collectOnce, contextOf } from '../context.ts'
import { drives, fixture, type Replay } from './drives.ts'

const [sas, ata] = ['sas-megaraid.json', 'ata-hdd.json'].map((name) =>
  JSON.parse(readFileSync(fixture(name), 'utf8')),
)

/** Drives by bus and slot, ATA in the odd slots, listed in an order that is not theirs. */
function shelf(buses: number, slots: number): Record<string, Replay> {
  const devices: { name: string; type: string }[] = []
  const replays: Record<string, Replay> = {}
  for (let slot = slots - 1; slot >= 0; slot--)
    for (let bus = 0; bus < buses; bus++) {
      const isAta = slot % 2 === 1
      const name = `/dev/bus/${bus}`
      const type = `megaraid,${slot}`
      devices.push({ name, type })
      const json = {
        ...(isAta ? ata : sas),
        device: { name, type: isAta ? `sat+${type}` : type, protocol: isAta ? 'ATA' : 'SCSI' },
        serial_number: `S${bus}-${slot}`,
        temperature: { current: 20 + bus, drive_trip: 20 + slot + 1 },
      }
      replays[`.dev.bus.${bus}_${type}`] = { text: JSON.stringify(json) }
    }
  const scan = { smartctl: { exit_status: 0 }, devices }
  return { ...replays, '--scan': { text: JSON.stringify(scan) } }
}

for (const [buses, slots] of [
  [2, 4],
  [4, 4],
  [16, 2],
] as const)
  test(`smartctl tells ${buses * slots} drives of ${buses} controllers apart`, async (t) => {
    const { path } = await drives(t, shelf(buses, slots))
    const context = contextOf({ path })
    const { series, states } = await collectOnce(smartctlCollector(), context)
    assert.deepEqual(context.skipped, [])
    assert.equal(series.get('smartctl_devices'), buses * slots)
    const info = [...series.keys()].filter((key) => key.startsWith('smartctl_device{'))
    assert.equal(info.length, buses * slots)
    for (const key of info) {
      const [, bus, slot] = /device="bus_(\d+)_(?:sat\+)?megaraid_(\d+)"/.exec(key) ?? []
      assert.match(key, new RegExp(`serial_number="S${bus}-${slot}"`))
      const device = /device="(.*?)"/.exec(key)?.[1]
      const celsius = (type: string) =>
        series.get(`smartctl_device_temperature{device="${device}",temperature_type="${type}"}`)
      assert.equal(celsius('current'), 20 + Number(bus))
      assert.equal(celsius('drive_trip'), 21 + Number(slot))
      const hot = states.find(({ part }) => part === `S${bus}-${slot}:temperature`)
      assert.equal(hot?.state, Number(bus) > Number(slot) + 1 ? 'over-limit' : 'ok', key)
      assert.equal(hot?.attributes.device, device)
    }
    assert.equal(new Set(states.map(({ part }) => part)).size, states.length)
  })

test('smartctl of 240 drives stays within the series a collector may have, each of its own drive', () => {
  const replays = Object.entries(shelf(10, 24)).filter(([key]) => key !== '--scan')
  const before = process.cpuUsage()
  const reports = replays.map(([, { text = '' }]) => {
    const { device } = JSON.parse(text)
    return parseReport({ name: device.name, type: device.type }, text, 0)
  })
  const round = { devices: 240, reports, unread: [], waiting: [], errors: [] }
  const keys = [...roundSamples(round, new Map())].map(({ metric, labels }) => seriesKey(metric.name, labels))
  const states = [...roundStates(round, new Map(), contextOf())]
  const { user, system } = process.cpuUsage(before)
  assert.equal(new Set(keys).size, keys.length)
  assert.equal(keys.filter((key) => key.startsWith('smartctl_device{')).length, 240)
  assert.equal(new Set(states.map(({ part }) => part)).size, states.length)
  assert.ok(keys.length < 50_000, `${keys.length} series`)
  const milliseconds = Math.round((user + system) / 1000)
  console.log(
    `smartctl: 240 drives, ${keys.length} series, ${states.length} states, ${milliseconds} ms of CPU`,
  )
})
