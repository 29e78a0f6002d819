/**
 * The metrics of smartctl: smartctl_exporter's, with its names, types and labels, so that its dashboards and alerts
 * work; `exitBit` is ours. In this order they are given up when there are too many series.
 * @see https://github.com/prometheus-community/smartctl_exporter, version 0.14
 */
import { deFacto, gauge } from '../../src/model.ts'

const device = ['device']
const health = 'nvme_smart_health_information_log'

export const version = deFacto('smartctl_version', 'gauge', 'info', 'smartctl.version', 'The tool itself.', [
  'json_format_version',
  'smartctl_version',
  'svn_revision',
  'build_info',
])
export const devices = gauge(
  'smartctl_devices',
  'none',
  'devices',
  'Devices found by the scan or configured.',
)
export const info = deFacto('smartctl_device', 'gauge', 'info', 'device', 'What the drive is.', [
  'device',
  'interface',
  'protocol',
  'model_family',
  'model_name',
  'serial_number',
  'ata_additional_product_id',
  'firmware_version',
  'ata_version',
  'sata_version',
  'form_factor',
  'scsi_vendor',
  'scsi_product',
  'scsi_revision',
  'scsi_version',
])
export const exitStatus = gauge(
  'smartctl_device_smartctl_exit_status',
  'none',
  'smartctl.exit_status',
  'Exit status of smartctl: a bit mask, of which bits 3 and up are states of the drive. Absent while the drive sleeps.',
  device,
)
export const smartStatus = gauge(
  'smartctl_device_smart_status',
  'none',
  'smart_status.passed',
  "The drive's own judgement: 1 passed, 0 failing.",
  device,
)
export const state = gauge(
  'smartctl_device_state',
  'none',
  'ata_sct_status.device_state, messages',
  '0 active, 1 standby, 2 sleep, 3 self-test, 4 offline, 5 SCT. A drive that sleeps is left asleep.',
  device,
)
export const temperature = deFacto(
  'smartctl_device_temperature',
  'gauge',
  'celsius',
  'temperature',
  'Temperatures in degrees Celsius: current, and the limits and extremes that the drive tells.',
  ['device', 'temperature_type'],
)
export const mediaErrors = deFacto(
  'smartctl_device_media_errors',
  'counter',
  'none',
  `${health}.media_errors`,
  'Unrecovered data integrity errors (NVMe).',
  device,
)
export const criticalWarning = deFacto(
  'smartctl_device_critical_warning',
  'counter',
  'none',
  `${health}.critical_warning`,
  'Critical warnings of the controller (NVMe): a bit mask.',
  device,
)
export const availableSpare = deFacto(
  'smartctl_device_available_spare',
  'counter',
  'none',
  `${health}.available_spare`,
  'Spare capacity left, in percent (NVMe).',
  device,
)
export const availableSpareThreshold = deFacto(
  'smartctl_device_available_spare_threshold',
  'counter',
  'none',
  `${health}.available_spare_threshold`,
  'Percent of spare capacity below which the drive warns (NVMe).',
  device,
)
export const percentageUsed = deFacto(
  'smartctl_device_percentage_used',
  'counter',
  'none',
  `${health}.percentage_used`,
  "Percent of the drive's life used, by its maker's estimate; may exceed 100 (NVMe).",
  device,
)
export const numErrLogEntries = deFacto(
  'smartctl_device_num_err_log_entries',
  'counter',
  'none',
  `${health}.num_err_log_entries`,
  'Error log entries over the life of the controller (NVMe).',
  device,
)
export const bytesRead = deFacto(
  'smartctl_device_bytes_read',
  'counter',
  'bytes',
  `${health}.data_units_read, scsi_error_counter_log.read`,
  'Bytes read by the host (NVMe, SCSI).',
  device,
)
export const bytesWritten = deFacto(
  'smartctl_device_bytes_written',
  'counter',
  'bytes',
  `${health}.data_units_written, scsi_error_counter_log.write`,
  'Bytes written by the host (NVMe, SCSI).',
  device,
)
export const powerOn = deFacto(
  'smartctl_device_power_on_seconds',
  'counter',
  'seconds',
  'power_on_time',
  'Time powered on.',
  device,
)
export const powerCycles = deFacto(
  'smartctl_device_power_cycle_count',
  'counter',
  'none',
  'power_cycle_count, scsi_start_stop_cycle_counter',
  'Power cycles; for SCSI start and stop cycles.',
  device,
)
export const capacityBlocks = gauge(
  'smartctl_device_capacity_blocks',
  'none',
  'user_capacity.blocks',
  'Capacity in logical blocks.',
  device,
)
export const capacityBytes = gauge(
  'smartctl_device_capacity_bytes',
  'bytes',
  'user_capacity.bytes',
  'Capacity; absent for NVMe controllers with several namespaces.',
  device,
)
export const nvmeCapacity = gauge(
  'smartctl_device_nvme_capacity_bytes',
  'bytes',
  'nvme_total_capacity',
  'Capacity of all namespaces.',
  device,
)
export const blockSize = deFacto(
  'smartctl_device_block_size',
  'gauge',
  'bytes',
  'logical_block_size, physical_block_size',
  'Block size in bytes.',
  ['device', 'blocks_type'],
)
export const interfaceSpeed = deFacto(
  'smartctl_device_interface_speed',
  'gauge',
  'none',
  'interface_speed',
  'Speed of the link in bits per second: what the drive can, and what it runs at.',
  ['device', 'speed_type'],
)
export const rotationRate = gauge(
  'smartctl_device_rotation_rate',
  'none',
  'rotation_rate',
  'Revolutions per minute; absent for drives that do not rotate.',
  device,
)
export const errorLogCount = deFacto(
  'smartctl_device_error_log_count',
  'gauge',
  'none',
  'ata_smart_error_log',
  'Errors the ATA error log has counted.',
  ['device', 'error_log_type'],
)
export const selfTestLogCount = deFacto(
  'smartctl_device_self_test_log_count',
  'gauge',
  'none',
  'ata_smart_self_test_log count',
  'Entries in the ATA self-test log.',
  ['device', 'self_test_log_type'],
)
export const selfTestLogErrorCount = deFacto(
  'smartctl_device_self_test_log_error_count',
  'gauge',
  'none',
  'ata_smart_self_test_log error_count_total',
  'Failed tests in the ATA self-test log.',
  ['device', 'self_test_log_type'],
)
export const erc = gauge(
  'smartctl_device_erc_seconds',
  'seconds',
  'ata_sct_erc',
  'Error recovery control: the longest the drive tries.',
  ['device', 'op_type'],
)
export const grownDefects = gauge(
  'smartctl_scsi_grown_defect_list',
  'none',
  'scsi_grown_defect_list',
  'Grown defects (SCSI).',
  device,
)

