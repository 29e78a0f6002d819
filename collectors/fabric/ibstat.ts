/**
 * The ports of this node, as ibstat tells them: whether one of them leads into a fabric.
 * @see ibstat(8) of infiniband-diags
 */
import { ParseError } from '../../src/errors.ts'

export interface LocalPort {
  readonly device: string
  readonly port: string
  /** `Active`, `Down`, `Initializing`. */
  readonly state: string
  readonly physicalState: string
  /** Gigabits in a second. */
  readonly rate: number | undefined
  /** `InfiniBand`, `Ethernet`. */
  readonly linkLayer: string
}

/** What was printed before a panic counts. @throws {ParseError} no adapter is in it */
export function parseIbstat(text: string): LocalPort[] {
  const ports: { -readonly [Key in keyof LocalPort]: LocalPort[Key] }[] = []
  let device: string | undefined
  for (const line of text.split('\n')) {
    device = /^CA '(.{1,64})'/.exec(line)?.[1] ?? device
    const [, port] = /^\s+Port (\d{1,4}):\s*$/.exec(line) ?? []
    if (port !== undefined && device !== undefined)
      ports.push({ device, port, state: '', physicalState: '', rate: undefined, linkLayer: '' })
    const [, key, value = ''] = /^\s+(State|Physical state|Rate|Link layer):\s*(.*?)\s*$/.exec(line) ?? []
    const last = ports.at(-1)
    if (last === undefined) continue
    if (key === 'State') last.state = value
    else if (key === 'Physical state') last.physicalState = value
    else if (key === 'Link layer') last.linkLayer = value
    else if (key === 'Rate' && /^\d{1,5}(?:\.\d)?$/.test(value)) last.rate = Number(value)
  }
  if (device === undefined)
    throw new ParseError(`Cannot parse ibstat "${text.trim().slice(0, 160)}": expected "CA 'name'"`)
  return ports
}

/** Whether a subnet manager has made one ready. */
export function leadsIntoFabric(ports: readonly LocalPort[]): boolean {
  return ports.some(({ state, linkLayer }) => state === 'Active' && linkLayer !== 'Ethernet')
}
