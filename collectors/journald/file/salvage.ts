/**
 * Looks for entries where the arrays that list them are damaged: from object to object and, where an object is damaged,
 * at each multiple of 8 until the next that looks like one.
 */
import { ParseError } from '../../../src/errors.ts'
import type { Entries, FileEntry } from './entries.ts'
import { type FileHeader, readNumber } from './header.ts'
import { isObjectHeader, objectHeaderBytes, objectType } from './object.ts'
import type { Windows } from './windows.ts'

const blockBytes = 64 << 10
/** A file is made larger than it is filled. */
const nothing = Buffer.alloc(blockBytes)

/**
 * @param from where an object begins, or anything that may be one
 * @param to nothing behind it is looked at
 * @returns entries that are as they were written and numbered above `above`, in their order
 */
export function* salvage(
  windows: Windows,
  entries: Entries,
  from: number,
  to: number,
  above: number,
  { numbersAgree, tailSeqnum }: FileHeader,
): Generator<FileEntry, void> {
  const most = numbersAgree ? tailSeqnum : Number.POSITIVE_INFINITY
  let last = above
  // No hash covers a number, so it waits for the next one, which is higher.
  let waiting: { readonly offset: number; readonly seqnum: number } | undefined
  for (const { offset, seqnum } of wholeEntries(windows, entries, from, to)) {
    if (seqnum <= last || seqnum > most) continue
    if (waiting && (seqnum > waiting.seqnum || waiting.seqnum === last + 1)) {
      const entry = entryAt(entries, waiting.offset)
      if (entry) yield entry
      last = waiting.seqnum
    }
    waiting = seqnum > last ? { offset, seqnum } : undefined
  }
  if (!waiting) return
  const { offset, seqnum } = waiting
  const entry = entryAt(entries, offset)
  if (entry && (numbersAgree || seqnum === last + 1 || seqnum === tailSeqnum)) yield entry
}

function* wholeEntries(
  windows: Windows,
  entries: Entries,
  from: number,
  to: number,
): Generator<FileEntry, void> {
  let at = Math.ceil(from / 8) * 8
  const block = Buffer.alloc(blockBytes)
  let blockAt = -1
  let there = 0
  while (at + objectHeaderBytes <= to) {
    if (blockAt < 0 || at < blockAt || at + objectHeaderBytes > blockAt + there) {
      blockAt = at
      there = windows.readInto(block, at)
      if (there < objectHeaderBytes) return
      if (block.compare(nothing, 0, there, 0, there) === 0) {
        at += there - (there % 8)
        continue
      }
    }
    const inBlock = at - blockAt
    if (!isObjectHeader(block, inBlock)) {
      at += 8
      continue
    }
    const size = readNumber(block, inBlock + 8)
    if (block.readUInt8(inBlock) !== objectType.entry) {
      at = nextIsObject(windows, at, size, to) ? at + align(size) : at + 8
      continue
    }
    const entry = entryAt(entries, at)
    if (entry === undefined) {
      at += 8
      continue
    }
    at += align(size)
    yield entry
  }
}

function entryAt(entries: Entries, offset: number): FileEntry | undefined {
  try {
    return entries.at(offset)
  } catch (error) {
    if (error instanceof ParseError) return undefined
    throw error
  }
}

/** A damaged size must not hide what is inside of it. */
function nextIsObject(windows: Windows, at: number, size: number, to: number): boolean {
  const next = at + align(size)
  if (next + objectHeaderBytes > to) return next <= to + 8
  const head = Buffer.alloc(objectHeaderBytes)
  return windows.readInto(head, next) === objectHeaderBytes && isObjectHeader(head, 0)
}

function align(size: number): number {
  return Math.ceil(size / 8) * 8
}
