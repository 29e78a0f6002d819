/**
 * This boot's kernel entries, shared with the collector kmsg (format.md, Owners): what kmsg has spooled is filtered, what
 * it has not is journald's, whose stretches are committed beside its positions. It looks at batches only, whoever made
 * them. Entries without `_TRANSPORT`, `_BOOT_ID` or `_SOURCE_MONOTONIC_TIMESTAMP` are not seen to be the kernel's.
 */
import type { Field, ReadContext, RecordList, SourceBatch } from '../../src/model.ts'
import { RecordColumns } from '../../src/record-columns.ts'
import { bootOf } from '../kmsg/boot.ts'
import { type KernelOwners, ownersOf } from '../kmsg/owners.ts'
import { journaldStream, journaldStretches, kmsgStretches, writeJournald } from '../kmsg/position.ts'
import { covers, Growing, newestEnd, type Stretch } from '../kmsg/stretches.ts'
import { text } from './shape.ts'

const kernel = Buffer.from('kernel')
/** How long an entry that kmsg has not passed waits for it. */
const waitMilliseconds = 1000

/** The batches without what is kmsg's. */
export async function* withoutKmsgs(
  batches: AsyncIterable<SourceBatch>,
  context: ReadContext,
  mostWaitMilliseconds = waitMilliseconds,
): AsyncGenerator<SourceBatch, void> {
  const owners = ownersOf(context.host)
  const boot = await bootOf(context.proc).catch(() => undefined)
  if (boot === undefined) {
    yield* batches // Without /proc there is no kmsg either.
    return
  }
  const growing = new Growing(journaldStretches(context.positions, boot))
  const own = () => ({ stream: journaldStream, position: writeJournald(boot, growing.all) })
  for await (const batch of batches) {
    // Where in the batch something is missing is not known: its kernel entries are in no stretch.
    const isTorn = batch.missed !== undefined && Object.values(batch.missed).some((count) => count > 0)
    if (isTorn) growing.tear()
    const stamps = kernelStamps(batch.records, boot)
    if (stamps.size === 0) {
      if (isTorn) yield { ...batch, positions: [...batch.positions, own()] }
      else yield batch
      continue
    }
    const kmsgs = await passed([...stamps.values()], mostWaitMilliseconds, boot, owners, context)
    let filtered = 0
    const records = batch.records.filter((_record, index) => {
      const stamp = stamps.get(index)
      if (stamp === undefined) return true
      if (covers(kmsgs, stamp)) {
        filtered += 1
        if (!isTorn) growing.leave(stamp)
        return false
      }
      if (!isTorn) growing.take(stamp)
      return true
    })
    // Claimed in the same turn as it is decided.
    yield* owners.claimed('journald', growing.all, {
      ...batch,
      records,
      positions: [...batch.positions, own()],
      filtered: { ...batch.filtered, ...(filtered > 0 && { kmsg: filtered }) },
    })
  }
}

/** Waits until kmsg has passed these stamps, or is late. @returns what it has spooled */
async function passed(
  stamps: readonly number[],
  mostMilliseconds: number,
  boot: string,
  owners: KernelOwners,
  { positionsOf, signal }: ReadContext,
): Promise<readonly Stretch[]> {
  const until = performance.now() + mostMilliseconds
  for (;;) {
    signal.throwIfAborted()
    const { moves } = owners
    const kmsgs = kmsgStretches(await positionsOf('kmsg'), boot)
    if (moves !== owners.moves) continue
    const waits = owners.isKmsgRead && performance.now() < until
    const isUndecided = (stamp: number) =>
      !covers(kmsgs, stamp) && (owners.isClaimed('kmsg', stamp) || (waits && stamp > newestEnd(kmsgs)))
    if (!stamps.some(isUndecided)) return kmsgs
    owners.look()
    await owners.moved(Math.max(1, until - performance.now()), signal)
  }
}

/** By the place of each kernel entry of this boot, its microseconds since boot. */
function kernelStamps(records: RecordList, boot: string): Map<number, number> {
  const stamps = new Map<number, number>()
  if (records instanceof RecordColumns && !records.table.bytes.includes('_TRANSPORT=kernel')) return stamps
  let index = 0
  for (const { fields } of records) {
    const stamp = kernelStamp(fields, boot)
    if (stamp !== undefined) stamps.set(index, stamp)
    index += 1
  }
  return stamps
}

function kernelStamp(fields: readonly Field[], boot: string): number | undefined {
  if (!isKernels(fields) || text(fields, '_BOOT_ID') !== boot) return undefined
  const stamp = text(fields, '_SOURCE_MONOTONIC_TIMESTAMP')
  return stamp !== undefined && /^\d{1,15}$/.test(stamp) ? Number(stamp) : undefined
}

/** Every entry comes by here, so the value is not made a text. */
function isKernels(fields: readonly Field[]): boolean {
  for (const [name, value] of fields) if (name === '_TRANSPORT') return kernel.equals(value)
  return false
}
