/** Marvell adapters through mvcli. */
import { judgeArray, judgeController, judgeDrive } from '../judge.ts'
import type { ArrayState, Drive, Judged, Operation, RaidArray, RaidPart } from '../report.ts'
import type { RaidVendor, VendorContext, VendorItem } from '../vendor.ts'
import { type MvDisk, type MvVolume, parseMvDisks, parseMvVolumes } from './mvcli.ts'

export const marvell: RaidVendor = {
  family: 'marvell',
  vendors: ['marvell'],
  names: ['mvcli'],
  folders: ['/opt/marvell/storage/cli', '/opt/marvell/mvcli', '/opt/mvcli'],
  metrics: [],
  read: readAdapters,
}

async function* readAdapters({ tool }: VendorContext): AsyncGenerator<VendorItem> {
  const ask = async (...args: readonly string[]) => {
    const { stdout, stderr } = await tool.exec(args)
    return `${stdout.toString()}\n${stderr}`
  }
  const volumes = parseMvVolumes(await ask('info', '-o', 'vd'))
  const parts = marvellParts(parseMvDisks(await ask('info', '-o', 'pd')), volumes)
  yield* parts
  for (const { kind, vendor, controller } of parts)
    if (kind === 'controller') yield { complete: { vendor, controller } }
}

/** Virtual disks do not tell their adapter: it is that of their disks. */
export function marvellParts(disks: readonly MvDisk[], volumes: readonly MvVolume[]): RaidPart[] {
  const adapters = [...new Set(disks.map(({ adapter }) => adapter))]
  const [only = '0'] = adapters
  const homes = new Map(
    volumes.flatMap(({ id, disks: members }) => members.map((disk) => [disk, id] as const)),
  )
  const adapterOf = (volume: MvVolume) => disks.find(({ id }) => volume.disks.includes(id))?.adapter ?? only
  const gone = volumes.flatMap((volume) =>
    volume.disks
      .filter((id) => !disks.some((disk) => disk.id === id))
      .map((id): MvDisk => ({ adapter: adapterOf(volume), id, status: 'not listed' })),
  )
  return [
    ...(adapters.length > 0 ? adapters : [only]).map(
      (controller): RaidPart => ({
        vendor: 'marvell',
        controller,
        kind: 'controller',
        status: judgeController('marvell', 'Present'),
      }),
    ),
    ...volumes.map((volume) => arrayOf(volume, adapterOf(volume))),
    ...[...disks, ...gone].map((disk) => driveOf(disk, homes.get(disk.id))),
  ]
}

const operations: readonly (readonly [RegExp, Operation])[] = [
  [/rebuild/i, 'rebuild'],
  [/init/i, 'initialise'],
  [/check|synchron/i, 'check'],
  [/migrat|expan/i, 'reshape'],
]

function arrayOf(volume: MvVolume, controller: string): RaidArray {
  const { id, name, level, sizeBytes, disks, operation, ratio } = volume
  const task = operations.find(([word]) => word.test(operation ?? ''))?.[1]
  return {
    vendor: 'marvell',
    controller,
    kind: 'array',
    array: id,
    status: judgeVolume(volume),
    name,
    level,
    sizeBytes,
    driveCount: disks.length > 0 ? disks.length : undefined,
    tasks: task === undefined ? [] : [{ operation: task, ratio }],
  }
}

/** What goes on and is not known leaves the state as it is, and is counted as an unknown word. */
function judgeVolume({ status, operation }: MvVolume): Judged<ArrayState> {
  const alone = judgeArray('marvell', status)
  if (operation === undefined) return alone
  const going = judgeArray('marvell', `${status}, ${operation}`)
  return going.known ? going : { ...going, state: alone.state }
}

function driveOf(disk: MvDisk, array: string | undefined): Drive {
  const { adapter, id, status, ...rest } = disk
  const derived = array === undefined ? 'in no virtual disk' : 'in a virtual disk'
  return {
    vendor: 'marvell',
    controller: adapter,
    kind: 'drive',
    enclosure: '',
    slot: id,
    status: judgeDrive('marvell', status ?? derived),
    array,
    ...rest,
  }
}
