/** The physical drives of a Smart Array controller: short lines say little of each, details follow further down. */
import { judgeDrive } from '../judge.ts'
import type { Drive } from '../report.ts'
import { bytesOf, given } from '../text.ts'
import { degrees, type Owner } from './controller.ts'
import type { Node } from './outline.ts'
import { progressOf } from './progress.ts'

/** All that is said of one drive, in one place or several. */
export interface DriveNotes {
  /** `1I:1:2`: port, box and bay. */
  readonly name: string
  /** In brackets behind its name, cut at the commas. */
  readonly short: readonly string[]
  readonly values: ReadonlyMap<string, string>
  /** The arrays of the text it stands in: `A`. A spare may stand in several. */
  readonly arrays: readonly string[]
  /** It stands where no array is: `Unassigned`, `HBA Drives`. */
  readonly section: string
}

/** @returns every drive once, in the order of the text */
export function drivesIn(controller: Node): DriveNotes[] {
  const found = new Map<string, DriveNotes>()
  const walk = (node: Node, array: string, section: string) => {
    for (const child of node.children) {
      if (child.kind === 'physical drive') note(found, child, array, section)
      else if (child.kind === 'array') walk(child, child.name, '')
      else if (/^(unassigned|hba (mode )?drives?)$/i.test(child.name)) walk(child, '', child.name)
      else walk(child, array, section)
    }
  }
  walk(controller, '', '')
  return [...found.values()]
}

function note(
  found: Map<string, DriveNotes>,
  { name, said, values }: Node,
  array: string,
  section: string,
): void {
  const before = found.get(name)
  const arrays = before?.arrays ?? []
  const short = said === '' ? [] : said.split(',').map((word) => word.trim())
  found.set(name, {
    name,
    short: short.length > 0 ? short : (before?.short ?? []),
    values: new Map([...(before?.values ?? []), ...values]),
    arrays: array === '' || arrays.includes(array) ? arrays : [...arrays, array],
    section: section || (before?.section ?? ''),
  })
}

/** @param membersOf the logical drives of an array of the text */
export function driveOf(
  notes: DriveNotes,
  owner: Owner,
  membersOf: (array: string) => readonly string[],
): Drive {
  const { name, values, arrays } = notes
  const at = name.lastIndexOf(':')
  const { status, role, size, kind } = shortOf(notes)
  const { word, tasks } = progressOf(values.get('status') ?? status)
  const kindOfDrive = values.get('interface type') ?? kind
  const judged = judgeDrive('hpe', withRole(word, values.get('drive type') ?? role))
  return {
    ...owner,
    kind: 'drive',
    enclosure: at < 0 ? '' : name.slice(0, at),
    slot: name.slice(at + 1),
    status: judged,
    array: arrays.flatMap(membersOf).join(',') || undefined,
    model: values.get('model')?.replace(/ +/g, ' ').replace(/^ATA /, ''),
    serial: given(values.get('serial number')),
    firmware: values.get('firmware revision')?.split(' ')[0],
    interface: /\b(sas|sata|nvme)\b/i.exec(kindOfDrive)?.[1]?.toLowerCase(),
    media: mediaOf(`${kindOfDrive} ${kind}`, values.has('rotational speed')),
    sizeBytes: bytesOf(values.get('size') ?? size, 1000),
    celsius: degrees(values.get('current temperature (c)')),
    smartAlert: alertOf(judged.state, values.get('ssd smart trip wearout')),
    tasks,
  }
}

/** SMART is told of drives that alert, and of solid ones that wear. */
function alertOf(state: Drive['status']['state'], wearout: string | undefined): boolean | undefined {
  if (state === 'predictive-failure') return true
  return wearout === undefined ? undefined : /^true$/i.test(wearout)
}

function mediaOf(kind: string, rotates: boolean): string | undefined {
  if (/solid state|\bssd\b|nvme/i.test(kind)) return 'ssd'
  return rotates || /\bhdd\b/i.test(kind) ? 'hdd' : undefined
}

/** `port 1I:box 1:bay 2, SAS HDD, 146 GB, Rebuilding, active spare for 1I:1:4`: told apart by what each word looks like. */
function shortOf({ short, section }: DriveNotes) {
  const rest = short.filter((word) => !/^(port|box|bay|id)\b/i.test(word))
  const kind = rest.find((word) => /^(sas|sata|nvme|solid state|parallel scsi|scsi)\b/i.test(word)) ?? ''
  const size = rest.find((word) => /^[\d.-]{1,12} ?[KMGTP]B$/i.test(word))
  const role = rest.find((word) => /spare/i.test(word))?.replace(/ for .*/i, '') ?? section
  const status = rest.filter((word) => word !== kind && word !== size && !/spare/i.test(word)).join(', ')
  return { status, role, size, kind }
}

/** What a drive that is well is there for decides; one that is not is what its status says. */
function withRole(status: string, role: string): string {
  return status.toLowerCase() === 'ok' && role !== '' && !/^data drive$/i.test(role)
    ? `${status}, ${role}`
    : status
}
