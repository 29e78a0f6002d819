/**
 * What nvme-cli prints: `nvme list -o json` in both of its shapes (flat until 2.10, nested by subsystem since), and
 * `nvme smart-log -o json`, whose numbers are texts where they may exceed what JSON can hold.
 * @see nvme-list(1), nvme-smart-log(1)
 */
import { ParseError } from '../../src/errors.ts'
import type { Metric, Sample } from '../../src/model.ts'
import {
  at,
  countAt,
  isObject,
  type JsonObject,
  objectsAt,
  parseToolJson,
  textAt,
} from '../../src/tool-json.ts'
import * as metrics from './metrics.ts'

export interface Drive {
  /** A namespace, as the textfile script names it: `nvme0n1`. */
  readonly name: string
  readonly model: string
  readonly firmware: string
  readonly serial: string
  readonly sectorBytes: number | undefined
  readonly sizeBytes: number | undefined
  readonly usedBytes: number | undefined
}

const most = 1024

/**
 * @returns the namespaces, in the order of the list, each once
 * @throws {ParseError} if it is not such a list
 */
export function parseList(output: Buffer | string): Drive[] {
  const json = parseToolJson('nvme list', output)
  if (!Array.isArray(at(json, 'Devices')))
    throw new ParseError('Cannot parse nvme list: JSON without a list "Devices"')
  const found = objectsAt(json, most, 'Devices').flatMap((device) =>
    Array.isArray(device.Subsystems) ? nested(device) : flat(device),
  )
  return [...new Map(found.map((drive) => [drive.name, drive])).values()]
}

function flat(device: JsonObject): Drive[] {
  return driveOf(textAt(device, 'DevicePath')?.replace(/^\/dev\//, ''), device, device)
}

function nested(device: JsonObject): Drive[] {
  return objectsAt(device, most, 'Subsystems').flatMap((subsystem) => {
    const controllers = objectsAt(subsystem, most, 'Controllers')
    const own = controllers.flatMap((controller) =>
      objectsAt(controller, most, 'Namespaces').flatMap((namespace) =>
        driveOf(textAt(namespace, 'NameSpace'), controller, namespace),
      ),
    )
    // With multipath the namespaces belong to the subsystem.
    const shared = objectsAt(subsystem, most, 'Namespaces').flatMap((namespace) =>
      driveOf(textAt(namespace, 'NameSpace'), controllers[0] ?? {}, namespace),
    )
    return [...own, ...shared]
  })
}

function driveOf(name: string | undefined, controller: JsonObject, namespace: JsonObject): Drive[] {
  if (name === undefined || !/^nvme\d+(?:c\d+)?n\d+$/.test(name)) return []
  return [
    {
      name,
      model: textAt(controller, 'ModelNumber') ?? '',
      firmware: textAt(controller, 'Firmware') ?? '',
      serial: textAt(controller, 'SerialNumber') ?? '',
      sectorBytes: countAt(namespace, 'SectorSize'),
      sizeBytes: countAt(namespace, 'PhysicalSize'),
      usedBytes: countAt(namespace, 'UsedBytes'),
    },
  ]
}

export function* driveSamples({ name: device, ...drive }: Drive): Generator<Sample> {
  const { model, firmware, serial, sectorBytes, sizeBytes, usedBytes } = drive
  yield { metric: metrics.deviceInfo, value: 1, labels: { device, model, firmware, serial } }
  const values = [
    [metrics.sectorSize, sectorBytes],
    [metrics.physicalSize, sizeBytes],
    [metrics.usedBytes, usedBytes],
  ] as const
  for (const [metric, value] of values) if (value !== undefined) yield { metric, value, labels: { device } }
}

/** What the drive calls a value, its metric, what one unit of it is, and above what it is nonsense. */
const fields: readonly (readonly [key: string, metric: Metric, factor: number, most: number])[] = [
  ['avail_spare', metrics.availableSpare, 0.01, 100],
  ['spare_thresh', metrics.spareThreshold, 0.01, 100],
  ['percent_used', metrics.percentageUsed, 0.01, 255],
  ['critical_warning', metrics.criticalWarning, 1, 254],
  ['controller_busy_time', metrics.controllerBusy, 60, Number.MAX_VALUE],
  ['data_units_read', metrics.dataUnitsRead, 1, Number.MAX_VALUE],
  ['data_units_written', metrics.dataUnitsWritten, 1, Number.MAX_VALUE],
  ['host_read_commands', metrics.readCommands, 1, Number.MAX_VALUE],
  ['host_write_commands', metrics.writeCommands, 1, Number.MAX_VALUE],
  ['media_errors', metrics.mediaErrors, 1, Number.MAX_VALUE],
  ['num_err_log_entries', metrics.errorLogEntries, 1, Number.MAX_VALUE],
  ['power_cycles', metrics.powerCycles, 1, Number.MAX_VALUE],
  ['power_on_hours', metrics.powerOnHours, 1, Number.MAX_VALUE],
  ['unsafe_shutdowns', metrics.unsafeShutdowns, 1, Number.MAX_VALUE],
]

/** Kelvin between which a drive can be; 0 means that it has no sensor. */
const coldest = 213
const hottest = 473

/** @throws {ParseError} if it is not a SMART log */
export function parseSmartLog(what: string, output: Buffer | string): Map<Metric, number> {
  const json = parseToolJson(what, output)
  const values = new Map<Metric, number>()
  for (const [key, metric, factor, most] of fields) {
    const said = at(json, key)
    // Verbose output has the bits beside the number.
    const number = isObject(said) ? countAt(said, 'value') : countAt(json, key)
    if (number === undefined || number > most) continue
    values.set(metric, factor === 0.01 ? number / 100 : number * factor)
  }
  const kelvin = countAt(json, 'temperature')
  if (kelvin !== undefined && kelvin >= coldest && kelvin <= hottest)
    values.set(metrics.temperature, kelvin - 273)
  if (values.size === 0) throw new ParseError(`Cannot parse ${what}: none of the fields of a SMART log`)
  return values
}

/** @returns the version in `nvme version 2.3 (git 2.3)`; `unknown` when it is not told */
export function parseVersion(output: string): string {
  return /^nvme version (\S{1,40})/m.exec(output)?.[1] ?? 'unknown'
}
