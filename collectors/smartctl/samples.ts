/**
 * A report as samples, by smartctl_exporter's rules, but: what the drive does not tell is absent and never 0, and
 * NVMe and SCSI values are also taken from drives behind a controller.
 */
import type { Labels, Sample } from '../../src/model.ts'
import { celsiusAt, countAt, flagAt, type JsonObject, objectAt, textAt } from '../../src/tool-json.ts'
import { ataSamples } from './ata.ts'
import * as metrics from './metrics.ts'
import { exitBits, type Report } from './report.ts'
import { value } from './value.ts'

/** Of what the drive told. Each series once. */
export function* samplesOf({ label, json, exitStatus }: Report): Generator<Sample> {
  const device = { device: label }
  yield* exitSamples(label, exitStatus)
  yield { metric: metrics.info, value: 1, labels: identity(label, json) }
  yield* plain(json, device)
  yield* sizes(json, device)
  yield* temperatures(json, device)
  yield* nvme(json, device)
  yield* scsi(json, device)
  yield* ataSamples(json, device)
}

/** Of a run, whether it read the drive or not. */
export function* exitSamples(label: string, exitStatus: number): Generator<Sample> {
  yield { metric: metrics.exitStatus, value: exitStatus, labels: { device: label } }
  for (const [index, bit] of exitBits.entries())
    yield { metric: metrics.exitBit, value: (exitStatus >> index) & 1, labels: { device: label, bit } }
}

/** Of a drive that sleeps: its state. */
export function* asleepSamples(label: string, asleep: 'standby' | 'sleep'): Generator<Sample> {
  yield { metric: metrics.state, value: asleep === 'sleep' ? 2 : 1, labels: { device: label } }
}

/** smartctl's own version. */
export function* versionSamples(json: JsonObject): Generator<Sample> {
  const pair = (list: unknown) => (Array.isArray(list) ? list.slice(0, 2).join('.') : '')
  const smartctl = objectAt(json, 'smartctl')
  const labels = {
    json_format_version: pair(json.json_format_version),
    smartctl_version: pair(smartctl.version),
    svn_revision: textAt(smartctl, 'svn_revision') ?? '',
    build_info: textAt(smartctl, 'build_info') ?? '',
  }
  if (labels.smartctl_version !== '') yield { metric: metrics.version, value: 1, labels }
}

function identity(device: string, json: JsonObject): Labels {
  const text = (...path: string[]) => textAt(json, ...path) ?? ''
  return {
    device,
    interface: text('device', 'type'),
    protocol: text('device', 'protocol'),
    model_family: text('model_family') || 'unknown',
    model_name: text('model_name') || text('scsi_model_name') || 'unknown',
    serial_number: text('serial_number'),
    ata_additional_product_id: text('ata_additional_product_id') || 'unknown',
    firmware_version: text('firmware_version'),
    ata_version: text('ata_version', 'string'),
    sata_version: text('sata_version', 'string'),
    form_factor: text('form_factor', 'name'),
    // Until 7.2 smartctl printed them without the prefix.
    scsi_vendor: text('scsi_vendor') || text('vendor'),
    scsi_product: text('scsi_product') || text('product'),
    scsi_revision: text('scsi_revision') || text('revision'),
    scsi_version: text('scsi_version'),
  }
}

function* plain(json: JsonObject, device: Labels): Generator<Sample> {
  const passed = flagAt(json, 'smart_status', 'passed')
  yield* value(metrics.smartStatus, passed === undefined ? undefined : Number(passed), device)
  yield* value(metrics.state, countAt(json, 'ata_sct_status', 'device_state', 'value'), device)
  const hours = countAt(json, 'power_on_time', 'hours')
  const minutes = countAt(json, 'power_on_time', 'minutes') ?? 0
  yield* value(metrics.powerOn, hours === undefined ? undefined : hours * 3600 + minutes * 60, device)
  const cycles =
    countAt(json, 'power_cycle_count') ??
    countAt(json, 'scsi_start_stop_cycle_counter', 'accumulated_start_stop_cycles')
  yield* value(metrics.powerCycles, cycles, device)
  const rate = countAt(json, 'rotation_rate')
  yield* value(metrics.rotationRate, rate || undefined, device)
  for (const speed_type of ['max', 'current']) {
    const units = countAt(json, 'interface_speed', speed_type, 'units_per_second')
    const bits = countAt(json, 'interface_speed', speed_type, 'bits_per_unit')
    const speed = units === undefined || bits === undefined ? undefined : units * bits
    yield* value(metrics.interfaceSpeed, speed, { ...device, speed_type })
  }
}

function* sizes(json: JsonObject, device: Labels): Generator<Sample> {
  yield* value(metrics.capacityBlocks, countAt(json, 'user_capacity', 'blocks'), device)
  yield* value(metrics.capacityBytes, countAt(json, 'user_capacity', 'bytes'), device)
  yield* value(metrics.nvmeCapacity, countAt(json, 'nvme_total_capacity'), device)
  for (const blocks_type of ['logical', 'physical'])
    yield* value(metrics.blockSize, countAt(json, `${blocks_type}_block_size`), { ...device, blocks_type })
}

function* temperatures(json: JsonObject, device: Labels): Generator<Sample> {
  // A SCSI device without a sensor prints 0 for both.
  const isScsi = textAt(json, 'device', 'protocol') === 'SCSI'
  for (const temperature_type of Object.keys(objectAt(json, 'temperature')).slice(0, 32)) {
    // Beside temperatures stand the minutes that were spent beyond a limit.
    const read = temperature_type.endsWith('_count') ? countAt : celsiusAt
    const celsius = read(json, 'temperature', temperature_type)
    if (isScsi && celsius === 0) continue
    yield* value(metrics.temperature, celsius, { ...device, temperature_type })
  }
}

function* nvme(json: JsonObject, device: Labels): Generator<Sample> {
  const health = objectAt(json, 'nvme_smart_health_information_log')
  const percent = (key: string, most: number) => {
    const number = countAt(health, key)
    return number !== undefined && number <= most ? number : undefined
  }
  yield* value(metrics.percentageUsed, percent('percentage_used', 255), device)
  yield* value(metrics.availableSpare, percent('available_spare', 100), device)
  yield* value(metrics.availableSpareThreshold, percent('available_spare_threshold', 100), device)
  const warning = countAt(health, 'critical_warning')
  yield* value(metrics.criticalWarning, warning === undefined || warning >= 255 ? undefined : warning, device)
  yield* value(metrics.mediaErrors, countAt(health, 'media_errors'), device)
  yield* value(metrics.numErrLogEntries, countAt(health, 'num_err_log_entries'), device)
  // Thousands of 512 bytes; 0 means that the drive does not count them.
  const units = (key: string) => (countAt(health, key) || undefined) ?? Number.NaN
  yield* value(metrics.bytesRead, units('data_units_read') * 512_000, device)
  yield* value(metrics.bytesWritten, units('data_units_written') * 512_000, device)
}

function* scsi(json: JsonObject, device: Labels): Generator<Sample> {
  yield* value(metrics.grownDefects, countAt(json, 'scsi_grown_defect_list'), device)
  for (const metric of metrics.scsiErrorCounters)
    yield* value(metric, countAt(json, ...metric.source.split('.')), device)
  const gigabytes = (of: string) =>
    countAt(json, 'scsi_error_counter_log', of, 'gigabytes_processed') ?? Number.NaN
  yield* value(metrics.bytesRead, Math.round(gigabytes('read') * 1e9), device)
  yield* value(metrics.bytesWritten, Math.round(gigabytes('write') * 1e9), device)
}
