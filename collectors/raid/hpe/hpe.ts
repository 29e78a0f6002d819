/**
 * HPE Smart Array controllers: ssacli, its older names hpssacli and hpacucli, and cciss_vol_status where none of them
 * is. The first that finds a controller is read. One instance locks the others out, in whatever process.
 */
import { CommandError, ParseError, ToolError } from '../../../src/errors.ts'
import type { ToolBounds } from '../../../src/tool.ts'
import type { RaidPart } from '../report.ts'
import type { RaidVendor, VendorContext, VendorItem } from '../vendor.ts'
import { parseCciss } from './cciss.ts'
import { parseSmartArrays, type SmartArray } from './config.ts'
import type { Owner } from './controller.ts'

export const hpe: RaidVendor = {
  family: 'ssacli',
  vendors: ['hpe'],
  names: ['ssacli', 'hpssacli', 'hpacucli', 'cciss_vol_status'],
  folders: [
    '/opt/smartstorageadmin/ssacli/bin',
    '/opt/hp/hpssacli/bld',
    '/opt/hp/hpacucli/bld',
    '/opt/compaq/hpacucli/bld',
  ],
  metrics: [],
  async *read(context) {
    if (context.tool.name === 'cciss_vol_status') yield* readCciss(context)
    else yield* readSmartArrays(context)
  },
}

interface Said {
  readonly text: string
  /** It ended well, and not in the middle of a line: what it does not list is not there. */
  readonly whole: boolean
}

async function say(
  { tool }: VendorContext,
  args: readonly string[],
  bounds: ToolBounds = { deadlineSeconds: 90 },
): Promise<Said> {
  const { stdout, stderr, exitCode } = await tool.exec(args, bounds)
  const text = stdout.toString('utf8')
  return { text: text.trim() === '' ? stderr : text, whole: exitCode === 0 && text.endsWith('\n') }
}

async function* readSmartArrays(context: VendorContext): AsyncGenerator<VendorItem> {
  const status = await say(context, ['ctrl', 'all', 'show', 'status'])
  const listed = parseSmartArrays(status.text)
  const config = await readConfig(context, listed)
  for (const { owner, parts, whole } of config.controllers) {
    const before = listed.find((one) => one.owner.controller === owner.controller)
    yield* completed(parts, owner, before)
    if (config.whole && whole) yield { complete: owner }
  }
  const lost = listed.filter(
    ({ owner }) => !config.controllers.some((one) => one.owner.controller === owner.controller),
  )
  for (const { owner } of lost) {
    // What the list says of it is not shown: without its serial number it would be another controller.
    yield { unread: owner.controller }
    context.skip(
      new ParseError(`Cannot read controller "${owner.controller}": its configuration is left out`),
    )
  }
}

interface Config {
  readonly controllers: readonly SmartArray[]
  readonly whole: boolean
}

/** Of all controllers in one question, or where that hangs of each by itself, so that one that hangs costs only itself. */
async function readConfig(context: VendorContext, listed: readonly SmartArray[]): Promise<Config> {
  try {
    return await askConfig(context, 'all', { deadlineSeconds: 90 })
  } catch (error) {
    const slots = listed.map(({ owner }) => owner.controller).filter((name) => /^\d{1,3}$/.test(name))
    if (!isHung(error) || slots.length < 2) throw error
    context.skip(error)
    return readEach(context, slots)
  }
}

/** Where so many hang it is not they: the others are not waited for. */
const mostHung = 2

async function readEach(context: VendorContext, slots: readonly string[]): Promise<Config> {
  const controllers: SmartArray[] = []
  let hung = 0
  for (const slot of slots) {
    if (hung >= mostHung) break
    try {
      const bounds = { deadlineSeconds: 20, hangs: `controller ${slot}` }
      const read = await askConfig(context, `slot=${slot}`, bounds)
      controllers.push(...read.controllers.map((one) => ({ ...one, whole: one.whole && read.whole })))
    } catch (error) {
      if (context.signal.aborted || !(error instanceof Error)) throw error
      hung += Number(isHung(error))
      context.skip(error)
    }
  }
  return { controllers, whole: true }
}

function isHung(error: unknown): error is CommandError {
  return error instanceof CommandError && error.timedOut
}

/**
 * Versions that do not know `detail` say less: no serial numbers, no temperatures.
 * @param which `all`, or `slot=1`
 */
async function askConfig(context: VendorContext, which: string, bounds: ToolBounds): Promise<Config> {
  const words = ['ctrl', which, 'show', 'config'] as const
  const detail = await say(context, [...words, 'detail'], bounds)
  try {
    // Torn before its status, a controller may lack the serial number that names all of its parts.
    const controllers = parseSmartArrays(detail.text).filter(({ parts }) =>
      parts.some(({ kind }) => kind === 'controller'),
    )
    return { controllers, whole: detail.whole }
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    const { text, whole } = await say(context, words, bounds)
    return { controllers: parseSmartArrays(text), whole }
  }
}

/** What the list of controllers says, where their configuration does not. */
function* completed(
  parts: readonly RaidPart[],
  owner: Owner,
  listed: SmartArray | undefined,
): Generator<RaidPart> {
  yield* parts
  for (const part of listed?.parts ?? []) {
    if (parts.some(({ kind }) => kind === part.kind)) continue
    // Named as the others are: by the serial number, where the configuration has one.
    yield { ...part, ...owner }
  }
}

async function* readCciss(context: VendorContext): AsyncGenerator<VendorItem> {
  const devices = await devicesOf(context)
  if (devices.length === 0) throw new ToolError('Cannot ask controllers: no device of one', 'no-controller')
  const { text, whole } = await say(context, ['-V', ...devices])
  for (const { owner, parts } of parseCciss(text)) {
    yield* parts
    if (whole) yield { complete: owner }
  }
}

/** The devices that a controller answers on: of the driver cciss the first disk, of hpsa the controller itself. */
async function devicesOf({ host, sys }: VendorContext): Promise<string[]> {
  const cciss = (await host.list('dev/cciss')).filter((name) => /^c\d{1,3}d0$/.test(name))
  const generic: string[] = []
  for (const name of await sys.list('class/scsi_generic')) {
    const type = (await sys.read(`class/scsi_generic/${name}/device/type`))?.trim()
    const vendor = (await sys.read(`class/scsi_generic/${name}/device/vendor`))?.trim()
    if (type === raidType && /^(HPE?|COMPAQ)$/.test(vendor ?? '')) generic.push(name)
  }
  return [...cciss.map((name) => `/dev/cciss/${name}`), ...generic.map((name) => `/dev/${name}`)]
}

/** The SCSI device type of a storage array controller. */
const raidType = '12'
