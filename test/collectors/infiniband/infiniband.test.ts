import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { infiniband, infinibandCollector } from '../../../collectors/infiniband/infiniband.ts'
import { portCounters } from '../../../collectors/infiniband/port-counters.ts'
import { collectOnce, contextOf } from '../context.ts'

const fixtures = join(import.meta.dirname, '../../fixtures/infiniband')
const fixture = join(fixtures, 'linux-6.12')
const port = 'sys/class/infiniband/hfi1_0/ports/1'

test('infiniband reads every port of every HCA, data times four once, rates in bytes per second', async () => {
  const context = contextOf({ folder: fixture })
  const { series, states } = await collectOnce(infiniband, context)
  assert.deepEqual(context.skipped, [])
  assert.equal(series.size, 255)
  const values: Readonly<Record<string, number>> = {
    'node_infiniband_info{board_id="MT_0000000223",device="mlx5_0",firmware_version="20.35.2000",hca_type="MT4123"}': 1,
    'node_infiniband_info{board_id="Example 100Gb 1-port adapter",device="hfi1_0",firmware_version="1.27.0",hca_type=""}': 1,
    'node_infiniband_port_info{device="mlx5_1",link_layer="Ethernet",port="1"}': 1,
    'node_infiniband_state_id{device="mlx4_0",port="2"}': 1,
    'node_infiniband_physical_state_id{device="mlx4_0",port="2"}': 2,
    'node_infiniband_rate_bytes_per_second{device="mlx5_0",port="1"}': 25e9,
    'node_infiniband_link_lanes{device="mlx5_0",port="1"}': 4,
    'node_infiniband_link_degraded{device="mlx5_0",port="1"}': 0,
    'node_infiniband_port_data_received_bytes_total{device="mlx5_0",port="1"}': 9812345678901 * 4,
    'node_infiniband_legacy_data_transmitted_bytes_total{device="mlx4_0",port="1"}': 41234567890 * 4,
    'node_infiniband_legacy_multicast_packets_received_total{device="mlx4_0",port="1"}': 890,
    'node_infiniband_symbol_error_total{device="mlx5_0",port="1"}': 0x2a,
    'node_infiniband_lifespan_seconds{device="mlx5_0",port="1"}': 0.012,
    'node_infiniband_roce_slow_restart_total{device="mlx5_0",port="1"}': 0,
    'node_infiniband_hw_events_total{counter="rx_new_of_next_year",device="mlx5_0",port="1"}': 8,
    'node_infiniband_hw_objects{counter="active_example",device="mlx5_0",port="1"}': 14,
    'node_infiniband_temperature_celsius{device="mlx5_0",sensor="asic"}': 58,
    'node_infiniband_temperature_critical_celsius{device="mlx5_0",sensor="asic"}': 105,
    'node_infiniband_temperature_celsius{device="mlx5_0",sensor="Module0"}': 41.5,
    'node_infiniband_temperature_celsius{device="hfi1_0",sensor="asic"}': 52.5,
    'node_infiniband_temperature_critical_celsius{device="hfi1_0",sensor="asic"}': 110,
  }
  for (const [key, value] of Object.entries(values)) assert.equal(series.get(key), value, key)
  for (const absent of ['multicast_packets_received', 'multicast_packets_transmitted'])
    assert.equal(series.has(`node_infiniband_${absent}_total{device="mlx5_0",port="1"}`), false, absent)
  assert.equal(series.has('node_infiniband_link_degraded{device="mlx4_0",port="2"}'), false, 'it is down')
  assert.deepEqual(
    states.map(({ part, state, healthy }) => `${part.slice('ib:'.length)} ${state} ${healthy}`),
    [
      '0011750901020304:1:port active true',
      '0011750901020304:1:link 100-gbit-4x true',
      '0002c90300445500:1:port active true',
      '0002c90300445500:1:link 56-gbit-4x true',
      '0002c90300445500:2:port down false',
      'a088c20300112200:1:port active true',
      'a088c20300112200:1:link 200-gbit-4x true',
      'a088c20300112300:1:port disabled true',
    ],
  )
})

