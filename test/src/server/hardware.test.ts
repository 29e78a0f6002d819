import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deFacto, type Labels, type Sample } from '../../../src/model.ts'
import type { Part } from '../../../src/page/view.ts'
import { hardwareView } from '../../../src/server/hardware.ts'

function sample(name: string, labels: Labels, value = 1): Sample {
  const metric = deFacto(name, 'gauge', 'none', 'test', 'Test.', Object.keys(labels))
  return { metric, value, labels }
}

const card = { vendor: 'broadcom', controller: '0' }
const drive = (slot: string, array: string, state: string) => {
  const where = { ...card, enclosure: '8', slot }
  return [
    sample('raid_drive_info', { ...where, array, model: 'EX1', serial: `S${slot}` }),
    sample('raid_drive_state', { ...where, state: 'online' }, Number(state === 'online')),
    sample('raid_drive_state', { ...where, state }),
  ]
}

/** Each part on a line, its own below it. */
function drawn(parts: readonly Part[], indent = ''): string[] {
  return parts.flatMap(({ kind, name, state, mark, detail, parts: own }) => [
    `${indent}${[kind, name, state, mark, detail].filter((word) => word !== '').join(' ')}`,
    ...drawn(own, `${indent}  `),
  ])
}

test('hardware: a controller has its arrays, these their drives; drives in none, and batteries, come after', () => {
  const samples = [
    sample('raid_controller_info', { ...card, model: 'MR', serial: 'SK1' }),
    sample('raid_controller_state', { ...card, state: 'optimal' }),
    sample('raid_array_info', { ...card, array: '0', level: 'raid1', name: 'vol0', device: 'sda' }),
    sample('raid_array_state', { ...card, array: '0', state: 'degraded' }),
    sample('raid_array_progress_ratio', { ...card, array: '0', operation: 'rebuild' }, 0.427),
    ...drive('1', '0', 'online'),
    ...drive('2', '0', 'failed'),
    ...drive('3', '', 'hot-spare'),
    sample('raid_battery_info', { ...card, technology: 'capacitor', model: 'CV' }),
    sample('raid_battery_state', { ...card, technology: 'capacitor', state: 'learning' }),
  ]
  assert.deepEqual(drawn(hardwareView(samples)), [
    'controller broadcom 0 optimal good MR, serial SK1',
    '  array 0 degraded bad raid1, vol0, sda, rebuild 42 %',
    '    drive 8:1 online good EX1, S1',
    '    drive 8:2 failed bad EX1, S2',
    '  drive 8:3 hot-spare good EX1, S3',
    '  capacitor CV learning good',
  ])
})

test('hardware: ports are active, slow, down or switched off', () => {
  const port = (number: string, state: number, physical: number, degraded?: number) => {
    const labels = { device: 'mlx5_0', port: number }
    return [
      sample('node_infiniband_state_id', labels, state),
      sample('node_infiniband_physical_state_id', labels, physical),
      sample('node_infiniband_port_info', { ...labels, link_layer: 'InfiniBand' }),
      sample('node_infiniband_rate_bytes_per_second', labels, 25e9),
      ...(degraded === undefined ? [] : [sample('node_infiniband_link_degraded', labels, degraded)]),
    ]
  }
  const samples = [
    sample('node_infiniband_info', { device: 'mlx5_0', hca_type: 'MT4123' }),
    ...port('1', 4, 5, 0),
    ...port('2', 4, 5, 1),
    ...port('3', 1, 2),
    ...port('4', 1, 3),
    ...port('5', 9, 9),
    sample('node_fibrechannel_info', {
      fc_host: 'host1',
      port_name: 'abc',
      port_state: 'Linkdown',
      speed: '',
    }),
  ]
  assert.deepEqual(drawn(hardwareView(samples)), [
    'HCA mlx5_0 faint MT4123',
    '  port 1 active good InfiniBand, 200 Gbit/s',
    '  port 2 active, below its rate warn InfiniBand, 200 Gbit/s',
    '  port 3 down bad InfiniBand',
    '  port 4 disabled faint InfiniBand',
    '  port 5 state 9 warn InfiniBand',
    'HBA Fibre Channel faint',
    '  port host1 linkdown bad abc',
  ])
})

test('hardware: drives of SMART alone are shown, those behind a controller not twice', () => {
  const samples = [
    ...drive('1', '', 'online'),
    sample('node_nvme_info', { device: 'nvme0', model: 'EX', serial: 'N0', state: 'live' }),
    sample('smartctl_device', { device: 'sda', model_name: 'ST', serial_number: 'A1' }),
    sample('smartctl_device_smart_status', { device: 'sda' }, 0),
    sample('smartctl_device', { device: 'nvme0', model_name: 'EX', serial_number: 'N0' }),
    sample('smartctl_device', { device: 'bus_0', model_name: 'EX1', serial_number: 'S1' }),
  ]
  assert.deepEqual(drawn(hardwareView(samples)), [
    'controller broadcom 0 faint',
    '  drive 8:1 online good EX1, S1',
    'drive nvme0 live good EX, N0',
    'drive sda failing bad ST, A1',
  ])
})
