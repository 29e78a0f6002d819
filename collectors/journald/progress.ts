/** How far a namespace is read; where nothing is read, as in `remora collect`, where reading would begin. */
import type { CollectContext } from '../../src/model.ts'
import { type Cursor, parseCursor } from './cursor.ts'
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
    numbers.take(cursor.seqnumId, cursor.seqnum - 1)
    return { cursor, behind: (all) => numbers.behind(all) }
  }
  return undefined
}
