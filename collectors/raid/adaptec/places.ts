/** Where drives are, and which arrays they are members of: texts of several generations name them differently. */
import type { Drive } from '../report.ts'
import { type Block, textOf } from './blocks.ts'
import { arrayItems, itemsOf, segmentsOf } from './logical.ts'

export type Place = Pick<Drive, 'enclosure' | 'slot'>

/** A device of the text, with the place in which it is counted. */
export interface Placed {
  readonly number: string
  readonly own: readonly Block[]
  /** As the controller's other texts name it: `0,4`. */
  readonly channelDevice: string | undefined
  /** Absent where the text has none. */
  readonly place: Place | undefined
}

/** The hard drives of the text; enclosures and other devices are none. */
export function drivesIn(blocks: readonly Block[]): Placed[] {
  const found = [...itemsOf(blocks, 'device #')]
    .filter(([, own]) =>
      own.some(({ lines }) => lines.some((line) => /^Device is an? (hard|solid|ssd|disk)/i.test(line))),
    )
    .map(([number, own]): Placed => {
      const reported = textOf(own, 'reported channel,device(t:l)', 'reported channel,device') ?? ''
      const channelDevice = /^\d{1,6},\d{1,6}/.exec(reported)?.[0]
      const place = placeOf(textOf(own, 'reported location')) ?? placeBy(channelDevice)
      return { number, own, channelDevice, place }
    })
  // Slots of several connectors without an enclosure may be numbered alike: the controller's own name tells them apart.
  const times = new Map<string, number>()
  for (const { place } of found) if (place) times.set(keyOf(place), (times.get(keyOf(place)) ?? 0) + 1)
  return found.map((one) =>
    one.place && (times.get(keyOf(one.place)) ?? 0) > 1 ? { ...one, place: placeBy(one.channelDevice) } : one,
  )
}

/** `Enclosure 0, Slot 4(Connector 1)`, `Connector 0, Device 1`, `Enclosure Direct Attached, Slot 2`. */
function placeOf(location: string | undefined): Place | undefined {
  const [, enclosure, slot] = /^Enclosure (\S[^,]{0,40}), ?Slot (\d{1,6})/i.exec(location ?? '') ?? []
  if (enclosure !== undefined && slot !== undefined)
    return { enclosure: /^\d+$/.test(enclosure) ? enclosure : '', slot }
  const [, connector, device] = /^Connector (\d{1,6}), ?Device (\d{1,6})/i.exec(location ?? '') ?? []
  if (connector === undefined || device === undefined) return undefined
  return { enclosure: `connector ${connector}`, slot: device }
}

/** Where no hand could find it, as on parallel SCSI, it is called as arcconf's own commands do: `0,4`. */
function placeBy(channelDevice: string | undefined): Place | undefined {
  return channelDevice === undefined ? undefined : { enclosure: '', slot: channelDevice }
}

function keyOf({ enclosure, slot }: Place): string {
  return `${enclosure}:${slot}`
}

/** @returns what finds the arrays of a drive, comma between several: `0`, `0,1` */
export function membership(blocks: readonly Block[]): (placed: Placed) => string | undefined {
  const members = new Map<string, Set<string>>()
  for (const item of arrayItems) {
    for (const [array, own] of itemsOf(blocks, item)) {
      for (const segment of segmentsOf(own)) {
        const key = memberOf(segment)
        if (key !== undefined) members.set(key, (members.get(key) ?? new Set()).add(array))
      }
    }
  }
  return ({ own, channelDevice, place }) => {
    const keys = [place && keyOf(place), channelDevice, textOf(own, 'serial number')]
    const found = keys.map((key) => members.get(key ?? '')).find((arrays) => arrays !== undefined)
    return found && [...found].join(',')
  }
}

/** `Present (Controller:1,Enclosure:0,Slot:2) SERIAL`, `Present (457862MB, SATA, SSD, Connector:0, Device:0) SERIAL`, `Present (0,1) SERIAL`. */
function memberOf(segment: string): string | undefined {
  const [, enclosure, slot] = /Enclosure: ?(\d{1,6}), ?Slot: ?(\d{1,6})/i.exec(segment) ?? []
  if (enclosure !== undefined && slot !== undefined) return keyOf({ enclosure, slot })
  const [, connector, device] = /Connector: ?(\d{1,6}), ?Device: ?(\d{1,6})/i.exec(segment) ?? []
  if (connector !== undefined && device !== undefined)
    return keyOf({ enclosure: `connector ${connector}`, slot: device })
  return /\((\d{1,6},\d{1,6})\)/.exec(segment)?.[1] ?? /\)\s{1,20}(\S{1,64})$/.exec(segment)?.[1]
}
