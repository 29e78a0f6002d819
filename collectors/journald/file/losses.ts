/** Why numbers did not come. Each of them is counted once, under one reason. */
import { ParseError } from '../../../src/errors.ts'
import type { Gap } from '../numbers.ts'
import type { ListedFile } from './listing.ts'

export interface Damage {
  /** Entries that could not be read just before the one that shows the gap; infinite where nobody knows how many. */
  readonly count: number
  /** The file has no name any more: what could not be read was vacuumed. */
  readonly isDeleted: boolean
  readonly path: string
  /** What was wrong with the first of them. */
  readonly why: Error | undefined
}

/** @returns what to say of numbers that are in a file, or should be */
export function lossInWords(
  count: number,
  { from, to }: Pick<Gap, 'from' | 'to'>,
  seqnumId: string,
  damage: Damage,
): ParseError {
  const what = `Cannot read ${count} journal entries "${seqnumId}:${from}" to ${to}`
  return new ParseError(`${what}: they did not come out of ${damage.path}`, { cause: damage.why })
}

/**
 * Older than any file that is left: `vacuumed`. In a file and not readable: `corrupted`. Neither, as where journald has
 * lost its memory at a crash or a file was taken away: `unseen`.
 * @param files as they are now
 */
export function lossesOf(
  { from, to }: Gap,
  seqnumId: string,
  files: readonly ListedFile[],
  damage: Damage,
): Readonly<Record<'vacuumed' | 'corrupted' | 'unseen', number>> {
  let oldest = to + 1
  for (const file of files) if (file.seqnumId === seqnumId && file.head < oldest) oldest = file.head
  const older = Math.max(0, oldest - from)
  const left = to - from + 1 - older
  const damaged = Math.min(left, damage.count)
  return {
    vacuumed: older + (damage.isDeleted ? damaged : 0),
    corrupted: damage.isDeleted ? 0 : damaged,
    unseen: left - damaged,
  }
}