test('infiniband flags the classic counters that stand at their largest value', async () => {
  const { series } = await collectOnce(infiniband, contextOf({ folder: fixture }))
  const flags = [...series].filter(([key]) => key.startsWith('node_infiniband_saturated{'))
  assert.equal(flags.length, 5 * 17)
  assert.equal(portCounters.filter(({ classicBits }) => classicBits !== undefined).length, 17)
  assert.deepEqual(
    flags.filter(([, value]) => value === 1).map(([key]) => /counter="(\w+)",device="(\w+)"/.exec(key)?.[0]),
    [
      'counter="port_rcv_data",device="mlx4_0"',
      'counter="port_rcv_packets",device="mlx4_0"',
      'counter="symbol_error",device="mlx4_0"',
      'counter="excessive_buffer_overrun_errors",device="mlx5_0"',
      'counter="link_downed",device="mlx5_0"',
      'counter="port_xmit_wait",device="mlx5_0"',
    ],
  )
})

test('infiniband reads a Soft-RoCE port, which has no counters and no firmware', async () => {
  const context = contextOf({ folder: join(fixtures, 'rxe-linux-6.1') })
  const { series, states } = await collectOnce(infiniband, context)
  assert.deepEqual(context.skipped, [])
  assert.equal(series.size, 25)
  assert.equal(series.get('node_infiniband_rate_bytes_per_second{device="rxe0",port="1"}'), 312_500_000)
  assert.equal(
    series.get('node_infiniband_hw_events_total{counter="rcvd_pkts",device="rxe0",port="1"}'),
    2500,
  )
  assert.equal(states.at(-1)?.state, '2.5-gbit-1x', 'one lane is all that Ethernet has')
})

