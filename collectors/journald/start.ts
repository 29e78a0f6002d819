/** Where reading begins without a position: at the boot before this one, a duration ago, or at the first entry. */
import type { CollectContext } from '../../src/model.ts'
import { ExportParser } from './export.ts'
import type { JournalFile } from './files.ts'
import type { Numbers } from './numbers.ts'
import { text } from './shape.ts'

/** `previous-boot`, `all`, or a duration such as `12h`. */
export type Initial = string

export const initialPattern = /^(?:previous-boot|all|\d{1,9}[smhd])$/

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** @returns the arguments that make journalctl begin there */
export async function startArguments(
  initial: Initial,
  view: string,
  { stream, signal }: Pick<CollectContext, 'stream' | 'signal'>,
): Promise<string[]> {
  if (initial === 'all') return []
  const [, number, unit = ''] = /^(\d+)([smhd])$/.exec(initial) ?? []
  if (number !== undefined) {
    const seconds = Number(number) * (unitSeconds[unit] ?? 1)
    return [`--since=@${Math.floor(Date.now() / 1000) - seconds}`]
  }
  const parser = new ExportParser(1024)
  try {
    const args = ['--quiet', '--boot=-1', `--directory=${view}`, '--output=export']
    for await (const piece of stream({ program: 'journalctl', args, signal })) {
      const cursor = text(parser.parse(piece)[0]?.fields ?? [], '__CURSOR')
      if (cursor !== undefined) return [`--cursor=${cursor}`]
    }
  } catch (error) {
    // It fails where the journal knows no boot but one.
    if (signal.aborted) throw error
  }
  return []
}

/** Passes the files that end before the first entry. @returns how many entries journald numbered in them */
export function passOlder(
  numbers: Numbers,
  files: readonly JournalFile[],
  firstMicroseconds: number,
): number {
  let passed = 0
  const older = files.filter(({ tailMicroseconds }) => tailMicroseconds < firstMicroseconds)
  for (const { seqnumId, tail } of older.sort((a, b) => a.tail - b.tail)) {
    const gap = numbers.take(seqnumId, tail)
    passed += gap ? gap.to - gap.from + 2 : 1
  }
  return passed
}
