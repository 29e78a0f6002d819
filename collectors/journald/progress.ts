/** How far a namespace is read; where nothing is read, as in `remora collect`, where reading would begin. */
import type { CollectContext } from '../../src/model.ts'
import type { Tree } from '../../src/tree.ts'
import { Copies } from './copies.ts'
import { type Cursor, parseCursor, writeCursor } from './cursor.ts'
import { passBefore } from './file/begin.ts'
import { Budget } from './file/budget.ts'
import { Listing } from './file/listing.ts'
import { JournalSet } from './file/set.ts'
import type { JournalFile, JournalFolder } from './files.ts'
import { Numbers } from './numbers.ts'
import { findStart, type Initial, passOlder } from './start.ts'
import { createView } from './view.ts'

export interface Progress {
  /** The last entry taken, or the first that would be. */
  readonly cursor: Cursor
  /** How many entries of these files are not taken, at most. */
  behind(files: readonly JournalFile[]): number
}

/** @returns undefined where no entry is to be read yet */
export async function startOf(
  initial: Initial,
  folders: readonly JournalFolder[],
  files: readonly JournalFile[],
  { stream, signal }: Pick<CollectContext, 'stream' | 'signal'>,
): Promise<Progress | undefined> {
  using view = await createView(
    folders.map(({ path }) => path),
    signal,
  )
  const { args: begin } = await findStart(initial, view.path, { stream, signal })
  const args = ['--quiet', '--merge', `--directory=${view.path}`, ...begin, '--output=export']
  let head = ''
  for await (const piece of stream({ program: 'journalctl', args, signal })) {
    head += piece.toString('latin1')
    const [, text] = /^__CURSOR=(.*)\n/.exec(head) ?? []
    if (text === undefined) continue
    const cursor = parseCursor(text)
    const numbers = new Numbers({}, files)
    passOlder(numbers, files, cursor.realtimeMicroseconds)
    if (cursor.seqnum !== undefined) numbers.take(cursor.seqnumId, cursor.seqnum - 1)
    return { cursor, behind: (all) => numbers.behind(all) }
  }
  return undefined
}

/** The same, found in the files of a namespace. */
export function startIn(namespace: string, initial: Initial, host: Tree): Progress | undefined {
  const listing = new Listing(namespace, host)
  listing.findFolders()
  listing.relist()
  const numbers = new Numbers({}, listing.files)
  passBefore(initial, listing.files, numbers, new Copies({}), () => true)
  using set = new JournalSet(listing, numbers, {
    fieldBytes: 1024,
    keeps: () => false,
    budget: new Budget(),
    skip: () => undefined,
    cutShort: () => undefined,
    isCopied: () => false,
  })
  set.refreshAll()
  const next = set.peek()
  if (!next) return undefined
  const { entry, series } = next
  numbers.take(series.seqnumId, entry.seqnum - 1)
  return { cursor: parseCursor(writeCursor(series.seqnumId, entry)), behind: (all) => numbers.behind(all) }
}
