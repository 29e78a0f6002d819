/** RAID controllers, arrays of Linux, and drives. */
import { rule } from './rule.ts'

const array = 'Array {{ $labels.array }} of controller {{ $labels.controller }} ({{ $labels.vendor }})'
const drive =
  'drive in enclosure {{ $labels.enclosure }}, slot {{ $labels.slot }} of controller {{ $labels.controller }} ({{ $labels.vendor }})'

export const diskRules = [
  rule(
    'RaidArrayFailed',
    'critical',
    '0m',
    'raid_array_state{state=~"failed|offline"} == 1',
    `${array} on {{ $labels.instance }} is {{ $labels.state }}`,
    `${array} on {{ $labels.instance }} is {{ $labels.state }}: what is on it cannot be read.`,
  ),
  rule(
    'RaidArrayDegraded',
    'warning',
    '0m',
    'raid_array_state{state=~"degraded|partially-degraded"} == 1',
    `${array} on {{ $labels.instance }} is {{ $labels.state }}`,
    `${array} on {{ $labels.instance }} is {{ $labels.state }}: it has lost redundancy and is not being rebuilt.`,
  ),
  rule(
    'RaidDriveFailed',
    'critical',
    '0m',
    'raid_drive_state{state="failed"} == 1',
    `The ${drive} on {{ $labels.instance }} has failed`,
    `The ${drive} on {{ $labels.instance }} has failed. Replace it; the array has less redundancy until it is rebuilt.`,
  ),
  rule(
    'RaidDriveMissing',
    'warning',
    '0m',
    'raid_drive_state{state="missing"} == 1',
    `The ${drive} on {{ $labels.instance }} is missing`,
    `The ${drive} on {{ $labels.instance }} was there and is not any more: it was pulled, or has died.`,
  ),
  rule(
    'RaidDrivePredictiveFailure',
    'warning',
    '0m',
    'raid_drive_state{state="predictive-failure"} == 1 or raid_drive_smart_alert == 1',
    `The ${drive} on {{ $labels.instance }} is about to fail`,
    `The controller or the drive itself predicts that the ${drive} on {{ $labels.instance }} fails. Replace it while the array is whole.`,
  ),
  rule(
    'RaidBatteryFailed',
    'warning',
    '15m',
    'raid_battery_state{state="failed"} == 1',
    'The {{ $labels.technology }} of controller {{ $labels.controller }} ({{ $labels.vendor }}) on {{ $labels.instance }} has failed',
    'The {{ $labels.technology }} that keeps the write cache of controller {{ $labels.controller }} ({{ $labels.vendor }}) on {{ $labels.instance }} has failed. The controller writes through, which is slow, or loses its cache with the power.',
  ),
  // A series that was not there two hours ago compares with nothing.
  rule(
    'RaidRebuildStalled',
    'warning',
    '10m',
    'raid_array_progress_ratio{operation=~"rebuild|reshape"} <= raid_array_progress_ratio{operation=~"rebuild|reshape"} offset 2h or raid_drive_progress_ratio{operation=~"rebuild|copyback"} <= raid_drive_progress_ratio{operation=~"rebuild|copyback"} offset 2h or node_md_sync_progress_ratio <= node_md_sync_progress_ratio offset 2h',
    'The {{ $labels.operation }} on {{ $labels.instance }} stands at {{ $value | humanizePercentage }}',
    'On {{ $labels.instance }} the {{ $labels.operation }} of {{ $labels.device }}{{ $labels.vendor }} {{ $labels.controller }} {{ $labels.array }}{{ $labels.slot }} has not moved for two hours; it stands at {{ $value | humanizePercentage }}.',
  ),
  rule(
    'RaidControllerHot',
    'warning',
    '15m',
    'raid_controller_temperature_celsius{sensor="roc"} > 100',
    'Controller {{ $labels.controller }} ({{ $labels.vendor }}) on {{ $labels.instance }} has {{ $value | humanize }} °C',
    'The chip of controller {{ $labels.controller }} ({{ $labels.vendor }}) on {{ $labels.instance }} has had over 100 °C for 15 minutes. From about 105 to 115 °C it stops.',
  ),
  rule(
    'MdArrayDegraded',
    'warning',
    '1m',
    'node_md_degraded > 0 unless on (cluster, job, instance, device) node_md_sync_progress_ratio{operation="recovery"}',
    '{{ $labels.device }} on {{ $labels.instance }} lacks {{ $value | humanize }} of its members',
    'The array {{ $labels.device }} on {{ $labels.instance }} lacks {{ $value | humanize }} of its members and is not being rebuilt.',
  ),
  rule(
    'MdArrayInactive',
    'critical',
    '1m',
    'node_md_state{state="inactive"} == 1 unless on (cluster, job, instance, device) node_md_info{metadata=~"external:[^/].*"}',
    '{{ $labels.device }} on {{ $labels.instance }} is inactive',
    'The array {{ $labels.device }} on {{ $labels.instance }} is not running: too many members are gone, or it was stopped.',
  ),
  rule(
    'DriveFailing',
    'critical',
    '0m',
    'smartctl_device_smart_status == 0',
    '{{ $labels.device }} on {{ $labels.instance }} fails its own judgement',
    'The drive {{ $labels.device }} on {{ $labels.instance }} says of itself (SMART) that it is failing.',
  ),
  rule(
    'NvmeCriticalWarning',
    'critical',
    '0m',
    'nvme_critical_warning > 0',
    '{{ $labels.device }} on {{ $labels.instance }} warns: {{ $value | humanize }}',
    'The NVMe drive {{ $labels.device }} on {{ $labels.instance }} has a critical warning (bit mask {{ $value | humanize }}): spare capacity 1, temperature 2, reliability 4, read-only 8, backup of its memory 16.',
  ),
  rule(
    'NvmeWornOut',
    'warning',
    '1h',
    'nvme_percentage_used_ratio > 0.9',
    '{{ $labels.device }} on {{ $labels.instance }} has used {{ $value | humanizePercentage }} of its life',
    "By its maker's estimate the NVMe drive {{ $labels.device }} on {{ $labels.instance }} has used {{ $value | humanizePercentage }} of what may be written to it.",
  ),
  rule(
    'DriveHot',
    'warning',
    '15m',
    'raid_drive_temperature_celsius > 60 or (smartctl_device_temperature{temperature_type="current"} > 60 and on (cluster, job, instance, device) smartctl_device_rotation_rate > 0) or nvme_temperature_celsius > 75',
    'A drive on {{ $labels.instance }} has {{ $value | humanize }} °C',
    'The drive {{ $labels.device }}{{ $labels.vendor }} {{ $labels.controller }} {{ $labels.enclosure }} {{ $labels.slot }} on {{ $labels.instance }} has had {{ $value | humanize }} °C or as much for 15 minutes.',
  ),
]
