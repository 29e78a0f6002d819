/**
 * kmsg and journald beside each other on one kernel log, in random order, slow, killed and switched off at random: what
 * the kernel said is committed once, by one of them, whatever happens.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { withoutKmsgs } from '../../../collectors/journald/kernel.ts'
import { follow } from '../../../collectors/kmsg/follow.ts'
import type { LogRecord, ReadContext, SourceBatch } from '../../../src/model.ts'
import { tree } from '../../../src/tree.ts'
import { contextOf } from '../context.ts'
import { counted, journalEntry, type KernelLog, ringOf, sequenceOf } from './kernel-log.ts'

const boot = '0123456789abcdef0123456789abcdef'
const folder = mkdtempSync(join(tmpdir(), 'remora-owners-'))
mkdirSync(join(folder, 'sys/kernel/random'), { recursive: true })
writeFileSync(join(folder, 'sys/kernel/random/boot_id'), '01234567-89ab-cdef-0123-456789abcdef\n')
after(() => rmSync(folder, { recursive: true }))

/** What survives a kill: committed positions and batches. */
class Committed {
  readonly positions = { kmsg: new Map<string, string>(), journald: new Map<string, string>() }
  readonly batches = { kmsg: [] as SourceBatch[], journald: [] as SourceBatch[] }

  commit(source: 'kmsg' | 'journald', batch: SourceBatch): void {
    for (const { stream, position } of batch.positions) this.positions[source].set(stream, position)
    this.batches[source].push(batch)
  }

  get records(): LogRecord[] {
    return [...this.batches.kmsg, ...this.batches.journald].flatMap(({ records }) => [...records])
  }
}

/** The journal, three entries at a time from the committed position on, and what was vacuumed as missed. */
async function* journal(log: KernelLog, { positions, signal }: ReadContext): AsyncGenerator<SourceBatch> {
  for (let at = Number(positions.get('default') ?? 0); !signal.aborted; ) {
    const end = Math.min(at + 3, log.journal.length)
    if (end === at) {
      await sleep(1)
      continue
    }
    const records = Array.from({ length: end - at }, (_, index) => journalEntry(log, at + index, boot))
    yield { records, positions: [{ stream: 'default', position: String(end) }], missed: { vacuumed: 0 } }
    at = end
  }
}

/** One life of an agent. A source is read while it is on; each commit takes as long as `pace` says. */
function life(log: KernelLog, committed: Committed, pace: () => Promise<unknown>) {
  const stopping = new AbortController()
  const host = tree('/')
  const contextFor = (source: 'kmsg' | 'journald', signal: AbortSignal) => ({
    ...contextOf(),
    host,
    proc: tree(folder),
    options: { priority: 7 },
    signal,
    positions: new Map(committed.positions[source]),
    positionsOf: async (other: string) =>
      new Map(other === 'kmsg' ? committed.positions.kmsg : committed.positions.journald),
  })
  const run = async (
    source: 'kmsg' | 'journald',
    batches: AsyncIterable<SourceBatch>,
    signal: AbortSignal,
  ) => {
    for await (const batch of batches) {
      await pace()
      if (signal.aborted) return
      committed.commit(source, batch)
    }
  }
  const start = (source: 'kmsg' | 'journald') => {
    const off = new AbortController()
    const signal = AbortSignal.any([stopping.signal, off.signal])
    const context = contextFor(source, signal)
    const batches =
      source === 'kmsg'
        ? follow(ringOf(log), () => undefined, context)
        : withoutKmsgs(journal(log, context), context, 20)
    const done = run(source, batches, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    return async () => {
      off.abort()
      await done
    }
  }
  return { start, kill: () => stopping.abort() }
}

type Act =
  | { readonly is: 'write'; readonly count: number; readonly later: number; readonly lost: boolean }
  | { readonly is: 'kill' | 'kmsg' | 'journald' | 'wait' }

const write = fc.record({
  is: fc.constant('write' as const),
  count: fc.integer({ min: 1, max: 12 }),
  later: fc.integer({ min: 0, max: 2 }),
  lost: fc.boolean(),
})
const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: write },
    {
      weight: 4,
      arbitrary: fc.record({ is: fc.constantFrom('kill', 'kmsg', 'kmsg', 'journald', 'wait', 'wait') }),
    },
  ),
  { minLength: 5, maxLength: 25 },
)

interface World {
  readonly log: KernelLog
  readonly committed: Committed
}

