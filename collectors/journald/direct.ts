/**
 * One namespace, out of its files. While entries come the headers are looked at every few milliseconds, which costs little
 * beside waking up and shows an entry at once; journald itself tells watchers at most every 250 ms. That is soon enough
 * where none has come for long, and costs nothing.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { CollectContext, SourceBatch } from '../../src/model.ts'
import { Alarm } from './alarm.ts'
import { Bell } from './bell.ts'
import { Copies } from './copies.ts'
import { parseCursor } from './cursor.ts'
import { passBefore } from './file/begin.ts'
import { Budget } from './file/budget.ts'
import { Gather } from './file/gather.ts'
import { type ListedFile, Listing } from './file/listing.ts'
import { JournalSet, type Next } from './file/set.ts'
import { Numbers } from './numbers.ts'
import type { JournalPosition } from './position.ts'
import { fieldFilterOf, keeperOf, type Shaping } from './shape.ts'
import type { Initial } from './start.ts'

/** Between two looks while entries come; when none has come for long; and when the folders are watched, too. */
const activeMilliseconds = 8
const quietMilliseconds = 250
const watchedMilliseconds = 280
/** So long after an entry the looks stay close. */
const activeForMilliseconds = 2000
/** How often folders are looked for whose time has not changed, or that are new; and where those there are watched. */
const relistMilliseconds = 3000
const watchedRelistMilliseconds = 15_000
/** How long the rest of a split line is waited for. */
const lineMilliseconds = 1000

export interface DirectOptions extends Shaping {
  readonly initial: Initial
  readonly field_bytes: number
  readonly rejoin_lines: boolean
}

export interface Direct {
  readonly namespace: string
  readonly position: JournalPosition | undefined
  readonly options: DirectOptions
  dropped(): void
  /** Told of the numbers once, when reading begins. */
  numbers(numbers: Numbers): void
}

/** The reader, and how its files are let go while nobody takes its batches. */
export interface DirectReader {
  readonly batches: AsyncGenerator<SourceBatch, void>
  close(): void
}

/** Reads until the signal. @throws {UnknownFlagsError} if a file needs journalctl */
export function readDirectly(
  { namespace, position, options, dropped, numbers: tell }: Direct,
  { host, skip }: Pick<CollectContext, 'host' | 'skip'>,
  signal: AbortSignal,
): DirectReader {
  const listing = new Listing(namespace, host)
  listing.findFolders()
  listing.relist()
  const numbers = new Numbers(position?.last ?? {}, listing.files)
  tell(numbers)
  const copies = copiesOf(position)
  const persistent = host.resolve('var/log/journal')
  const isCopied = (folder: string) => folder.startsWith(persistent)
  const known = new Set(listing.files.map(({ seqnumId }) => seqnumId))
  const gather = new Gather({
    namespace,
    numbers,
    copies,
    rejoinBytes: options.rejoin_lines ? options.field_bytes : 0,
    isBeforeStart: (id) => position === undefined && options.initial !== 'all' && known.has(id),
    filter: fieldFilterOf(options),
    dropped,
    skip,
  })
  if (position === undefined)
    gather.miss('before_start', passBefore(options.initial, listing.files, numbers, copies, isCopied))
  const set = new JournalSet(listing, numbers, {
    fieldBytes: options.field_bytes,
    keeps: keeperOf(options),
    isCopied,
    budget: new Budget(),
    skip,
    cutShort: (...what) => gather.cutShort(...what),
  })
  return { batches: follow(set, gather, numbers, signal), close: () => set.close() }
}

async function* follow(
  set: JournalSet,
  gather: Gather,
  numbers: Numbers,
  signal: AbortSignal,
): AsyncGenerator<SourceBatch, void> {
  let activeUntil = performance.now() + activeForMilliseconds
  let relistAt = 0
  let flushAt = 0
  using alarm = new Alarm(signal)
  /** Whether the wait in hand is one of a quiet journal whose folders are watched. */
  let isWatched = false
  using bell = new Bell(() => {
    if (isWatched) relistAt = 0
    alarm.ring()
  })
  try {
    while (!signal.aborted) {
      const now = performance.now()
      if (now >= relistAt) {
        set.refreshAll()
        numbers.know(set.files)
        relistAt = now + (isWatched ? watchedRelistMilliseconds : relistMilliseconds)
      } else set.refresh(isWatched)
      const observed = BigInt(Date.now()) * 1_000_000n
      for (let next = set.peek(); next; next = set.peek()) {
        let files = noFiles
        if (!numbers.isNext(next.series.seqnumId, next.entry.seqnum)) {
          next = surely(next, set, numbers)
          files = set.files
        }
        if (gather.isEmpty) flushAt = now + lineMilliseconds
        gather.add(next.entry, next.series, observed, files)
        if (!gather.isFull) continue
        yield gather.take()
        if (signal.aborted) return
        await turn() // However much there is to read, sinks, timers and the page have their turn.
      }
      if (!gather.isEmpty) {
        activeUntil = now + activeForMilliseconds
        if (!gather.isOpen || now >= flushAt) yield gather.take()
      }
      const isActive = performance.now() < activeUntil
      // What was written before a folder was watched is seen at the next look.
      isWatched = !isActive && bell.watch(set.folders)
      await alarm.wait(isActive ? activeMilliseconds : isWatched ? watchedMilliseconds : quietMilliseconds)
    }
  } finally {
    set[Symbol.dispose]()
  }
}

const noFiles: readonly ListedFile[] = []

/**
 * The next entry, looked for again where it would leave a gap: one that was written before it, into another file, may
 * have come since the other header was looked at.
 */
function surely(next: Next, set: JournalSet, numbers: Numbers): Next {
  set.refreshAll()
  numbers.know(set.files)
  return set.peek() ?? next
}

function copiesOf(position: JournalPosition | undefined): Copies {
  if (position === undefined) return new Copies({})
  if (position.volatile !== undefined) return new Copies(position.volatile)
  return Copies.before(parseCursor(position.cursor))
}
