/**
 * The metrics of NVMe: node_exporter's out of sysfs, and those of the textfile script out of nvme-cli, with their names
 * and labels.
 * @see https://github.com/prometheus/node_exporter, 1.11, collector/nvme_linux.go
 * @see https://github.com/prometheus-community/node-exporter-textfile-collector-scripts, nvme_metrics.py
 */
import { counter, deFacto, gauge } from '../../src/model.ts'

const device = ['device']
const namespace = ['device', 'nsid']

export const info = gauge(
  'node_nvme_info',
  'info',
  '/sys/class/nvme/nvme<id>',
  'What the controller is, and its state in the kernel.',
  ['device', 'firmware_revision', 'model', 'serial', 'state', 'cntlid'],
)
export const namespaceInfo = gauge(
  'node_nvme_namespace_info',
  'info',
  'ana_state',
  'A namespace of the controller, and its state for multipath.',
  ['device', 'nsid', 'ana_state'],
)
export const namespaceCapacity = gauge(
  'node_nvme_namespace_capacity_bytes',
  'bytes',
  'size',
  'Capacity of the namespace.',
  namespace,
)
export const namespaceSize = gauge(
  'node_nvme_namespace_size_bytes',
  'bytes',
  'size',
  'Size of the namespace.',
  namespace,
)
export const namespaceUsed = gauge(
  'node_nvme_namespace_used_bytes',
  'bytes',
  'nuse',
  'What the controller holds of the namespace.',
  namespace,
)
export const logicalBlockSize = gauge(
  'node_nvme_namespace_logical_block_size_bytes',
  'bytes',
  'queue/logical_block_size',
  'Logical block size of the namespace.',
  namespace,
)

export const cli = deFacto('nvme_nvmecli', 'gauge', 'info', 'nvme version', 'The tool itself.', ['version'])
export const deviceInfo = gauge('nvme_device_info', 'info', 'nvme list', 'What the drive is.', [
  'device',
  'model',
  'firmware',
  'serial',
])
export const sectorSize = gauge('nvme_sector_size_bytes', 'bytes', 'SectorSize', 'Sector size.', device)
export const physicalSize = gauge('nvme_physical_size_bytes', 'bytes', 'PhysicalSize', 'Size.', device)
export const usedBytes = gauge('nvme_used_bytes', 'bytes', 'UsedBytes', 'Used of it.', device)
export const availableSpare = gauge(
  'nvme_available_spare_ratio',
  'ratio',
  'avail_spare',
  'Spare capacity left.',
  device,
)
export const spareThreshold = gauge(
  'nvme_available_spare_threshold_ratio',
  'ratio',
  'spare_thresh',
  'Spare capacity below which the drive warns.',
  device,
)
export const percentageUsed = gauge(
  'nvme_percentage_used_ratio',
  'ratio',
  'percent_used',
  "The drive's life used, by its maker's estimate; may exceed 1.",
  device,
)
export const criticalWarning = gauge(
  'nvme_critical_warning',
  'none',
  'critical_warning',
  'Critical warnings: a bit mask.',
  device,
)
export const temperature = gauge(
  'nvme_temperature_celsius',
  'celsius',
  'temperature',
  'Composite temperature.',
  device,
)
export const controllerBusy = counter(
  'nvme_controller_busy_time_seconds_total',
  'seconds',
  'controller_busy_time',
  'Time the controller was busy; the drive counts whole minutes.',
  device,
)
export const dataUnitsRead = counter(
  'nvme_data_units_read_total',
  'none',
  'data_units_read',
  'Read by the host, in thousands of 512 bytes.',
  device,
)
export const dataUnitsWritten = counter(
  'nvme_data_units_written_total',
  'none',
  'data_units_written',
  'Written by the host, in thousands of 512 bytes.',
  device,
)
export const readCommands = counter(
  'nvme_host_read_commands_total',
  'none',
  'host_read_commands',
  'Read commands of the host.',
  device,
)
export const writeCommands = counter(
  'nvme_host_write_commands_total',
  'none',
  'host_write_commands',
  'Write commands of the host.',
  device,
)
export const mediaErrors = counter(
  'nvme_media_errors_total',
  'none',
  'media_errors',
  'Unrecovered data integrity errors.',
  device,
)
export const errorLogEntries = counter(
  'nvme_num_err_log_entries_total',
  'none',
  'num_err_log_entries',
  'Error log entries over the life of the controller.',
  device,
)
export const powerCycles = counter('nvme_power_cycles_total', 'none', 'power_cycles', 'Power cycles.', device)
export const powerOnHours = deFacto(
  'nvme_power_on_hours_total',
  'counter',
  'none',
  'power_on_hours',
  'Hours powered on.',
  device,
)
export const unsafeShutdowns = counter(
  'nvme_unsafe_shutdowns_total',
  'none',
  'unsafe_shutdowns',
  'Shutdowns without notice.',
  device,
)

export const sysfsMetrics = [
  info,
  namespaceInfo,
  namespaceCapacity,
  namespaceSize,
  namespaceUsed,
  logicalBlockSize,
]

export const cliMetrics = [
  cli,
  deviceInfo,
  sectorSize,
  physicalSize,
  usedBytes,
  availableSpare,
  spareThreshold,
  percentageUsed,
  criticalWarning,
  temperature,
  controllerBusy,
  dataUnitsRead,
  dataUnitsWritten,
  readCommands,
  writeCommands,
  mediaErrors,
  errorLogEntries,
  powerCycles,
  powerOnHours,
  unsafeShutdowns,
]