/** Runs the acts, then both sources to the end. @param overruns whether the ring is small and the journal has holes */
async function play(
  all: readonly Act[],
  overruns: boolean,
  inverted: boolean,
  slow: readonly number[],
): Promise<World> {
  // The kernel's clock goes on between two looks: only records of one burst have one stamp, which matters beside a gap.
  const between = overruns ? 1 : 0
  const log: KernelLog = { stamps: [], capacity: overruns ? 6 : 10_000, journal: [] }
  const committed = new Committed()
  let step = 0
  const pace = async () => {
    for (let turns = slow[step++ % slow.length] ?? 0; turns > 0; turns--) await turn()
  }
  let current = life(log, committed, pace)
  const on = new Map<'kmsg' | 'journald', () => Promise<void>>()
  const toggle = async (source: 'kmsg' | 'journald') => {
    const stop = on.get(source)
    if (stop === undefined) on.set(source, current.start(source))
    else {
      on.delete(source)
      await stop()
    }
  }
  for (const act of all) {
    if (act.is === 'write') {
      const from = log.stamps.length
      for (let i = 0; i < act.count; i++) {
        const last = Math.max(0, ...log.stamps)
        const back = inverted && i % 4 === 1 ? 1 : 0
        log.stamps.push(Math.max(0, last + (log.stamps.length === from ? between : 0) + act.later - back))
        if (!(overruns && act.lost && i % 3 === 0)) log.journal.push(log.stamps.length - 1)
      }
    } else if (act.is === 'kill') {
      current.kill()
      const stops = [...on]
      on.clear()
      for (const [, stop] of stops) await stop()
      current = life(log, committed, pace)
      for (const [source] of stops) on.set(source, current.start(source))
    } else if (act.is === 'wait') await sleep(3)
    else await toggle(act.is)
    await turn()
  }
  for (const source of ['kmsg', 'journald'] as const)
    if (!on.has(source)) on.set(source, current.start(source))
  const isDone = () =>
    Number(committed.positions.journald.get('default') ?? 0) >= log.journal.length &&
    (log.stamps.length === 0 || nextOf(committed) >= log.stamps.length)
  for (const until = Date.now() + 20_000; !isDone(); await sleep(2))
    assert.ok(Date.now() < until, 'both sources come to the end')
  current.kill()
  for (const stop of on.values()) await stop()
  return { log, committed }
}

function nextOf(committed: Committed): number {
  const text = committed.positions.kmsg.get('kmsg')
  return text === undefined ? 0 : Number(JSON.parse(text).next)
}

/** How often each kernel record was committed. */
function copies({ log, committed }: World): number[] {
  const found = log.stamps.map(() => 0)
  for (const record of committed.records) found[sequenceOf(record)] = (found[sequenceOf(record)] ?? 0) + 1
  return found
}

const slowness = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 7 })

for (const inverted of [false, true]) {
  test(`every kernel record is committed by one of kmsg and journald, once, ${inverted ? 'stamps out of order included' : 'through kills and switches'}`, async (t) => {
    const seen = { kmsg: 0, journald: 0, filteredKmsg: 0, filteredJournald: 0 }
    await fc.assert(
      fc.asyncProperty(acts, slowness, async (all, slow) => {
        const world = await play(all, false, inverted, slow)
        assert.deepEqual(
          copies(world),
          world.log.stamps.map(() => 1),
        )
        const { kmsg, journald } = world.committed.batches
        seen.kmsg += kmsg.flatMap(({ records }) => [...records]).length
        seen.journald += journald.flatMap(({ records }) => [...records]).length
        seen.filteredKmsg += counted(kmsg, 'filtered', 'journald')
        seen.filteredJournald += counted(journald, 'filtered', 'kmsg')
      }),
      { numRuns: 40 },
    )
    t.diagnostic(JSON.stringify(seen))
    assert.ok(Math.min(...Object.values(seen)) > 0, JSON.stringify(seen))
  })
}

test('beside overruns and holes of the journal nothing that either had is lost, and only what is beside a gap is repeated', async (t) => {
  const seen = { overrun: 0, repeated: 0 }
  await fc.assert(
    fc.asyncProperty(acts, slowness, async (all, slow) => {
      const world = await play(all, true, false, slow)
      const { kmsg } = world.committed.batches
      const missed = counted(kmsg, 'missed', 'overrun')
      const read = kmsg.reduce(
        (sum, { records, filtered }) => sum + records.length + (filtered?.journald ?? 0),
        0,
      )
      assert.equal(read + missed, world.log.stamps.length, 'read and missed are all there were')
      const taken = new Set(kmsg.flatMap(({ records }) => records.map(sequenceOf)))
      const had = new Set(world.log.journal)
      const found = copies(world)
      for (const [sequence, count] of found.entries()) {
        if (had.has(sequence)) assert.ok(count >= 1, `record ${sequence} is in the journal and nowhere`)
        if (count < 2) continue
        const stamp = world.log.stamps[sequence]
        const same = world.log.stamps.flatMap((other, index) => (other === stamp ? [index] : []))
        const [first = 0, last = 0] = [same[0], same.at(-1)]
        const isBesideGap =
          !taken.has(first - 1) || !taken.has(last + 1) || same.some((one) => !taken.has(one))
        assert.ok(isBesideGap, `record ${sequence} is repeated away from any gap`)
        seen.repeated += 1
      }
      seen.overrun += missed
    }),
    { numRuns: 40 },
  )
  t.diagnostic(JSON.stringify(seen))
  assert.ok(seen.overrun > 0, JSON.stringify(seen))
})
