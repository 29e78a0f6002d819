/**
 * md: the kernel's own RAID, from /proc/mdstat and /sys/block/md<n>/md: node_exporter's names, what they leave out, and
 * the vendor-neutral family with its events.
 */

import type { Collector, Sample, StateReading } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import { raidStateEvents } from '../raid/events.ts'
import { goneItems } from '../raid/gone.ts'
import { raidMetrics, unknownWords } from '../raid/metrics.ts'
import type { RaidPart } from '../raid/report.ts'
import { samplesOf } from '../raid/samples.ts'
import { nameOf, stateOf } from '../raid/states.ts'
import { raidTable } from '../raid/table.ts'
import { type Disk, diskOf } from './disks.ts'
import { isContainer, type MdStat, parseMdstat } from './mdstat.ts'
import * as metrics from './metrics.ts'
import { arrayOf, drivesOf } from './report.ts'
import { type MdSysfs, readMdSysfs } from './sysfs.ts'

const states = ['active', 'inactive', 'recovering', 'resync', 'check'] as const

export const md: Collector = {
  name: 'md',
  metrics: [...metrics.mdMetrics, ...raidMetrics],
  events: raidStateEvents,

  table: raidTable,
  async probe({ proc }) {
    if (await proc.exists('mdstat')) return { here: true }
    return { here: false, why: 'there is no /proc/mdstat: the md module is not loaded' }
  },
  async *collect({ proc, sys, skip, known }) {
    const seen = new Set<string>()
    let unknown = 0
    let isComplete = true
    const found = parseMdstat((await proc.read('mdstat')) ?? '', (error) => {
      isComplete = false
      skip(error)
    })
    // What a disk is to an array says more than that its container has it.
    for (const array of found.toSorted((a, b) => Number(isContainer(a)) - Number(isContainer(b)))) {
      const more = await readMdSysfs(sys, array.name, skip)
      yield* mdSamples(array, more)
      const disks = await disksOf(sys, array)
      const drives = drivesOf(array, more, disks)
      for (const part of isContainer(array) ? drives : [arrayOf(array, more), ...drives]) {
        if (!part.status.known) unknown += 1
        yield* partOf(part, seen)
      }
    }
    if (found.length > 0) yield { metric: unknownWords, value: unknown, labels: { vendor: 'md' } }
    if (!isComplete) return
    for (const name of known().keys())
      if (!seen.has(name)) yield* goneItems(name, { vendor: 'md', controller: 'md' })
  },
}

async function disksOf(sys: Tree, { members }: MdStat): Promise<Map<string, Disk>> {
  const disks = new Map<string, Disk>()
  for (const { name } of members) disks.set(name, await diskOf(sys, name))
  return disks
}

function* partOf(part: RaidPart, seen: Set<string>): Generator<Sample | StateReading> {
  const name = nameOf(part)
  if (seen.has(name)) return // Two arrays may share a disk; its place is told once.
  seen.add(name)
  yield* samplesOf(part)
  yield stateOf(part)
}

export function* mdSamples(array: MdStat, more: MdSysfs | undefined): Generator<Sample> {
  const labels = { device: array.name }
  const count = (flag: string) => array.members.filter(({ flags }) => flags.includes(flag)).length
  const current = stateWord(array)
  const level = array.personality ?? more?.level ?? (isContainer(array) ? 'container' : 'unknown')
  yield { metric: metrics.info, value: 1, labels: { ...labels, level, metadata: array.metadata } }
  yield { metric: metrics.blocks, value: array.blocks, labels }
  yield { metric: metrics.blocksSynced, value: syncedBlocks(array), labels }
  yield { metric: metrics.disksRequired, value: array.disks, labels }
  for (const [state, value] of Object.entries({
    active: array.disksUp,
    failed: count('F'),
    spare: count('S'),
  }))
    yield { metric: metrics.disks, value, labels: { ...labels, state } }
  for (const state of states)
    yield { metric: metrics.state, value: Number(state === current), labels: { ...labels, state } }
  if (array.sync?.goesOn) yield* syncSamples(array, { ...labels, operation: array.sync.operation })
  if (more === undefined) return
  const { raidDisks, degraded, mismatchSectors } = more
  if (raidDisks !== undefined) yield { metric: metrics.raidDisks, value: raidDisks, labels }
  if (degraded !== undefined) yield { metric: metrics.degraded, value: degraded, labels }
  if (mismatchSectors !== undefined) yield { metric: metrics.mismatches, value: mismatchSectors, labels }
  for (const { name, states: words, errors, badSectors } of more.members) {
    const own = { ...labels, member: name }
    for (const state of new Set(words))
      yield { metric: metrics.memberState, value: 1, labels: { ...own, state } }
    if (errors !== undefined) yield { metric: metrics.memberErrors, value: errors, labels: own }
    if (badSectors !== undefined) yield { metric: metrics.memberBadBlocks, value: badSectors, labels: own }
  }
}

/** node_exporter's word; none for a reshape and a broken array, which its states do not have. */
function stateWord({ isActive, isBroken, sync }: MdStat): string {
  if (!isActive) return 'inactive'
  if (isBroken && sync === undefined) return 'broken'
  switch (sync?.operation) {
    case 'recovery':
      return 'recovering'
    case 'resync':
      return 'resync'
    case 'check':
      return 'check'
    case 'reshape':
      return 'reshape'
    default:
      return 'active'
  }
}

/** As node_exporter counts: what waits has nothing done. */
function syncedBlocks({ blocks, sync }: MdStat): number {
  return sync === undefined || sync.operation === 'repair' ? blocks : (sync.done ?? 0)
}

function* syncSamples({ sync }: MdStat, labels: Sample['labels']): Generator<Sample> {
  const { done = 0, all = 0, remainingSeconds, bytesPerSecond } = sync ?? {}
  if (all > 0) yield { metric: metrics.syncProgress, value: Math.min(1, done / all), labels }
  if (remainingSeconds !== undefined) yield { metric: metrics.syncRemaining, value: remainingSeconds, labels }
  if (bytesPerSecond !== undefined) yield { metric: metrics.syncSpeed, value: bytesPerSecond, labels }
}
