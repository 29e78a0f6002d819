/**
 * Memory for the agent: what the node has, and what control groups leave of it, this process's own and that of
 * remora.service.
 * @see Linux Documentation/admin-guide/cgroup-v2.rst, "Memory"
 */
import type { Surroundings } from '../collect.ts'
import type { Tree } from '../tree.ts'
import { humanise } from '../units.ts'
import { type Finding, ok, unknown, warning } from './finding.ts'

/** What the agent takes in a storm with every sink dead, by `npm run bench:memory`. */
const neededBytes = 160 << 20
const need = `Remora takes up to ${humanise(neededBytes, 'bytes')} in a storm`

const folder = 'fs/cgroup'
const unitGroup = '/system.slice/remora.service'

export async function checkMemory({ sys, proc }: Pick<Surroundings, 'sys' | 'proc'>): Promise<Finding[]> {
  const node = await checkNode(proc)
  if (!(await sys.exists(`${folder}/cgroup.controllers`)))
    return [
      node,
      unknown('memory', 'no control groups of version 2 are here: whether one bounds it was not seen'),
    ]
  const own = /^0::(\/.*)$/m.exec((await proc.read('self/cgroup')) ?? '')?.[1]
  const found = [
    await checkUnitGroup(sys),
    own?.startsWith(unitGroup) ? undefined : await checkOwnGroup(sys, own),
  ]
  return [node, ...found.filter((finding) => finding !== undefined)]
}

async function checkNode(proc: Tree): Promise<Finding> {
  const text = (await proc.read('meminfo')) ?? ''
  const available = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024
  if (!Number.isFinite(available)) return unknown('memory', 'MemAvailable is not in /proc/meminfo')
  const saw = `${humanise(available, 'bytes')} are available`
  return available < neededBytes ? warning('memory', saw, need) : ok('memory', saw)
}

/** What runs the agent there counts already, so the bound has to be enough for all of it. */
async function checkUnitGroup(sys: Tree): Promise<Finding | undefined> {
  const group = await narrowest(sys, unitGroup)
  if (group === undefined) return undefined
  const { path, maxBytes, usedBytes } = group
  const saw = `remora.service uses ${humanise(usedBytes, 'bytes')} of the ${humanise(maxBytes, 'bytes')} of ${path}`
  if (maxBytes < neededBytes) return warning('memory', saw, `raise MemoryMax=: ${need}`)
  return usedBytes > maxBytes * 0.9
    ? warning('memory', saw, 'raise MemoryMax=, or see what it is used for')
    : ok('memory', saw)
}

async function checkOwnGroup(sys: Tree, own: string | undefined): Promise<Finding | undefined> {
  if (own === undefined) return unknown('memory', 'the control group of this process is not known')
  const group = await narrowest(sys, own)
  if (group === undefined) return undefined
  const { path, maxBytes, usedBytes } = group
  const free = humanise(Math.max(0, maxBytes - usedBytes), 'bytes')
  const saw = `the control group ${path}, in which this runs, leaves ${free} of ${humanise(maxBytes, 'bytes')}`
  return maxBytes - usedBytes < neededBytes
    ? warning('memory', saw, `${need}: raise memory.max`)
    : ok('memory', saw)
}

interface Group {
  readonly path: string
  readonly maxBytes: number
  /** Without the cache of files that the kernel gives up first. */
  readonly usedBytes: number
}

/** Of a group and those around it the one that leaves least; undefined: it is not there, or none has a bound. */
async function narrowest(sys: Tree, path: string): Promise<Group | undefined> {
  if (!(await sys.exists(folder + path))) return undefined
  let least: Group | undefined
  for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const group = await groupAt(sys, at)
    if (group && !(least && left(least) <= left(group))) least = group
    if (at === '' || at === '/') return least
  }
}

const left = ({ maxBytes, usedBytes }: Group): number => maxBytes - usedBytes

async function groupAt(sys: Tree, path: string): Promise<Group | undefined> {
  const bytes = async (file: string) => {
    const text = await sys.line(`${folder}${path}/${file}`)
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
  }
  const [maxBytes, current] = [await bytes('memory.max'), await bytes('memory.current')]
  if (maxBytes === undefined || current === undefined) return undefined
  const stat = (await sys.read(`${folder}${path}/memory.stat`)) ?? ''
  const cache = Number(/^inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0)
  return { path: path || '/', maxBytes, usedBytes: Math.max(0, current - cache) }
}
