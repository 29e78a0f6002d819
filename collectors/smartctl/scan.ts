/** The devices to ask: what smartctl's scan finds, and what is configured beside it (drives behind cciss and Areca). */
import { ParseError } from '../../src/errors.ts'
import { objectsAt, parseToolJson, textAt } from '../../src/tool-json.ts'
import { type Device, deviceKey } from './report.ts'

/** More devices than this a node does not have. */
const mostDevices = 1024

/** A path without anything a command line could take for more than a path. */
export const devicePattern = /^\/[\w./:@+-]{1,250}$/
export const typePattern = /^[a-z0-9][\w,+./-]{0,60}$/i

/**
 * Parses `smartctl --scan --json`.
 * @param skip is told of an entry that names no device
 * @returns the devices, none twice; `auto` for what is found as plain SCSI, since SATA drives behind a bridge are, too
 * @throws {ParseError} if it is not smartctl's JSON
 */
export function parseScan(output: Buffer | string, skip: (error: Error) => void): Device[] {
  const json = parseToolJson('the scan of smartctl', output)
  if (textAt(json, 'smartctl', 'version') === undefined && !Object.hasOwn(json, 'smartctl'))
    throw new ParseError('Cannot parse the scan of smartctl: JSON without the key "smartctl"')
  const found: Device[] = []
  for (const entry of objectsAt(json, mostDevices, 'devices')) {
    const name = textAt(entry, 'name') ?? ''
    const type = textAt(entry, 'type') ?? 'auto'
    if (devicePattern.test(name) && typePattern.test(type)) found.push({ name, type })
    else skip(new ParseError(`Cannot read the device "${name}" of type "${type}": no such name or type`))
  }
  return merged(found.map((device) => (device.type === 'scsi' ? { ...device, type: 'auto' } : device)))
}

/** @returns the devices in order, each once */
export function merged(devices: readonly Device[]): Device[] {
  const byKey = new Map(devices.map((device) => [deviceKey(device), device]))
  return [...byKey.values()]
}

/**
 * The version in the first line of `smartctl --version`: `smartctl 7.3 2022-02-28 r5338 …`.
 * @returns its parts; undefined when there is none
 */
export function parseVersion(output: string): readonly [major: number, minor: number] | undefined {
  const [, major, minor] = /^smartctl (?:pre-)?(\d{1,3})\.(\d{1,3})/m.exec(output) ?? []
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)]
}