/** One row of the SCSI error counters, in the exporter's words. */
const scsiErrors = (name: string, key: string, help: string) =>
  gauge(name, 'none', `scsi_error_counter_log.${key}`, help, device)

export const scsiErrorCounters = [
  scsiErrors(
    'smartctl_read_errors_corrected_by_rereads_rewrites',
    'read.errors_corrected_by_rereads_rewrites',
    'Read errors corrected by reading again (SCSI).',
  ),
  scsiErrors(
    'smartctl_read_errors_corrected_by_eccfast',
    'read.errors_corrected_by_eccfast',
    'Read errors corrected without delay (SCSI).',
  ),
  scsiErrors(
    'smartctl_read_errors_corrected_by_eccdelayed',
    'read.errors_corrected_by_eccdelayed',
    'Read errors corrected with delay (SCSI).',
  ),
  scsiErrors(
    'smartctl_read_total_uncorrected_errors',
    'read.total_uncorrected_errors',
    'Read errors that were not corrected (SCSI).',
  ),
  scsiErrors(
    'smartctl_write_errors_corrected_by_rereads_rewrites',
    'write.errors_corrected_by_rereads_rewrites',
    'Write errors corrected by writing again (SCSI).',
  ),
  scsiErrors(
    'smartctl_write_errors_corrected_by_eccfast',
    'write.errors_corrected_by_eccfast',
    'Write errors corrected without delay (SCSI).',
  ),
  scsiErrors(
    'smartctl_write_errors_corrected_by_eccdelayed',
    'write.errors_corrected_by_eccdelayed',
    'Write errors corrected with delay (SCSI).',
  ),
  scsiErrors(
    'smartctl_write_total_uncorrected_errors',
    'write.total_uncorrected_errors',
    'Write errors that were not corrected (SCSI).',
  ),
] as const

export const exitBit = gauge(
  'smartctl_device_exit_bit',
  'none',
  'smartctl.exit_status',
  'The exit status by bit, 1 or 0: the first three are failures of the run, the others states of the drive.',
  ['device', 'bit'],
)
export const attribute = gauge(
  'smartctl_device_attribute',
  'none',
  'ata_smart_attributes.table',
  "The drive's own attributes (ATA): normalised value, worst, threshold and the raw number.",
  [
    'device',
    'attribute_name',
    'attribute_flags_short',
    'attribute_flags_long',
    'attribute_value_type',
    'attribute_id',
  ],
)
export const statistics = gauge(
  'smartctl_device_statistics',
  'none',
  'ata_device_statistics, sata_phy_event_counters',
  'Device statistics and SATA phy event counters (ATA).',
  ['device', 'statistic_table', 'statistic_name', 'statistic_flags_short', 'statistic_flags_long'],
)

export const metrics = [
  version,
  devices,
  info,
  exitStatus,
  smartStatus,
  state,
  temperature,
  mediaErrors,
  criticalWarning,
  availableSpare,
  availableSpareThreshold,
  percentageUsed,
  numErrLogEntries,
  bytesRead,
  bytesWritten,
  powerOn,
  powerCycles,
  capacityBlocks,
  capacityBytes,
  nvmeCapacity,
  blockSize,
  interfaceSpeed,
  rotationRate,
  errorLogCount,
  selfTestLogCount,
  selfTestLogErrorCount,
  erc,
  grownDefects,
  ...scsiErrorCounters,
  exitBit,
  attribute,
  statistics,
]

/** What stays true of a drive that sleeps. */
export const unchanging = new Set([
  info,
  capacityBlocks,
  capacityBytes,
  nvmeCapacity,
  blockSize,
  rotationRate,
])
