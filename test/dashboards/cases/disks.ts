import { type Case, of } from './case.ts'

const vendor = 'broadcom'
const controller = '0'
const inSlot = { vendor, controller, enclosure: '32', slot: '4' }
const array = (state: string) => of('raid_array_state', { vendor, controller, array: '1', state })
const drive = (state: string) => of('raid_drive_state', { ...inSlot, state })
const battery = (state: string) => of('raid_battery_state', { vendor, controller, technology: 'BBU', state })
const md = (metric: string, more: Readonly<Record<string, string>> = {}) =>
  of(metric, { device: 'md0', ...more })
const sda = { device: 'sda' }
const nvme0 = { device: 'nvme0' }

/** Arrays and drives: healthy, and as each alert has it. */
export const diskCases: readonly Case[] = [
  {
    alert: 'RaidArrayFailed',
    when: 'a degraded array',
    series: { [array('failed')]: '0x10', [array('degraded')]: '1x10' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'RaidArrayFailed',
    when: 'an array that is offline',
    series: { [array('offline')]: '0x3 1x10', [array('failed')]: '0x13' },
    at: '5m',
    fires: [{ labels: { vendor, controller, array: '1', state: 'offline' } }],
  },
  {
    alert: 'RaidArrayDegraded',
    when: 'an array that is being rebuilt',
    series: { [array('degraded')]: '0x10', [array('rebuilding')]: '1x10' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'RaidArrayDegraded',
    when: 'a degraded array',
    series: { [array('degraded')]: '0x3 1x10', [array('optimal')]: '1x3 0x10' },
    at: '5m',
    fires: [{ labels: { vendor, controller, array: '1', state: 'degraded' } }],
  },
  {
    alert: 'RaidDriveFailed',
    when: 'a drive that is online',
    series: { [drive('online')]: '1x10', [drive('failed')]: '0x10' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'RaidDriveFailed',
    when: 'a drive fails',
    series: { [drive('failed')]: '0x3 1x10' },
    at: '4m',
    fires: [{ labels: { ...inSlot, state: 'failed' } }],
  },
  {
    alert: 'RaidDriveMissing',
    when: 'a drive that is not configured',
    series: { [drive('unconfigured')]: '1x10', [drive('missing')]: '0x10' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'RaidDriveMissing',
    when: 'a drive is pulled',
    series: { [drive('missing')]: '0x3 1x10' },
    at: '4m',
    fires: [{ labels: { ...inSlot, state: 'missing' } }],
  },
  {
    alert: 'RaidDrivePredictiveFailure',
    when: 'a drive without any alarm',
    series: { [drive('predictive-failure')]: '0x10', [of('raid_drive_smart_alert', inSlot)]: '0x10' },
    at: '5m',
    fires: [],
  },
  {
    alert: 'RaidDrivePredictiveFailure',
    when: 'SMART of the drive has an alert',
    series: { [drive('predictive-failure')]: '0x10', [of('raid_drive_smart_alert', inSlot)]: '1x10' },
    at: '5m',
    fires: [{ labels: inSlot }],
  },
  {
    alert: 'RaidBatteryFailed',
    when: 'a battery that learns, and one that is not there',
    series: { [battery('failed')]: '0x60', [battery('learning')]: '1x60', [battery('missing')]: '1x60' },
    at: '40m',
    fires: [],
  },
  {
    alert: 'RaidBatteryFailed',
    when: 'a battery that has failed for 15 minutes',
    series: { [battery('failed')]: '1x60' },
    at: '20m',
    fires: [{ labels: { vendor, controller, technology: 'BBU', state: 'failed' } }],
  },
  {
    alert: 'RaidRebuildStalled',
    when: 'a rebuild that moves, one that has just begun, and a drive that is copied',
    series: {
      [of('raid_array_progress_ratio', { vendor, controller, array: '1', operation: 'rebuild' })]:
        '0.1+0.001x200',
      [md('node_md_sync_progress_ratio', { operation: 'recovery' })]: '_x100 0.1x100',
      [of('raid_drive_progress_ratio', { ...inSlot, operation: 'copyback' })]: '0.1+0.001x200',
    },
    at: '180m',
    fires: [],
  },
  {
    alert: 'RaidRebuildStalled',
    when: 'two that stand still for two hours',
    series: {
      [of('raid_drive_progress_ratio', { ...inSlot, operation: 'rebuild' })]: '0.4x200',
      [md('node_md_sync_progress_ratio', { operation: 'recovery' })]: '0.25x200',
    },
    at: '150m',
    fires: [
      { labels: { ...inSlot, operation: 'rebuild' }, shown: '40%' },
      { labels: { device: 'md0', operation: 'recovery' }, shown: '25%' },
    ],
  },
  {
    alert: 'RaidControllerHot',
    when: 'a chip at 95 °C',
    series: { [of('raid_controller_temperature_celsius', { vendor, controller, sensor: 'roc' })]: '95x60' },
    at: '40m',
    fires: [],
  },
  {
    alert: 'RaidControllerHot',
    when: 'a chip at 104 °C',
    series: { [of('raid_controller_temperature_celsius', { vendor, controller, sensor: 'roc' })]: '104x60' },
    at: '40m',
    fires: [{ labels: { vendor, controller, sensor: 'roc' }, shown: '104' }],
  },
  {
    alert: 'MdArrayDegraded',
    when: 'an array that recovers',
    series: {
      [md('node_md_degraded')]: '1x30',
      [md('node_md_sync_progress_ratio', { operation: 'recovery' })]: '0.1+0.01x30',
    },
    at: '20m',
    fires: [],
  },
  {
    alert: 'MdArrayDegraded',
    when: 'a member is gone',
    series: { [md('node_md_degraded')]: '0x5 1x30' },
    at: '10m',
    fires: [{ labels: { device: 'md0' }, shown: '1' }],
  },
  {
    alert: 'MdArrayInactive',
    when: 'an active array',
    series: {
      [md('node_md_state', { state: 'active' })]: '1x30',
      [md('node_md_state', { state: 'inactive' })]: '0x30',
    },
    at: '10m',
    fires: [],
  },
  {
    alert: 'MdArrayInactive',
    when: 'an array that does not run',
    series: {
      [md('node_md_state', { state: 'inactive' })]: '1x30',
      [md('node_md_info', { level: 'unknown', metadata: '1.2' })]: '1x30',
    },
    at: '10m',
    fires: [{ labels: { device: 'md0', state: 'inactive' } }],
  },
  {
    alert: 'MdArrayInactive',
    when: 'the container of a firmware RAID, which never runs',
    series: {
      [md('node_md_state', { state: 'inactive' })]: '1x30',
      [md('node_md_info', { level: 'container', metadata: 'external:imsm' })]: '1x30',
    },
    at: '10m',
    fires: [],
  },
  {
    alert: 'DriveFailing',
    when: 'a drive that passes',
    series: { [of('smartctl_device_smart_status', sda)]: '1x30' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'DriveFailing',
    when: 'a drive that does not',
    series: { [of('smartctl_device_smart_status', sda)]: '1x5 0x30' },
    at: '10m',
    fires: [{ labels: sda }],
  },
  {
    alert: 'NvmeCriticalWarning',
    when: 'no bit is set',
    series: { [of('nvme_critical_warning', nvme0)]: '0x30' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'NvmeCriticalWarning',
    when: 'spare capacity and reliability',
    series: { [of('nvme_critical_warning', nvme0)]: '5x30' },
    at: '10m',
    fires: [{ labels: nvme0, shown: '5' }],
  },
  {
    alert: 'NvmeWornOut',
    when: 'half of its life',
    series: { [of('nvme_percentage_used_ratio', nvme0)]: '0.5x120' },
    at: '100m',
    fires: [],
  },
  {
    alert: 'NvmeWornOut',
    when: 'nearly all of its life',
    series: { [of('nvme_percentage_used_ratio', nvme0)]: '0.95x120' },
    at: '100m',
    fires: [{ labels: nvme0, shown: '95%' }],
  },
  {
    alert: 'DriveHot',
    when: 'an SSD at 65 °C, a disk at 50 °C, an NVMe drive at 70 °C',
    series: {
      [of('smartctl_device_temperature', { ...sda, temperature_type: 'current' })]: '65x60',
      [of('smartctl_device_rotation_rate', { device: 'sdb' })]: '7200x60',
      [of('raid_drive_temperature_celsius', inSlot)]: '50x60',
      [of('nvme_temperature_celsius', nvme0)]: '70x60',
    },
    at: '30m',
    fires: [],
  },
  {
    alert: 'DriveHot',
    when: 'a disk at 65 °C',
    series: {
      [of('smartctl_device_temperature', { ...sda, temperature_type: 'current' })]: '65x60',
      [of('smartctl_device_rotation_rate', sda)]: '7200x60',
    },
    at: '30m',
    fires: [{ labels: { ...sda, temperature_type: 'current' }, shown: '65' }],
  },
]
