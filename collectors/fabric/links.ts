/**
 * The links of a fabric, as `iblinkinfo --line` tells them: each from both its ends.
 * @see iblinkinfo(8) of infiniband-diags
 */
import { ParseError } from '../../src/errors.ts'

export interface End {
  readonly guid: string
  readonly port: string
  readonly name: string
}

export interface Link {
  /** The same link from either side: the end with the lower GUID, or port, first. */
  readonly ends: readonly [End, End]
  /** `4X`, `25.78125 Gbps`. */
  readonly width: string
  readonly speed: string
  /** `Active`, `Initialize`, `Armed`. */
  readonly state: string
  /** What it could be and is not: `Could be 25.78125 Gbps`; empty where it is all it can be. */
  readonly couldBe: string
}

const shape =
  /^\s*(0x[0-9a-f]{1,16})\s+"\s*(.*?)"\s+\d+\s+(\d+)\[[^\]]*\]\s*==\(\s*(\d+X)\s+([\d.]+ Gbps)\s+(\w+)\s*\/\s*(\w+)\s*\)==>\s+(0x[0-9a-f]{1,16})\s+\d+\s+(\d+)\[[^\]]*\]\s+"\s*(.*?)"\s+\((.*)\)\s*$/

/** Links with both ends, each once. @throws {ParseError} a line of a link is no such line, or there is none at all */
export function parseLinks(text: string): Link[] {
  const found = new Map<string, Link>()
  let lines = 0
  for (const line of text.split('\n')) {
    if (!line.includes('==(')) continue
    lines += 1
    const [, status = ''] = /==\((.{0,100}?)\)==>/.exec(line) ?? []
    if (/Down\s*\/|^\s*(?:Unknown)?\s*\//.test(status)) continue
    const [
      whole,
      guid = '',
      name = '',
      port = '',
      width = '',
      speed = '',
      state = '',
      ,
      remoteGuid = '',
      remotePort = '',
      remoteName = '',
      couldBe = '',
    ] = shape.exec(line) ?? []
    if (whole === undefined)
      throw new ParseError(
        `Cannot parse iblinkinfo "${line.trim().slice(0, 200)}": expected two ends, width, speed and state`,
      )
    const own = { guid, port, name }
    const other = { guid: remoteGuid, port: remotePort, name: remoteName }
    const ends = ordered(own, other)
    found.set(nameOf(ends), { ends, width, speed, state, couldBe: couldBe.trim() })
  }
  if (lines === 0)
    throw new ParseError(
      `Cannot parse iblinkinfo "${text.trim().slice(0, 160)}": expected a line for each port`,
    )
  return [...found.values()]
}

type PortOf = Pick<End, 'guid' | 'port'>

/** The same from either end: the one with the lower GUID, or port, first. */
export function ordered<T extends PortOf>(own: T, other: T): [T, T] {
  const isFirst = own.guid < other.guid || (own.guid === other.guid && Number(own.port) <= Number(other.port))
  return isFirst ? [own, other] : [other, own]
}

/** Of its two ends, in order, whatever it does. */
export function nameOf([a, b]: readonly [PortOf, PortOf]): string {
  return `link:${a.guid}:${a.port}:${b.guid}:${b.port}`
}
