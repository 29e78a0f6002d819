/** Physical drives out of `-PDList` and `-LDPDInfo`. */

import { withForecast } from '../../derive.ts'
import { judgeDrive } from '../../judge.ts'
import type { Drive, Task } from '../../report.ts'
import type { Card, DiskFacts } from '../card.ts'
import { celsiusOf, countOf, gigabitsOf, sectorBytesOf, sizeOf, textOf, yesOf } from '../values.ts'
import { blocksOf, type Line, valuesOf } from './text.ts'
import { groupOf } from './volumes.ts'

export interface DiskPlace {
  readonly controller: string
  readonly controllerSerial?: string | undefined
  /** The arrays of a drive group, by its number. */
  readonly arrays: ReadonlyMap<string, string>
  /** What goes on with drives, by `enclosure:slot`. */
  readonly tasks?: ReadonlyMap<string, readonly Task[]>
}

/** @param skip gets what is wrong with one drive */
export function disksOf(
  lines: readonly Line[],
  place: DiskPlace,
  skip: (error: Error) => void,
): Card['disks'] {
  const found = new Map<string, Card['disks'][number]>()
  for (const block of blocksOf(lines, ({ key }) => key === 'enclosure device id')) {
    const values = valuesOf(untilNextVolume(block))
    const enclosure = textOf(values.get('enclosure device id')) ?? ''
    const slot = textOf(values.get('slot number'))
    const word = textOf(values.get('firmware state'))
    const where = `${enclosure}:${slot ?? '?'}`
    if (slot === undefined || !/^\d{1,5}$/.test(slot) || word === undefined)
      skip(
        new Error(`Cannot read drive ${where} of controller ${place.controller}: it has no slot or no state`),
      )
    else
      found.set(
        where,
        diskOf({ enclosure, slot, word, values, group: block.map(groupOf).find(Boolean) }, place),
      )
  }
  return [...found.values()]
}

/** What follows the last drive of one array in `-LDPDInfo` is the next array's. */
function untilNextVolume(block: readonly Line[]): readonly Line[] {
  const end = block.findIndex(({ key }) => /^(?:cachecade )?virtual (?:drive|disk)$/.test(key))
  return end < 0 ? block : block.slice(0, end)
}

interface Found {
  readonly enclosure: string
  readonly slot: string
  /** `Online, Spun Up` */
  readonly word: string
  readonly group: string | undefined
  readonly values: ReadonlyMap<string, string>
}

function diskOf({ enclosure, slot, word, group, values }: Found, place: DiskPlace): Card['disks'][number] {
  const { controller, controllerSerial } = place
  const foreign = /^foreign/i.test(textOf(values.get('foreign state')) ?? '')
  const said = word.split(',')[0] ?? word
  const judged = judgeDrive('broadcom', foreign ? `${said}, foreign` : said)
  const smartAlert = yesOf(values.get('drive has flagged a s.m.a.r.t alert'))
  const predictiveFailures = countOf(values.get('predictive failure count'))
  const kind = textOf(values.get('pd type'))
  const media = textOf(values.get('media type'))
  const inquiry = inquiryOf(values.get('inquiry data') ?? '', kind)
  const short = media && (/solid state|ssd/i.test(media) ? 'SSD' : /hard disk/i.test(media) ? 'HDD' : media)
  const part: Drive = {
    kind: 'drive',
    vendor: 'broadcom',
    controller,
    controllerSerial,
    enclosure,
    slot,
    status: withForecast(
      { ...judged, word: foreign ? `${word}, foreign` : word },
      { smartAlert, predictiveFailures },
    ),
    array: group === undefined ? undefined : place.arrays.get(group),
    model: inquiry.model,
    serial: inquiry.serial,
    firmware: textOf(values.get('device firmware level')) ?? inquiry.firmware,
    interface: kind?.toLowerCase(),
    media: short?.toLowerCase(),
    sizeBytes: sizeOf(values.get('raw size'), sectorBytesOf(values.get('sector size'))),
    celsius: celsiusOf(values.get('drive temperature')),
    mediaErrors: countOf(values.get('media error count')),
    otherErrors: countOf(values.get('other error count')),
    predictiveFailures,
    smartAlert,
    tasks: place.tasks?.get(`${enclosure}:${slot}`) ?? [],
  }
  const facts: DiskFacts = {
    deviceId: textOf(values.get('device id')),
    group: group ?? '-',
    interface: kind,
    media: short,
    state: word,
    shieldCounter: countOf(values.get('shield counter')),
    linkGigabits: gigabitsOf(values.get('link speed')),
    deviceGigabits: gigabitsOf(values.get('device speed')),
    commissionedSpare: yesOf(values.get('commissioned spare')),
    emergencySpare: yesOf(values.get('emergency spare')),
  }
  return { part, facts }
}

/** Fixed columns: SATA serial 20, model 40, firmware 8; SAS vendor 8, model 16, firmware 4, serial the rest. */
function inquiryOf(data: string, kind: string | undefined) {
  const cut = (from: number, to?: number) => textOf(data.slice(from, to))
  if (/sata/i.test(kind ?? '') && data.trimEnd().length > 28)
    return { serial: cut(0, 20), model: cut(20, 60), firmware: cut(60, 68) }
  if (/sas/i.test(kind ?? '') && data.trimEnd().length > 28)
    return { serial: cut(28), model: cut(8, 24), firmware: cut(24, 28) }
  return { serial: undefined, model: textOf(data), firmware: undefined }
}
