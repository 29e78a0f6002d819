/** Where this node's root and Remora's own data are, and what of them outlives a reboot. */
import { stat, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Surroundings } from '../collect.ts'
import { describe } from '../errors.ts'
import type { Sample } from '../model.ts'
import { spoolFile } from '../spool/database-file.ts'
import { deviceNumber } from '../tree.ts'
import { humanise } from '../units.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import { writableFolder } from './folder.ts'

/** @param samples of all collectors */
export function checkRoot(samples: readonly Sample[]): Finding {
  const root = samples.find(({ metric }) => metric.name === 'node_root_info')
  if (root === undefined)
    return warning(
      'root',
      'what the root is was not read',
      'see below what keeps the collector "root" from it, or enable it',
    )
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
  [0x01021994, 'a tmpfs'],
  [0x858458f6, 'a ramfs'],
])

/** Where the alert RemoraSpoolNearBound fires. */
const nearBound = 0.85

type Node = Pick<Surroundings, 'sys' | 'host'>

const readOnly =
  'is on a file system that has turned read-only: an agent that runs moves its spool into memory'
const leave = 'do not restart it, and see docs/runbooks/RootReadOnly.md'

/** Whether the file system of a folder takes no writes, which access(2) does not always know. @param samples of `root` */
export function isReadOnly(folder: string, samples: readonly Sample[]): boolean {
  const path = `${resolve(folder)}/`
  const mountOf = ({ labels }: Sample) => `${labels.mountpoint ?? ''}/`.replace('//', '/')
  const around = samples.filter(
    (sample) => sample.metric.name === 'node_filesystem_readonly' && path.startsWith(mountOf(sample)),
  )
  return around.sort((a, b) => mountOf(b).length - mountOf(a).length)[0]?.value === 1
}

/** Whether the spool can be written, has the room that it may take, and outlives a reboot. @param samples of `root` */
export async function checkSpool(
  config: SpoolConfig,
  node: Node,
  samples: readonly Sample[],
): Promise<Finding[]> {
  const folder = resolve(config.path)
  const check = 'spool'
  try {
    const there = await writableFolder(folder)
    if (isReadOnly(there, samples)) return [problem(check, `${folder} ${readOnly}`, leave)]
    const kind = await memoryKind(there, node, samples)
    const room = await checkRoom(config, folder, there)
    if (kind === undefined) return [room]
    const saw = `${folder} is in memory, on ${kind}: it does not outlast a reboot`
    const todo =
      'as it must be where all is memory: keep a sink on another machine; else set spool.path to a disk'
    return [room, warning(check, saw, todo)]
  } catch (error) {
    return [
      problem(
        check,
        `Cannot write in "${folder}": ${describe(error)}`,
        'give Remora the folder: see docs/runbooks/RemoraSpoolNotWritable.md',
      ),
    ]
  }
}

async function checkRoom(config: SpoolConfig, folder: string, there: string): Promise<Finding> {
  const { max_bytes, reserve_ratio } = config
  const { bavail, blocks, bsize } = await statfs(there)
  const freeBytes = Math.max(0, bavail * bsize - blocks * bsize * reserve_ratio)
  const usedBytes = await spoolBytes(folder)
  const [used, free, bound] = [usedBytes, freeBytes, max_bytes].map((bytes) => humanise(bytes, 'bytes'))
  const saw = `${folder} takes ${used} of at most ${bound}, its file system has ${free} beside its reserve`
  if (usedBytes >= max_bytes * nearBound)
    return warning('spool', saw, 'see which sink lags: docs/runbooks/RemoraSpoolNearBound.md')
  return usedBytes + freeBytes < max_bytes
    ? warning('spool', saw, 'lower spool.max_bytes or give it room: docs/runbooks/RemoraSpoolNearBound.md')
    : ok('spool', saw)
}

/** The file and its write-ahead log; 0 where there is none yet. */
async function spoolBytes(folder: string): Promise<number> {
  const sizes = [spoolFile, `${spoolFile}-wal`].map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/** What of memory a folder is on; undefined: nothing of it. */
async function memoryKind(
  folder: string,
  { sys, host }: Node,
  samples: readonly Sample[],
): Promise<string | undefined> {
  const kind = memory.get((await statfs(folder)).type)
  if (kind !== undefined) return kind
  const { dev } = await stat(folder)
  const device = (await sys.link(`dev/block/${deviceNumber(dev)}`))?.split('/').at(-1) ?? ''
  if (device.startsWith('zram')) return `/dev/${device}`
  const isEphemeral = samples.find(({ metric }) => metric.name === 'node_root_ephemeral')?.value === 1
  const root = await stat(host.resolve('')).catch(() => undefined)
  return isEphemeral && root?.dev === dev ? 'the root' : undefined
}
