/**
 * cciss_vol_status -V: logical drives, enclosures, physical drives and the cache of Smart Array controllers, by the
 * device they are asked through. It knows no slots and no serial numbers of controllers.
 * @see cciss_vol_status(8)
 */
import { ParseError, ToolError } from '../../../src/errors.ts'
import { judgeArray, judgeController, judgeDrive } from '../judge.ts'
import type { Controller, Drive, RaidArray } from '../report.ts'
import { linesOf } from '../text.ts'
import type { SmartArray } from './config.ts'
import { progressOf } from './progress.ts'

/** What was said of one controller, until all of it is read. */
interface Notes {
  readonly controller: string
  model: string
  firmware: string | undefined
  /** The first that is not well decides. */
  trouble: string | undefined
  readonly arrays: RaidArray[]
  readonly drives: Drive[]
}

/** @throws {ToolError} it may not look, or finds none; {ParseError} nothing about a controller is in it */
export function parseCciss(text: string): SmartArray[] {
  const found = new Map<string, Notes>()
  let last: Notes | undefined
  let firmware: string | undefined
  for (const line of linesOf(text)) {
    const [, said, version] = /^ {1,8}(Running firmware): (\S{1,32})/.exec(line) ?? []
    if (said !== undefined) firmware = version
    const [, device, model = '', subject = '', status = ''] =
      /^\/dev\/(\S{1,64}?):? ?\(([^():]{1,80})(?::\d{1,4})?\):? (.{1,200}?) status: ?(.{0,200})$/.exec(
        line,
      ) ?? []
    if (device !== undefined) {
      const controller = device.replace(/^cciss\/(c\d{1,3})d\d{1,3}$/, '$1')
      last = found.get(controller) ?? notesOf(controller)
      found.set(controller, last)
      last.model = model
      last.firmware ??= firmware
      firmware = undefined
      noteStatus(last, subject, status.trim().replace(/\.$/, ''))
    } else if (last !== undefined) noteLine(last, line)
  }
  if (found.size === 0) throw refusal(text)
  return [...found.values()].map(smartArrayOf)
}

function notesOf(controller: string): Notes {
  return { controller, model: '', firmware: undefined, trouble: undefined, arrays: [], drives: [] }
}

/** `RAID 6 Volume 0`, `Enclosure MSA70 (S/N: SGA6510007) on Bus 3, Physical Port 1E`. */
function noteStatus(notes: Notes, subject: string, status: string): void {
  const owner = { vendor: 'hpe', controller: notes.controller } as const
  const [, level = '', array] = /^RAID (\S{1,10}).{0,20}? Volume (\d{1,4})\b/.exec(subject) ?? []
  if (array !== undefined) {
    const { word, tasks } = progressOf(status)
    const judged = judgeArray('hpe', word)
    notes.arrays.push({
      ...owner,
      kind: 'array',
      array,
      level: `raid${level.replace('+', '')}`,
      status: judged,
      tasks,
    })
  } else if (/^enclosure /i.test(subject) && !/^ok$/i.test(status)) notes.trouble ??= `Enclosure ${status}`
}

function noteLine(notes: Notes, line: string): void {
  if (/^ {1,8}Write cache temporarily disabled/i.test(line)) notes.trouble ??= line.trim()
  const [, port = '', box = '', bay, rest = ''] =
    /^ {1,20}connector (\S{1,8}) {1,8}box (\S{1,8}) {1,8}bay (\S{1,8}) {1,40}(\S.{0,200})$/.exec(line) ?? []
  if (bay === undefined) return
  // Maker, model and serial number fill columns; the firmware and the state follow without one.
  const columns = rest.split(/ {2,}/)
  const [, firmware, status] = /^(\S{1,16}) (.{1,80})$/.exec(columns.at(-1) ?? '') ?? []
  notes.drives.push({
    vendor: 'hpe',
    controller: notes.controller,
    kind: 'drive',
    enclosure: `${port}:${box}`,
    slot: bay,
    status: judgeDrive('hpe', status ?? columns.at(-1) ?? ''),
    model:
      columns
        .slice(0, -2)
        .filter((word) => word !== 'ATA')
        .join(' ') || undefined,
    serial: columns.length > 2 ? columns.at(-2) : undefined,
    firmware,
  })
}

function smartArrayOf({ controller, model, firmware, trouble, arrays, drives }: Notes): SmartArray {
  const owner = { vendor: 'hpe', controller } as const
  // It has no word for a controller that is well: that it answers says so.
  const status = judgeController('hpe', trouble ?? 'OK')
  const own: Controller = { ...owner, kind: 'controller', status, model, firmware }
  return { owner, parts: [own, ...arrays, ...drives], whole: true }
}

function refusal(text: string): Error {
  const said = text.trim().slice(0, 100)
  if (/permission denied|not permitted/i.test(text))
    return new ToolError(`Cannot ask controllers: ${said}`, 'no-permission')
  if (/no such (file|device)|unknown (board|controller)/i.test(text))
    return new ToolError(`Cannot ask controllers: ${said}`, 'no-controller')
  return new ParseError(`Cannot parse cciss_vol_status "${said}": no status of a volume`)
}
