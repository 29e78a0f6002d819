/** The vendor-neutral family: one meaning for every tool. What a tool does not say has no series. */
import { counter, gauge } from '../../src/model.ts'

const controller = ['vendor', 'controller']
const array = [...controller, 'array']
const drive = [...controller, 'enclosure', 'slot']
const battery = [...controller, 'technology']

export const controllerInfo = gauge(
  'raid_controller_info',
  'info',
  'tool',
  "The controller, with the vendor's own word for its state.",
  [...controller, 'model', 'serial', 'firmware', 'driver', 'status'],
)
export const controllerState = gauge(
  'raid_controller_state',
  'none',
  'tool',
  '1 for the state the controller is in, 0 for the others.',
  [...controller, 'state'],
)
export const controllerTemperature = gauge(
  'raid_controller_temperature_celsius',
  'celsius',
  'tool',
  'Temperature of the RAID-on-chip (roc), the board, or a sensor of an enclosure (e0 temp0).',
  [...controller, 'sensor'],
)
export const memoryCorrectable = counter(
  'raid_controller_memory_correctable_errors_total',
  'none',
  'tool',
  'Errors in the controller memory that were corrected.',
  controller,
)
export const memoryUncorrectable = counter(
  'raid_controller_memory_uncorrectable_errors_total',
  'none',
  'tool',
  'Errors in the controller memory that were not corrected.',
  controller,
)
export const controllerProgress = gauge(
  'raid_controller_progress_ratio',
  'ratio',
  'tool',
  'How far an operation of the whole controller is: patrol read, consistency check. Absent when none goes on.',
  [...controller, 'operation'],
)

export const arrayInfo = gauge(
  'raid_array_info',
  'info',
  'tool',
  "The array (virtual drive, logical drive, unit, volume), with the vendor's own word for its state.",
  [...array, 'name', 'level', 'device', 'cache', 'status'],
)
export const arrayState = gauge(
  'raid_array_state',
  'none',
  'tool',
  '1 for the state the array is in, 0 for the others.',
  [...array, 'state'],
)
export const arraySize = gauge('raid_array_size_bytes', 'bytes', 'tool', 'Usable size of the array.', array)
export const arrayDrives = gauge('raid_array_drives', 'none', 'tool', 'Drives the array is made of.', array)
export const arrayProgress = gauge(
  'raid_array_progress_ratio',
  'ratio',
  'tool',
  'How far an operation on the array is. Absent when none goes on.',
  [...array, 'operation'],
)
export const arrayRemaining = gauge(
  'raid_array_remaining_seconds',
  'seconds',
  'tool',
  'How long the operation on the array will take, as the tool says.',
  [...array, 'operation'],
)

export const driveInfo = gauge(
  'raid_drive_info',
  'info',
  'tool',
  "The drive in this slot, with the vendor's own word for its state.",
  [...drive, 'array', 'model', 'serial', 'firmware', 'interface', 'media', 'status'],
)
export const driveState = gauge(
  'raid_drive_state',
  'none',
  'tool',
  '1 for the state the drive in this slot is in, 0 for the others.',
  [...drive, 'state'],
)
export const driveSize = gauge('raid_drive_size_bytes', 'bytes', 'tool', 'Size of the drive.', drive)
export const driveTemperature = gauge(
  'raid_drive_temperature_celsius',
  'celsius',
  'tool',
  'Temperature of the drive.',
  drive,
)
export const driveMediaErrors = counter(
  'raid_drive_media_errors_total',
  'none',
  'tool',
  'Media errors the controller counted on the drive.',
  drive,
)
export const driveOtherErrors = counter(
  'raid_drive_other_errors_total',
  'none',
  'tool',
  'Errors that are not of the media: link, time-out, aborted commands.',
  drive,
)
export const drivePredictive = counter(
  'raid_drive_predictive_failures_total',
  'none',
  'tool',
  'Predictive failures the controller counted on the drive.',
  drive,
)
export const driveSmartAlert = gauge(
  'raid_drive_smart_alert',
  'none',
  'tool',
  '1 when SMART of the drive tells of a failure to come.',
  drive,
)
export const driveProgress = gauge(
  'raid_drive_progress_ratio',
  'ratio',
  'tool',
  'How far an operation on the drive is. Absent when none goes on.',
  [...drive, 'operation'],
)
export const driveRemaining = gauge(
  'raid_drive_remaining_seconds',
  'seconds',
  'tool',
  'How long the operation on the drive will take, as the tool says.',
  [...drive, 'operation'],
)

export const batteryInfo = gauge(
  'raid_battery_info',
  'info',
  'tool',
  "The battery or capacitor of the write cache, with the vendor's own word for its state.",
  [...battery, 'model', 'serial', 'status'],
)
export const batteryState = gauge(
  'raid_battery_state',
  'none',
  'tool',
  '1 for the state the battery is in, 0 for the others. One that is absent is missing, not failed.',
  [...battery, 'state'],
)
export const batteryTemperature = gauge(
  'raid_battery_temperature_celsius',
  'celsius',
  'tool',
  'Temperature of the battery.',
  battery,
)
export const batteryCharge = gauge('raid_battery_charge_ratio', 'ratio', 'tool', 'Charge.', battery)
export const batteryVoltage = gauge('raid_battery_voltage_volts', 'volts', 'tool', 'Voltage.', battery)

export const unknownWords = gauge(
  'raid_unknown_words',
  'none',
  'tool',
  "Parts whose state is told in a word that the table of vendors' words does not have.",
  ['vendor'],
)

/** What this part of Remora adds for every vendor. */
export const raidMetrics = [
  controllerInfo,
  controllerState,
  controllerTemperature,
  memoryCorrectable,
  memoryUncorrectable,
  controllerProgress,
  arrayInfo,
  arrayState,
  arraySize,
  arrayDrives,
  arrayProgress,
  arrayRemaining,
  driveInfo,
  driveState,
  driveSize,
  driveTemperature,
  driveMediaErrors,
  driveOtherErrors,
  drivePredictive,
  driveSmartAlert,
  driveProgress,
  driveRemaining,
  batteryInfo,
  batteryState,
  batteryTemperature,
  batteryCharge,
  batteryVoltage,
  unknownWords,
]
