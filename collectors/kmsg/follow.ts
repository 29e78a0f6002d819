/** The ring from the committed position on, for as long as the source is read; each batch decided with journald. */
import type { ReadContext, SourceBatch } from '../../src/model.ts'
import { bootOf } from './boot.ts'
import { type KernelOwners, ownersOf } from './owners.ts'
import { journaldStretches, kmsgStream, parseKmsg } from './position.ts'
import { Reading } from './reading.ts'
import type { Ring } from './ring.ts'
import type { Stretch } from './stretches.ts'

/** The kernel wakes nobody who does not block, so it is looked at: often while records come, else rarely. */
const activeMilliseconds = 10
const quietMilliseconds = 100
/** So long after the last record it is looked at often. */
const activeForMilliseconds = 1000

/** @param forget told how many stretches were dropped for their number @throws {ParseError} the position is not kmsg's */
export async function* follow(
  ring: Ring,
  forget: (count: number) => void,
  context: ReadContext<{ readonly priority: number }>,
): AsyncGenerator<SourceBatch, void> {
  const { host, signal, options } = context
  const boot = await bootOf(context.proc)
  const owners = ownersOf(host)
  const stored = context.positions.get(kmsgStream)
  const position = stored === undefined ? undefined : parseKmsg(stored)
  using _reading = owners.readKmsg()
  const reading = new Reading(
    boot,
    ring,
    position?.boot === boot ? position : undefined,
    clocks,
    context.skip,
  )
  let lastRecord = 0
  while (!signal.aborted) {
    const gathered = reading.gather()
    const others = gathered.records.length > 0 ? await journaldsNow(context, owners, boot) : []
    const batch = reading.decide(gathered, others, options.priority)
    forget(reading.takeForgotten())
    // Claimed in the same turn as it is decided.
    if (batch !== undefined) yield* owners.claimed('kmsg', reading.stretches, batch)
    if (!gathered.isAtEnd) continue
    if (gathered.records.length > 0) lastRecord = performance.now()
    const isActive = performance.now() - lastRecord < activeForMilliseconds
    await owners.asked(isActive ? activeMilliseconds : quietMilliseconds, signal)
  }
}

/** What journald has spooled, or is about to: when it does not get to it, it has its entries again and keeps them. */
async function journaldsNow(
  context: ReadContext,
  owners: KernelOwners,
  boot: string,
): Promise<readonly Stretch[]> {
  for (;;) {
    const { moves } = owners
    const committed = journaldStretches(await context.positionsOf('journald'), boot)
    if (moves === owners.moves) return [...committed, ...owners.claims('journald')]
  }
}

const clocks = {
  now: () => BigInt(Date.now()) * 1_000_000n,
  /** CLOCK_MONOTONIC, as the kernel's stamps but for drift. */
  sinceBoot: () => process.hrtime.bigint(),
}
