/**
 * The names that dashboards know: `megaraid_*`, all gauges, with names and labels exactly as storcli.py has them.
 * @see github.com/prometheus-community/node-exporter-textfile-collector-scripts storcli.py 0.1.0
 */
import { deFacto, type Metric, type Sample, type Unit } from '../../../src/model.ts'

const controller = ['controller']
const drive = [...controller, 'enclosure', 'slot']

function known(name: string, help: string, labels: readonly string[], unit: Unit = 'none'): Metric {
  return deFacto(name, 'gauge', unit, 'storcli, perccli, MegaCli', help, labels)
}

export const controllerInfo = known(
  'megaraid_controller_info',
  'Model, serial number and firmware of the controller.',
  [...controller, 'model', 'serial', 'fwversion'],
  'info',
)
export const temperature = known(
  'megaraid_temperature',
  'Temperature of the RAID-on-chip, degrees Celsius.',
  controller,
  'celsius',
)
export const healthy = known('megaraid_healthy', '1 when the controller calls itself optimal.', controller)
export const degraded = known('megaraid_degraded', '1 when the controller calls itself degraded.', controller)
export const failed = known('megaraid_failed', '1 when the controller calls itself failed.', controller)
export const timeDifference = known(
  'megaraid_time_difference',
  'Between the clocks of controller and system.',
  controller,
  'seconds',
)
export const batteryHealthy = known(
  'megaraid_battery_backup_healthy',
  '1 when the backup unit asks for nothing.',
  controller,
)
export const batteryTemperature = known(
  'megaraid_bbu_temperature',
  'Temperature of the battery, degrees Celsius.',
  [...controller, 'bbuidx'],
  'celsius',
)
export const vaultTemperature = known(
  'megaraid_cv_temperature',
  'Temperature of the CacheVault, degrees Celsius.',
  [...controller, 'cvidx'],
  'celsius',
)
export const vaultState = known('megaraid_cv_state', '1 for the state of the CacheVault.', [
  ...controller,
  'cvidx',
  'state',
])
export const patrolScheduled = known(
  'megaraid_scheduled_patrol_read',
  '1 when patrol read is scheduled.',
  controller,
)
export const ports = known('megaraid_ports', 'Ports towards the drives.', controller)
export const physicalDrives = known('megaraid_physical_drives', 'Physical drives.', controller)
export const driveGroups = known('megaraid_drive_groups', 'Drive groups.', controller)
export const virtualDrives = known('megaraid_virtual_drives', 'Virtual drives.', controller)
export const virtualDriveInfo = known(
  'megaraid_vd_info',
  'The virtual drive, in the words of its tool.',
  [...controller, 'DG', 'VG', 'name', 'cache', 'type', 'state'],
  'info',
)
export const shieldCounter = known(
  'megaraid_pd_shield_counter',
  'How often the drive was shielded for a diagnosis.',
  drive,
)
export const mediaErrors = known('megaraid_pd_media_errors', 'Media errors of the drive.', drive)
export const otherErrors = known('megaraid_pd_other_errors', 'Other errors of the drive.', drive)
export const predictiveErrors = known(
  'megaraid_pd_predictive_errors',
  'Predictive failures of the drive.',
  drive,
)
export const smartAlerted = known('megaraid_pd_smart_alerted', '1 when SMART tells of a failure.', drive)
export const linkSpeed = known('megaraid_pd_link_speed_gbps', 'Speed of the link, Gbit/s.', drive)
export const deviceSpeed = known('megaraid_pd_device_speed_gbps', 'Speed the drive can do, Gbit/s.', drive)
export const commissionedSpare = known('megaraid_pd_commissioned_spare', '1 for a commissioned spare.', drive)
export const emergencySpare = known('megaraid_pd_emergency_spare', '1 for an emergency spare.', drive)
export const driveInfo = known(
  'megaraid_pd_info',
  'The physical drive, in the words of its tool.',
  [...drive, 'disk_id', 'interface', 'media', 'model', 'DG', 'state', 'firmware', 'serial'],
  'info',
)
export const driveTemperature = known(
  'megaraid_pd_temp_celsius',
  'Temperature of the drive.',
  drive,
  'celsius',
)

export const megaraidMetrics: readonly Metric[] = [
  controllerInfo,
  temperature,
  healthy,
  degraded,
  failed,
  timeDifference,
  batteryHealthy,
  batteryTemperature,
  vaultTemperature,
  vaultState,
  patrolScheduled,
  ports,
  physicalDrives,
  driveGroups,
  virtualDrives,
  virtualDriveInfo,
  shieldCounter,
  mediaErrors,
  otherErrors,
  predictiveErrors,
  smartAlerted,
  linkSpeed,
  deviceSpeed,
  commissionedSpare,
  emergencySpare,
  driveInfo,
  driveTemperature,
]

/** One sample where there is a value; a flag is 1 or 0. */
export function sampleOf(
  metric: Metric,
  value: number | boolean | undefined,
  labels: Sample['labels'],
): Sample[] {
  return value === undefined ? [] : [{ metric, value: Number(value), labels }]
}
