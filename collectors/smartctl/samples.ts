/**
 * A report as samples, by smartctl_exporter's rules, but: what the drive does not tell is absent and never 0, and
 * NVMe and SCSI values are also taken from drives behind a controller.
 */
import type { Labels, Metric, Sample } from '../../src/model.ts'
import {
  celsiusAt,
  countAt,
  flagAt,
  type JsonObject,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
} from '../../src/tool-json.ts'
import * as metrics from './metrics.ts'
import { exitBits, type Report } from './report.ts'

/** ATA has room for 30 attributes; a page of device statistics for 63. */
const mostAttributes = 64
const mostPages = 32
const mostStatistics = 64

/** The normalised values of ATA attributes are 1 to 253. */
const mostNormalised = 253

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
  yield* logs(json, device)
  yield* attributes(json, device)
  yield* statistics(json, device)
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

function* value(metric: Metric, number: number | undefined, labels: Labels): Generator<Sample> {
  if (number !== undefined && Number.isFinite(number)) yield { metric, value: number, labels }
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

function* logs(json: JsonObject, device: Labels): Generator<Sample> {
  const kinds = (log: string) => Object.keys(objectAt(json, log)).slice(0, 8)
  for (const error_log_type of kinds('ata_smart_error_log')) {
    const count = countAt(json, 'ata_smart_error_log', error_log_type, 'count')
    yield* value(metrics.errorLogCount, count, { ...device, error_log_type })
  }
  for (const self_test_log_type of kinds('ata_smart_self_test_log')) {
    const labels = { ...device, self_test_log_type }
    const log = objectAt(json, 'ata_smart_self_test_log', self_test_log_type)
    yield* value(metrics.selfTestLogCount, countAt(log, 'count'), labels)
    // It is left out of an empty log, which has no failed test.
    const errors = countAt(log, 'error_count_total') ?? (countAt(log, 'count') === 0 ? 0 : undefined)
    yield* value(metrics.selfTestLogErrorCount, errors, labels)
  }
  for (const op_type of kinds('ata_sct_erc')) {
    const deciseconds = countAt(json, 'ata_sct_erc', op_type, 'deciseconds')
    yield* value(metrics.erc, deciseconds === undefined ? undefined : deciseconds / 10, {
      ...device,
      op_type,
    })
  }
}

function longFlags(flags: JsonObject, names: readonly string[]): string {
  return names.filter((name) => flagAt(flags, name) === true).join(',')
}

const attributeFlags = [
  'prefailure',
  'updated_online',
  'performance',
  'error_rate',
  'event_count',
  'auto_keep',
] as const

function* attributes(json: JsonObject, device: Labels): Generator<Sample> {
  const seen = new Set<string>()
  for (const row of objectsAt(json, mostAttributes, 'ata_smart_attributes', 'table')) {
    const id = textAt(row, 'id') ?? ''
    if (id === '' || seen.has(id)) continue
    seen.add(id)
    const labels = {
      ...device,
      attribute_name: textAt(row, 'name') ?? '',
      attribute_flags_short: textAt(row, 'flags', 'string') ?? '',
      attribute_flags_long: longFlags(objectAt(row, 'flags'), attributeFlags),
      attribute_id: id,
    }
    for (const type of ['value', 'worst', 'thresh'] as const) {
      const number = countAt(row, type)
      const is = number !== undefined && number <= mostNormalised ? number : undefined
      yield* value(metrics.attribute, is, { ...labels, attribute_value_type: type })
    }
    yield* value(metrics.attribute, countAt(row, 'raw', 'value'), { ...labels, attribute_value_type: 'raw' })
  }
}

const statisticFlags = ['valid', 'normalized', 'supports_dsn', 'monitored_condition_met'] as const

function* statistics(json: JsonObject, device: Labels): Generator<Sample> {
  const seen = new Set<string>()
  const row = function* (table: string, statistic: JsonObject, short: string, long: string) {
    const name = textAt(statistic, 'name') ?? ''
    const key = `${table}\n${name}`
    if (name === '' || seen.has(key)) return
    seen.add(key)
    // Temperatures among them may be below zero.
    yield* value(metrics.statistics, numberAt(statistic, 'value'), {
      ...device,
      statistic_table: table,
      statistic_name: name,
      statistic_flags_short: short,
      statistic_flags_long: long,
    })
  }
  for (const page of objectsAt(json, mostPages, 'ata_device_statistics', 'pages')) {
    const table = textAt(page, 'name') ?? ''
    // The maker's own ones share one name.
    if (table === 'Vendor Specific Statistics') continue
    for (const statistic of objectsAt(page, mostStatistics, 'table')) {
      const flags = objectAt(statistic, 'flags')
      if (flagAt(flags, 'valid') === false) continue
      yield* row(table, statistic, textAt(flags, 'string') ?? '', longFlags(flags, statisticFlags))
    }
  }
  for (const counter of objectsAt(json, mostStatistics, 'sata_phy_event_counters', 'table'))
    yield* row('SATA PHY Event Counters', counter, 'V---', 'valid')
}
