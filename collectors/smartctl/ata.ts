/** What only ATA drives tell: logs by count, error recovery control, attributes, device statistics. */
import type { Labels, Sample } from '../../src/model.ts'
import {
  countAt,
  flagAt,
  type JsonObject,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
} from '../../src/tool-json.ts'
import * as metrics from './metrics.ts'
import { value } from './value.ts'

/** ATA has room for 30 attributes; a page of device statistics for 63. */
const mostAttributes = 64
const mostPages = 32
const mostStatistics = 64

/** The normalised values of ATA attributes are 1 to 253. */
const mostNormalised = 253

export function* ataSamples(json: JsonObject, device: Labels): Generator<Sample> {
  yield* logs(json, device)
  yield* attributes(json, device)
  yield* statistics(json, device)
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
