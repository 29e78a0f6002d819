/** Where this node's root and Remora's own data are, and what of them outlives a reboot. */
import { statfs } from 'node:fs/promises'
import { resolve } from 'node:path'
import { describe } from '../errors.ts'
import type { Sample } from '../model.ts'
import { humanise } from '../units.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import { writableFolder } from './folder.ts'

/** @param samples of all collectors */
export function checkRoot(samples: readonly Sample[]): Finding {
  const root = samples.find(({ metric }) => metric.name === 'node_root_info')
  if (root === undefined)
    return warning('root', 'what the root is was not read', 'enable the collector "root"')
  const { kind, filesystem, device } = root.labels
  const what = `${[filesystem, device].filter(Boolean).join(' on ')} (${kind})`
  return root.labels.ephemeral === 'true'
    ? ok('root', `${what}: a reboot forgets it`)
    : ok('root', `${what}: it outlives a reboot`)
}

interface SpoolConfig {
  readonly path: string
  readonly max_bytes: number
  readonly reserve_ratio: number
}

/** Magic numbers of statfs(2): file systems in memory. */
const memory = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
])

/** Whether the spool can be written, and has the room that it may take. @param isRootEphemeral undefined: not known */
export async function checkSpool(
  { path, max_bytes, reserve_ratio }: SpoolConfig,
  rootDevice: number | undefined,
  isRootEphemeral: boolean | undefined,
  deviceOf: (path: string) => Promise<number | undefined>,
): Promise<Finding> {
  const folder = resolve(path)
  const check = 'spool'
  try {
    const there = await writableFolder(folder)
    const { bavail, blocks, bsize, type } = await statfs(there)
    const device = await deviceOf(there)
    const free = Math.max(0, bavail * bsize - blocks * bsize * reserve_ratio)
    const kind = memory.get(type)
    const isMemory = kind !== undefined || (isRootEphemeral === true && device === rootDevice)
    const where = `${folder} ${isMemory ? 'is in memory, as it should be where the root is' : 'outlives a reboot'}`
    if (free < max_bytes)
      return warning(
        check,
        `${folder} has ${humanise(free, 'bytes')} beside its reserve, the bound is ${humanise(max_bytes, 'bytes')}`,
        'lower spool.max_bytes or give it room: see docs/runbooks/RemoraSpoolNearBound.md',
      )
    return ok(check, `${where}, ${humanise(free, 'bytes')} free for at most ${humanise(max_bytes, 'bytes')}`)
  } catch (error) {
    return problem(
      check,
      `Cannot write in "${folder}": ${describe(error)}`,
      'give Remora the folder: see docs/runbooks/RemoraSpoolNotWritable.md',
    )
  }
}
