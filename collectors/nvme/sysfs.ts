/**
 * NVMe controllers and their namespaces as the kernel shows them in /sys/class/nvme.
 * @see Linux drivers/nvme/host/sysfs.c
 */
import { ParseError } from '../../src/errors.ts'
import type { Sample } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import * as metrics from './metrics.ts'

export interface Controller {
  /** `nvme0` */
  readonly name: string
  readonly firmware: string
  readonly model: string
  readonly serial: string
  /** `live`, `resetting`, `connecting`, `dead`, … */
  readonly state: string
  readonly cntlid: string
  readonly namespaces: readonly Namespace[]
}

export interface Namespace {
  readonly nsid: string
  readonly anaState: string
  readonly sizeBytes: number | undefined
  readonly usedBytes: number | undefined
  readonly blockBytes: number | undefined
}

const folder = 'class/nvme'
const mostControllers = 1024
const mostNamespaces = 1024

/** The kernel counts sizes of block devices in 512 bytes, whatever their block size is. */
const sectorBytes = 512

/** A whole number of bytes that a drive can have. @throws {ParseError} if it is none */
function parseSize(path: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new ParseError(`Cannot parse ${path} "${text}": not a whole number`)
  return Number(text)
}

/** @returns the names of the controllers; none where there is no NVMe */
export async function controllerNames(sys: Tree): Promise<string[]> {
  return (await sys.list(folder)).filter((name) => /^nvme\d+$/.test(name)).slice(0, mostControllers)
}

/**
 * @param skip is told of a namespace that cannot be read; the others are
 * @returns undefined if it is gone since the listing
 * @throws the system error of a file of the controller that cannot be read
 */
export async function readController(
  sys: Tree,
  name: string,
  skip: (error: Error) => void,
): Promise<Controller | undefined> {
  const text = async (file: string) => (await sys.line(`${folder}/${name}/${file}`))?.trim()
  const state = await text('state')
  const model = await text('model')
  if (state === undefined && model === undefined) return undefined
  const namespaces = new Map<string, Namespace>()
  for (const entry of (await sys.list(`${folder}/${name}`)).slice(0, mostNamespaces)) {
    // With multipath the paths are named nvme<subsystem>c<controller>n<namespace>.
    const [, nsid] = /^nvme\d+(?:c\d+)?n(\d+)$/.exec(entry) ?? []
    if (nsid === undefined || namespaces.has(nsid)) continue
    try {
      namespaces.set(nsid, await readNamespace(sys, `${folder}/${name}/${entry}`, nsid))
    } catch (error) {
      skip(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return {
    name,
    firmware: (await text('firmware_rev')) ?? '',
    model: model ?? '',
    serial: (await text('serial')) ?? '',
    state: state ?? 'unknown',
    cntlid: (await text('cntlid')) ?? '',
    namespaces: [...namespaces.values()],
  }
}

/** @throws {ParseError} and the system error of a file that cannot be read */
async function readNamespace(sys: Tree, path: string, nsid: string): Promise<Namespace> {
  const number = async (file: string) => {
    const text = (await sys.line(`${path}/${file}`))?.trim()
    return text === undefined ? undefined : parseSize(`${path}/${file}`, text)
  }
  const blockBytes = await number('queue/logical_block_size')
  const size = await number('size')
  const used = await number('nuse')
  return {
    nsid,
    anaState: (await sys.line(`${path}/ana_state`))?.trim() || 'unknown',
    sizeBytes: size === undefined ? undefined : size * sectorBytes,
    usedBytes: used === undefined || blockBytes === undefined ? undefined : used * blockBytes,
    blockBytes,
  }
}

export function* controllerSamples(controller: Controller): Generator<Sample> {
  const { name: device, firmware, model, serial, state, cntlid, namespaces } = controller
  const labels = { device, firmware_revision: firmware, model, serial, state, cntlid }
  yield { metric: metrics.info, value: 1, labels }
  for (const { nsid, anaState, sizeBytes, usedBytes, blockBytes } of namespaces) {
    yield { metric: metrics.namespaceInfo, value: 1, labels: { device, nsid, ana_state: anaState } }
    const values = [
      [metrics.namespaceCapacity, sizeBytes],
      [metrics.namespaceSize, sizeBytes],
      [metrics.namespaceUsed, usedBytes],
      [metrics.logicalBlockSize, blockBytes],
    ] as const
    for (const [metric, value] of values)
      if (value !== undefined && Number.isSafeInteger(value))
        yield { metric, value, labels: { device, nsid } }
  }
}
