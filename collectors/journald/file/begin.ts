/** Where reading begins without a position, found in the files themselves. What lies before is counted as passed. */
import { ParseError } from '../../../src/errors.ts'
import type { Copies } from '../copies.ts'
import type { Numbers } from '../numbers.ts'
import type { Initial } from '../start.ts'
import { sinceOf } from '../start.ts'
import { Budget } from './budget.ts'
import type { ListedFile } from './listing.ts'
import { OpenJournal } from './open-journal.ts'

/** Fields are not looked at. */
const fieldBytes = 1024

/**
 * Passes what lies before the start.
 * @returns how many numbers that were
 */
export function passBefore(
  initial: Initial,
  files: readonly ListedFile[],
  numbers: Numbers,
  copies: Copies,
  isCopied: (folder: string) => boolean,
): number {
  if (initial === 'all') return 0
  const since = sinceOf(initial) ?? previousBoot(files)
  let passed = 0
  for (const file of files.toSorted((a, b) => a.tailMicroseconds - b.tailMicroseconds || a.tail - b.tail)) {
    const last = lastBefore(file, since)
    if (last === undefined) continue
    const gap = numbers.take(file.seqnumId, last.seqnum)
    passed += gap ? gap.to - gap.from + 2 : 1
    if (!isCopied(file.folder)) copies.see(file.seqnumId, last.bootId, last.monotonic)
  }
  return passed
}

/** The last entry before this moment, microseconds since the epoch. */
function lastBefore(file: ListedFile, since: number) {
  if (file.headMicroseconds >= since) return undefined
  return looked(file, (open) => open.lastBefore(since))
}

/** When the boot before the newest one began; 0 where there is but one. */
function previousBoot(files: readonly ListedFile[]): number {
  const begins = new Map<string, number>()
  for (const file of files)
    looked(file, (open) => {
      for (let entry = open.peek(); entry; entry = open.seekBoot(entry.bootId) ? open.peek() : undefined) {
        const known = begins.get(entry.bootId)
        if (known === undefined || entry.realtime < known) begins.set(entry.bootId, entry.realtime)
      }
    })
  return [...begins.values()].sort((a, b) => b - a)[1] ?? 0
}

/** A damaged or removed file has nothing to say here. */
function looked<T>(file: ListedFile, look: (open: OpenJournal) => T): T | undefined {
  try {
    using open = new OpenJournal(file.path, fieldBytes, () => false, new Budget())
    return look(open)
  } catch (error) {
    if (error instanceof ParseError || (error instanceof Error && 'code' in error)) return undefined
    throw error
  }
}
