/**
 * What smartctl says of one drive: `smartctl --json` since 7.0, which prints the same keys whatever the drive is.
 * The exit status is a bit mask: bits 0 to 2 are failures of the run, 3 to 7 states of the drive, and the data is good.
 * @see smartctl(8), "EXIT STATUS"
 */
import { ParseError } from '../../src/errors.ts'
import { firmwareText } from '../../src/firmware-text.ts'
import { countAt, type JsonObject, objectAt, objectsAt, parseToolJson, textAt } from '../../src/tool-json.ts'

/** How smartctl is asked for a drive. */
export interface Device {
  /** `/dev/sda`, `/dev/bus/0` */
  readonly name: string
  /** `auto`, `sat`, `megaraid,3`, `cciss,0` */
  readonly type: string
}

/** The bits of the exit status, from 0. */
export const exitBits = [
  'command_line',
  'open',
  'command',
  'failing',
  'prefail',
  'past',
  'error_log',
  'self_test_log',
] as const

export interface Report {
  /** As it was asked for. */
  readonly device: Device
  /** smartctl_exporter's label: `sda`, `bus_0_megaraid_3`. */
  readonly label: string
  readonly json: JsonObject
  /** 0 to 255. */
  readonly exitStatus: number
  /** Names the drive wherever it is: its serial number, else its label; of several with one number (twins.ts) more than that. */
  readonly key: string
  /** Undefined where it has none. */
  readonly serial: string | undefined
  /** Unique in the world, if its maker keeps to it; undefined where the drive does not tell. */
  readonly worldWideName: string | undefined
  readonly model: string
  /** Asleep, and left so: nothing was read but this. */
  readonly asleep: 'standby' | 'sleep' | undefined
  /** Why nothing was read of the drive, in smartctl's words. */
  readonly failure: string | undefined
  /** Hours powered on, as the drive's logs count. */
  readonly powerOnHours: number | undefined
  /** When it was read, in seconds since the epoch, by the same clock as the agent's. */
  readonly timeSeconds: number | undefined
}

/** What a device is asked for, as one word. */
export function deviceKey({ name, type }: Device): string {
  return `${name} ${type}`
}

/** What is looked at of a report. The rest, such as hours of temperatures, is let go: a node may have 240 drives. */
const used =
  /^(?:json_format_version|smartctl|device|smart_status|temperature|vendor|product|revision|rotation_rate|interface_speed|form_factor|user_capacity|power_.*|model_.*|serial_number|firmware_version|sata_.*|scsi_.*|nvme_.*|.*_block_size|ata_(?:version|additional_product_id|sct_status|sct_erc|smart_attributes|smart_error_log|smart_self_test_log|device_statistics))$/

/** smartctl_exporter's name of a device. */
export function deviceLabel({ name, type }: Device): string {
  const short = name.replace(/^\/dev\/(?:disk\/by-id\/|disk\/by-path\/)?/, '').replaceAll('/', '_')
  return type.includes(',') ? `${short}_${type.replaceAll(',', '_')}` : short
}

const sleeping = /^Device is in (STANDBY|SLEEP|IDLE)\b.* mode/i

/**
 * Parses what smartctl printed of a device.
 * @param exitCode of the process, for output that does not say it
 * @throws {ParseError} if it is not smartctl's JSON
 */
export function parseReport(device: Device, output: Buffer | string, exitCode: number): Report {
  const what = `smartctl of ${device.name} [${device.type}]`
  // Before 7.3 this text went astray onto stdout, in front of the JSON or within its lines.
  const whole = parseToolJson(what, output.toString().replace(/^\s*Pending defect count:[^{\n]*/, ''))
  const smartctl = objectAt(whole, 'smartctl')
  if (Object.keys(smartctl).length === 0)
    throw new ParseError(`Cannot parse ${what}: JSON without the key "smartctl"`)
  const exitStatus = Math.min(255, Math.floor(countAt(smartctl, 'exit_status') ?? exitCode))
  const messages = objectsAt(smartctl, 32, 'messages').map((message) => ({
    text: textAt(message, 'string') ?? '',
    isError: textAt(message, 'severity') === 'error',
  }))
  const [, power] = messages.map(({ text }) => sleeping.exec(text)).find((found) => found !== null) ?? []
  const asleep = power === undefined ? undefined : power.toUpperCase() === 'SLEEP' ? 'sleep' : 'standby'
  const found = {
    name: textAt(whole, 'device', 'name') ?? device.name,
    type: textAt(whole, 'device', 'type'),
  }
  const json = Object.fromEntries(Object.entries(whole).filter(([key]) => used.test(key)))
  const label = deviceLabel({ name: found.name, type: found.type ?? device.type })
  const serial = firmwareText(textAt(json, 'serial_number'))
  return {
    device,
    label,
    json,
    exitStatus,
    key: serial ?? label,
    serial,
    worldWideName: worldWideName(whole),
    model: textAt(json, 'model_name') ?? textAt(json, 'scsi_model_name') ?? 'unknown',
    asleep,
    failure: asleep === undefined ? failureOf(exitStatus, messages) : undefined,
    powerOnHours: countAt(json, 'power_on_time', 'hours'),
    timeSeconds: countAt(whole, 'local_time', 'time_t'),
  }
}

/**
 * Of ATA, SCSI and NVMe drives, in that order, each as 64 bits or more in hexadecimal: a SATA drive has one name,
 * whether it is asked as such or as the SCSI disk that a controller makes of it.
 */
function worldWideName(json: JsonObject): string | undefined {
  const bits = (found: JsonObject, ...parts: readonly (readonly [key: string, digits: number])[]) => {
    const numbers = parts.map(([key]) => countAt(found, key))
    if (numbers.every((number) => number === undefined || number === 0)) return undefined
    return `0x${parts.map(([, digits], index) => hexadecimal(numbers[index], digits)).join('')}`
  }
  const [namespace] = objectsAt(json, 1, 'nvme_namespaces')
  return (
    bits(objectAt(json, 'wwn'), ['naa', 1], ['oui', 6], ['id', 9]) ??
    textAt(json, 'logical_unit_id')?.toLowerCase() ??
    bits(objectAt(namespace, 'eui64'), ['oui', 6], ['ext_id', 10])
  )
}

function hexadecimal(number = 0, digits: number): string {
  return Math.trunc(number).toString(16).padStart(digits, '0')
}

function failureOf(
  exitStatus: number,
  messages: readonly { readonly text: string; readonly isError: boolean }[],
): string | undefined {
  if ((exitStatus & 0b11) === 0) return undefined
  const said = messages.filter(({ isError }) => isError).map(({ text }) => text)
  const plain =
    exitStatus & 1 ? 'smartctl did not understand its command line' : 'the device cannot be opened'
  return said.join('; ') || plain
}
