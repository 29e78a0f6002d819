/**
 * Where a journalctl that failed is begun anew. `journalctl -o export` ends at an entry with a field it cannot print, and
 * would end there each time; a file can be so damaged that it cannot even get to the next entry.
 */
import { CommandError } from '../../src/errors.ts'
import { cursorAt, parseCursor } from './cursor.ts'
import type { JournalFile } from './files.ts'
import { findReadable, isOf, type Shelf } from './range.ts'

/** So often it must have failed at one place without showing an entry. */
const mostBlind = 3
const cannotRead = /Bad message|Input\/output error|Cannot assign requested address|Structure needs cleaning/

export class Resume {
  #past: string | undefined
  #broken: string | undefined
  #blind = 0
  /** What ended the last one in the midst of an entry: an accident, unless it does so again. */
  #accident: CommandError | undefined

  /** The cursor to begin at, where it is not the position's. */
  get past(): string | undefined {
    return this.#past
  }

  /** A batch came: the position is behind what was damaged. @returns an accident, which is to be told */
  advanced(): CommandError | undefined {
    const accident = this.#accident
    this.#accident = undefined
    this.#past = undefined
    this.#blind = 0
    return accident
  }

  /**
   * @param open the cursor of the entry of which a part came
   * @param position the cursor of the last one that was taken
   * @returns whether to begin anew at once: what is passed over will be a gap, and be named as one
   */
  async failed(
    error: unknown,
    open: string | undefined,
    position: string | undefined,
    files: () => Promise<readonly JournalFile[]>,
    shelf: Omit<Shelf, 'files'>,
  ): Promise<boolean> {
    if (!(error instanceof CommandError) || error.exitCode === undefined) return false
    if (open !== undefined) {
      const isAgain = open === this.#broken
      if (isAgain) this.#past = await pastOf(open, await files(), shelf)
      this.#accident = isAgain ? undefined : error
      this.#broken = open
      return true
    }
    if (position === undefined || this.#past !== undefined || !cannotRead.test(error.stderr)) return false
    this.#blind += 1
    if (this.#blind < mostBlind) return false
    this.#past = await pastOf(position, await files(), shelf)
    return this.#past !== undefined
  }
}

/** The cursor of the first entry of that id after this one that can be read, else of the one to come. */
async function pastOf(
  text: string,
  files: readonly JournalFile[],
  shelf: Omit<Shelf, 'files'>,
): Promise<string | undefined> {
  const { seqnumId, seqnum } = parseCursor(text)
  if (seqnum === undefined) return cursorAt(text, 1n)
  const from = seqnum + 1
  const own = files.filter(isOf({ seqnumId, from: seqnum, to: Number.POSITIVE_INFINITY }))
  const to = Math.max(seqnum, ...own.map(({ tail }) => tail))
  const found = await findReadable({ seqnumId, from, to }, { ...shelf, files: own })
  return cursorAt(text, BigInt((found ?? to + 1) - seqnum))
}
