/**
 * LSI (Avago, Broadcom) host bus adapters with Integrated RAID. Each generation has its own tool, and they number
 * their controllers apart from each other: the label names the generation, `sas3:0`, `sas2:0`, `mpt:0`.
 */
import { CommandError, ToolError } from '../../../src/errors.ts'
import type { ToolCall } from '../../../src/tool.ts'
import type { RaidVendor, VendorContext, VendorItem } from '../vendor.ts'
import { type IrProgress, parseIrcuDisplay, parseIrcuList, parseIrcuStatus } from './ircu.ts'
import { ircuParts } from './ircu-parts.ts'
import { type MptReading, parseMpt, parseMptProbe } from './mpt.ts'
import { mptParts } from './mpt-parts.ts'

export const lsi: RaidVendor = {
  family: 'lsi',
  vendors: ['lsi'],
  every: true,
  names: ['sas3ircu', 'sas2ircu', 'mpt-status'],
  folders: ['/opt/lsi', '/opt/lsi/sas3ircu', '/opt/lsi/sas2ircu', '/opt/MegaRAID/sas3ircu', '/opt/sas2ircu'],
  metrics: [],
  listedBy: (controller) =>
    controller.startsWith('mpt:') ? 'mpt-status' : `${controller.replace(/:.*/, '')}ircu`,
  read: (context) => (context.tool.name === 'mpt-status' ? readMpt(context) : readIrcu(context)),
}

/** Where so many controllers hang it is not they: the others are not waited for. */
const mostHung = 2

function isHung(error: unknown): boolean {
  return error instanceof CommandError && error.timedOut
}

/** What the tool says, on either output, whatever its exit status. */
async function say(tool: ToolCall, args: readonly string[], hangs?: string): Promise<string> {
  const { stdout, stderr } = await tool.exec(args, hangs === undefined ? {} : { hangs })
  return `${stdout.toString()}\n${stderr}`
}

async function* readIrcu({ tool, skip, signal }: VendorContext): AsyncGenerator<VendorItem> {
  const generation = tool.name.replace('ircu', '')
  let hung = 0
  for (const index of parseIrcuList(await say(tool, ['LIST']))) {
    const controller = `${generation}:${index}`
    try {
      if (hung >= mostHung) throw new CommandError(`Cannot ask it: ${hung} others hang`)
      let whole = true
      const display = parseIrcuDisplay(await say(tool, [index, 'DISPLAY'], controller), (error) => {
        whole = false
        skip(error)
      })
      let progress = new Map<string, IrProgress>()
      if (display.volumes.length > 0) {
        try {
          progress = parseIrcuStatus(await say(tool, [index, 'STATUS'], controller))
        } catch (cause) {
          if (signal.aborted) throw cause
          skip(new Error(`Cannot read what goes on on controller ${controller}`, { cause }))
        }
      }
      yield* ircuParts(controller, display, progress)
      if (whole) yield { complete: { vendor: 'lsi', controller } }
    } catch (cause) {
      if (signal.aborted) throw cause
      hung += Number(isHung(cause))
      skip(new Error(`Cannot read controller ${controller}`, { cause }))
      yield { unread: controller }
    }
  }
}

/** Beyond these mpt-status is not asked: the bus of these cards has as many ids. */
const scsiIds = 16
const units = 8

async function* readMpt({ tool, skip, signal }: VendorContext): AsyncGenerator<VendorItem> {
  for (let unit = 0; unit < units; unit += 1) {
    const controller = `mpt:${unit}`
    // The probe ends at the first volume; what is behind it is asked for by id.
    let first: number
    try {
      first = Number(parseMptProbe(await say(tool, ['-u', String(unit), '-p'], controller))[0])
    } catch (error) {
      if (unit === 0) throw error
      if (error instanceof ToolError && error.refusal === 'no-controller') return
      skip(new Error(`Cannot read controller ${controller}`, { cause: error }))
      yield { unread: controller }
      return
    }
    const readings: MptReading[] = []
    let whole = true
    for (let id = first; id < Math.max(first + 1, scsiIds); id += 1) {
      try {
        const reading = parseMpt(await say(tool, ['-u', String(unit), '-n', '-i', String(id)], controller))
        if (reading.parts.length > 0) readings.push(reading)
      } catch (cause) {
        if (signal.aborted) throw cause
        whole = false
        skip(new Error(`Cannot read volume ${id} of controller ${controller}`, { cause }))
        if (isHung(cause)) break
      }
    }
    yield* mptParts(controller, readings)
    if (whole) yield { complete: { vendor: 'lsi', controller } }
  }
}
