/**
 * This boot's kernel entries, shared with the collector kmsg (format.md, Owners): what kmsg has spooled is filtered, what
 * it has not is journald's, whose stretches are committed beside its positions. It looks at batches only, whoever made
 * them. Entries without `_TRANSPORT`, `_BOOT_ID` or `_SOURCE_MONOTONIC_TIMESTAMP` are not seen to be the kernel's.
 */
import type { FieldTable } from '../../src/field-table.ts'
import type { Field, LogRecord, ReadContext, SourceBatch } from '../../src/model.ts'
import { isRow } from '../../src/rows.ts'
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
    const stamps = new Map<LogRecord, number>()
    for (const record of batch.records) {
      const stamp = kernelStamp(record, boot)
      if (stamp !== undefined) stamps.set(record, stamp)
    }
    if (stamps.size === 0) {
      if (isTorn) yield { ...batch, positions: [...batch.positions, own()] }
      else yield batch
      continue
    }
    const kmsgs = await passed([...stamps.values()], mostWaitMilliseconds, boot, owners, context)
    let filtered = 0
    const records = batch.records.filter((record) => {
      const stamp = stamps.get(record)
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

/** Microseconds since boot of a kernel entry of this boot; undefined for any other. */
function kernelStamp(record: LogRecord, boot: string): number | undefined {
  if (isRow(record) && !hasKernels(record.rows.table)) return undefined
  const { fields } = record
  if (!isKernels(fields) || text(fields, '_BOOT_ID') !== boot) return undefined
  const stamp = text(fields, '_SOURCE_MONOTONIC_TIMESTAMP')
  return stamp !== undefined && /^\d{1,15}$/.test(stamp) ? Number(stamp) : undefined
}

/** The table looked at last, which a whole batch shares, and whether these bytes are anywhere in it. */
let lookedAt: { readonly table: FieldTable; readonly has: boolean } | undefined

function hasKernels(table: FieldTable): boolean {
  if (lookedAt?.table !== table) lookedAt = { table, has: table.bytes.includes('_TRANSPORT=kernel') }
  return lookedAt.has
}

/** Every entry comes by here, so the value is not made a text. */
function isKernels(fields: readonly Field[]): boolean {
  for (const [name, value] of fields) if (name === '_TRANSPORT') return kernel.equals(value)
  return false
}