test('infiniband leaves out the file that cannot be read and reads all others', async (t) => {
  const folder = await copyOf(t)
  const counters = join(folder, port, 'counters')
  const replace = async (file: string, target: string) => {
    await rm(join(counters, file))
    await symlink(target, join(counters, file))
  }
  // The kernel's own answers: EINVAL for what has no way to be read, EIO for memory that is not mapped.
  await replace('port_rcv_data', '/proc/self/clear_refs')
  await replace('port_xmit_data', '/proc/self/mem')
  await writeFile(join(counters, 'symbol_error'), '-5\n')
  await writeFile(join(folder, port, 'rate'), 'fast\n')
  await writeFile(join(folder, port, 'phys_state'), '')
  const context = contextOf({ folder })
  const { series } = await collectOnce(infiniband, context)
  // Three counters, their flags, the rate, lanes, possible rate and lanes, degraded, the physical state.
  assert.equal(series.size, 45 - 3 - 3 - 5 - 1)
  assert.deepEqual(
    context.skipped.map(({ message }) => message.replace(/.*ports\/1\//, '').replace(/".*/, '')).sort(),
    ['counters/port_xmit_data', 'counters/symbol_error', 'phys_state', 'rate'],
  )
})

test('infiniband tells of a port that goes down, is switched off, and is gone', async (t) => {
  const folder = await copyOf(t)
  const part = 'ib:0011750901020304:1:port'
  await writeFile(join(folder, port, 'state'), '1: DOWN\n')
  await writeFile(join(folder, port, 'phys_state'), '2: Polling\n')
  const said = async (before: string) => {
    const { states } = await collectOnce(infiniband, contextOf({ folder, states: new Map([[part, before]]) }))
    const reading = states.find((one) => one.part === part)
    return [reading?.state, reading?.healthy, reading?.severity]
  }
  assert.deepEqual(await said('active'), ['down', false, 17])
  assert.deepEqual(await said('down'), ['down', false, 13])
  await writeFile(join(folder, port, 'phys_state'), '3: Disabled\n')
  assert.deepEqual(await said('active'), ['disabled', true, 17])
  await rm(join(folder, 'sys/class/infiniband/hfi1_0'), { recursive: true })
  assert.deepEqual(await said('active'), ['gone', false, 17])
  assert.deepEqual(await said('gone'), [undefined, undefined, undefined])
  const empty = contextOf({ folder: '/nonexistent', states: new Map([[part, 'active']]) })
  assert.deepEqual(await infiniband.probe?.(empty), { here: true }, 'to tell that it is gone')
})

test('infiniband is absent without an HCA', async () => {
  const presence = await infiniband.probe?.(contextOf({ folder: '/nonexistent' }))
  assert.deepEqual(presence, { here: false, why: 'no HCA is in /sys/class/infiniband' })
})

test('a link is degraded below the rate or width it had, across restarts, until it has it again', async (t) => {
  const folder = await copyOf(t)
  const part = 'ib:0011750901020304:1:link'
  const labels = '{device="hfi1_0",port="1"}'
  const read = async (rate: string, before?: string, options?: unknown) => {
    await writeFile(join(folder, port, 'rate'), `${rate}\n`)
    const states = new Map(before === undefined ? [] : [[part, before]])
    const reading = await collectOnce(infiniband, contextOf({ folder, states, options }))
    const state = reading.states.find((one) => one.part === part)
    return [state?.state, state?.healthy, reading.series.get(`node_infiniband_link_degraded${labels}`)]
  }
  assert.deepEqual(await read('100 Gb/sec (4X EDR)'), ['100-gbit-4x', true, 0])
  const slower = '50 Gb/sec (4X FDR)'
  const below = '50-gbit-4x-below-100-gbit-4x'
  assert.deepEqual(await read(slower, '100-gbit-4x'), [below, false, 1])
  assert.deepEqual(await read(slower, below), [below, false, 1])
  assert.deepEqual(await read('100 Gb/sec (4X EDR)', below), ['100-gbit-4x', true, 0])
  assert.deepEqual(await read('100 Gb/sec (2X HDR)', '100-gbit-4x'), [
    '100-gbit-2x-below-100-gbit-4x',
    false,
    1,
  ])
  assert.deepEqual(await read('25 Gb/sec (1X EDR)'), ['25-gbit-1x-below-100-gbit-4x', false, 1])
  const options = { expected: [{ device: 'hfi1_0', gigabits: 50 }] }
  assert.deepEqual(await read(slower, '100-gbit-4x', options), ['50-gbit-4x', true, 0])
  assert.deepEqual(await read(slower, undefined, { expected: [{ device: 'hfi1_0', gigabits: 100 }] }), [
    below,
    false,
    1,
  ])
})

test('link errors within a minute are one burst, which ends after a minute without', async (t) => {
  const folder = await copyOf(t)
  let now = 0
  const collector = infinibandCollector(() => now)
  const read = async (errors: number, seconds: number) => {
    now = seconds * 1000
    await writeFile(join(folder, port, 'counters/symbol_error'), `${errors}\n`)
    const { states } = await collectOnce(collector, contextOf({ folder }))
    const burst = states.find((one) => one.part === 'ib:0011750901020304:1:errors')
    return burst === undefined ? undefined : `${burst.state} ${burst.body.split(' had ')[1]}`
  }
  assert.equal(await read(100, 0), undefined, 'what came before is nobody knows when')
  assert.equal(await read(105, 15), undefined)
  assert.equal(await read(109, 30), undefined)
  assert.equal(await read(110, 45), 'burst 10 link errors within a minute')
  assert.equal(await read(115, 60), 'burst 5 link errors within a minute')
  assert.equal(await read(115, 104), 'burst 5 link errors within a minute')
  assert.equal(await read(115, 105), 'quiet 5 link errors within a minute')
  assert.equal(await read(0, 120), undefined, 'the counters were cleared')
  assert.equal(await read(9, 179), undefined)
  assert.equal(await read(9, 180), 'quiet 9 link errors within a minute')
})

/** The Omni-Path adapter of the fixture alone. */
async function copyOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-ib-'))
  t.after(() => rm(folder, { recursive: true }))
  const hca = 'sys/class/infiniband/hfi1_0'
  await cp(join(fixture, hca), join(folder, hca), { recursive: true })
  return folder
}
