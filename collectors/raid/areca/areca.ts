/** Areca controllers through cli64, which speaks of its first controller alone unless its interactive mode is told otherwise. */
import { CommandError, ToolError } from '../../../src/errors.ts'
import type { RaidVendor, VendorContext, VendorItem } from '../vendor.ts'
import { arecaParts } from './areca-parts.ts'
import { parseArecaFields, parseDisks, parseRaidSets, parseVolumeSets } from './cli64.ts'

export const areca: RaidVendor = {
  family: 'areca',
  vendors: ['areca'],
  names: ['cli64', 'areca_cli64', 'areca-cli', 'cli32', 'areca_cli32'],
  folders: ['/opt/areca', '/usr/local/areca', '/opt/areca/cli'],
  metrics: [],
  read: readController,
}

const controller = '1'

async function* readController({ tool, skip, signal }: VendorContext): AsyncGenerator<VendorItem> {
  const ask = async (...args: readonly string[]) => {
    const { stdout, stderr } = await tool.exec(args)
    return `${stdout.toString()}\n${stderr}`
  }
  let hung = false
  /** `otherwise`, and reported, when it fails: there is more to read than this. */
  const may = async <T>(args: readonly string[], parse: (text: string) => T, otherwise: T): Promise<T> => {
    if (hung) return otherwise
    try {
      return parse(await ask(...args))
    } catch (error) {
      if (signal.aborted) throw error
      hung = error instanceof CommandError && error.timedOut
      skip(error instanceof Error ? error : new Error(String(error)))
      return otherwise
    }
  }
  const system = parseArecaFields(await ask('sys', 'info'))
  try {
    const raidSets = parseRaidSets(await ask('rsf', 'info'))
    const disks = parseDisks(await ask('disk', 'info'))
    const details = new Map<string, ReadonlyMap<string, string>>()
    for (const { number } of disks) {
      const own = await may(['disk', 'info', `drv=${number}`], parseArecaFields, new Map<string, string>())
      if (own.size > 0) details.set(number, own)
    }
    const volumeSets = await may(['vsf', 'info'], parseVolumeSets, undefined)
    const hardware = await may(['hw', 'info'], parseArecaFields, new Map<string, string>())
    const card = { controller, system, hardware, raidSets, volumeSets: volumeSets ?? [], disks, details }
    for (const part of arecaParts(card)) {
      yield part
      const { kind, vendor, controllerSerial } = part
      const whole = kind === 'controller' && volumeSets !== undefined
      if (whole) yield { complete: { vendor, controller, controllerSerial } }
    }
  } catch (cause) {
    if (signal.aborted || cause instanceof ToolError) throw cause
    skip(new Error(`Cannot read controller ${controller}`, { cause }))
    yield { unread: controller }
  }
}
