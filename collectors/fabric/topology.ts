/**
 * Switches and HCAs of a fabric, and what is at the other end of each port, as `ibnetdiscover --ports` lists them.
 * @see ibnetdiscover(8) of infiniband-diags
 */
import { ParseError } from '../../src/errors.ts'

export interface Uplink {
  readonly type: 'CA' | 'SW'
  readonly lid: string
  readonly port: string
  readonly guid: string
  readonly name: string
}

export interface Device {
  readonly type: 'CA' | 'SW'
  readonly lid: string
  /** `0x506b4b03005c2740` */
  readonly guid: string
  readonly name: string
  /** Of the port listed last, bytes in a second. */
  readonly rate: number | undefined
  /** By port, those with a partner. */
  readonly uplinks: ReadonlyMap<string, Uplink>
}

/** Gigabits in a second that a lane carries, the overhead of its coding taken off, as infiniband_exporter has them. */
const lanes: Readonly<Record<string, number>> = {
  SDR: 2,
  DDR: 4,
  QDR: 8,
  FDR10: 10,
  FDR: 14,
  EDR: 25,
  HDR: 50,
  NDR: 100,
  XDR: 250,
}

const shape =
  /^(CA|SW)\s+(\d{1,6})\s+(\d{1,4})\s+(0x[0-9a-f]{1,16})\s+(\d{1,2})x\s+(\S+)\s+-\s+(CA|SW)\s+(\d{1,6})\s+(\d{1,4})\s+(0x[0-9a-f]{1,16})\s+\( '(.*)' - '(.*)' \)\s*$/

/** @throws {ParseError} a line of two ends is no such line, or there is none at all */
export function parseTopology(text: string): Device[] {
  const found = new Map<
    string,
    { -readonly [Key in keyof Device]: Device[Key] } & { uplinks: Map<string, Uplink> }
  >()
  let lines = 0
  for (const line of text.split('\n')) {
    if (!/^(?:CA|SW|RT)\s+\d/.test(line)) continue
    lines += 1
    // A port without a partner has the name of its own device alone.
    if (line.startsWith('RT') || !line.includes("' - '")) continue
    const [
      whole,
      type,
      lid = '',
      port = '',
      guid = '',
      width,
      speed = '',
      remoteType,
      remoteLid = '',
      remotePort = '',
      remoteGuid = '',
      name = '',
      remote = '',
    ] = shape.exec(line) ?? []
    if (whole === undefined || !isType(type) || !isType(remoteType))
      throw new ParseError(
        `Cannot parse ibnetdiscover "${line.slice(0, 160)}": expected type, lid, port, GUID, width, speed and the other end`,
      )
    const lane = lanes[speed]
    const rate = lane === undefined ? undefined : (Number(width) * lane * 1e9) / 8
    const device = found.get(guid) ?? { type, lid, guid, name: shortName(name), rate, uplinks: new Map() }
    device.rate = rate
    device.uplinks.set(port, {
      type: remoteType,
      lid: remoteLid,
      port: remotePort,
      guid: remoteGuid,
      name: shortName(remote),
    })
    found.set(guid, device)
  }
  if (lines === 0)
    throw new ParseError(
      `Cannot parse ibnetdiscover "${text.trim().slice(0, 160)}": expected a line for each port`,
    )
  return [...found.values()].sort((a, b) => (a.guid < b.guid ? -1 : 1))
}

function isType(word: string | undefined): word is Device['type'] {
  return word === 'CA' || word === 'SW'
}

/** As infiniband_exporter has it: an HCA goes by the node it is in. */
function shortName(name: string): string {
  return name.includes(' HCA') ? (name.split(' ')[0] ?? name) : name
}
