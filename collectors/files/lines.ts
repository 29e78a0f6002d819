/** Lines of a log file as records: cut where they are too long, joined where one entry has several. */

export interface Entry {
  /** Where it begins in the buffer. */
  readonly at: number
  /** Without the last newline. */
  readonly bytes: Buffer
  /** Its line, or its entry, goes on in the next record. */
  readonly isCut: boolean
  /** The file has no newline behind it. */
  readonly isPartial: boolean
}

export interface Splitting {
  /** The first line of an entry; undefined: every line is one. */
  readonly start: RegExp | undefined
  /** The most bytes of one record. */
  readonly mostBytes: number
  /** The most records at once. */
  readonly mostRecords: number
  /** Whether the last entry is whole even if no other one follows: nothing was written for a while. */
  readonly isQuiet: boolean
  /** Whether a last line without a newline is taken too. */
  readonly isFinal: boolean
}

interface Line {
  readonly from: number
  readonly to: number
  /** Behind its newline. */
  readonly next: number
  readonly isCut: boolean
  readonly isPartial: boolean
  /** The rest of a line that was cut: it begins no entry, and belongs to none. */
  readonly isRest: boolean
}

/** A start is looked for in so much of a line. */
const startBytes = 512

/**
 * @returns the records, and how many bytes they and what is skipped take: NUL bytes before a line, which a writer that
 *   does not append leaves in a file that was truncated
 */
export function split(buffer: Buffer, how: Splitting): { entries: Entry[]; consumed: number } {
  const entries: Entry[] = []
  let consumed = 0
  let group: { from: number; to: number; next: number; isPartial: boolean } | undefined
  const close = (isCut: boolean) => {
    if (group === undefined) return
    const { from, to, next, isPartial } = group
    entries.push({ at: from, bytes: buffer.subarray(from, to), isCut, isPartial })
    consumed = next
    group = undefined
  }
  for (const line of linesOf(buffer, how, (position) => {
    if (group === undefined) consumed = position
  })) {
    const { from, to, next, isCut, isPartial, isRest } = line
    const isStart = how.start === undefined || isRest || isCut || begins(buffer, line, how.start)
    const fits = group !== undefined && to - group.from <= how.mostBytes
    if (group !== undefined && !isStart && fits) group = { from: group.from, to, next, isPartial }
    else {
      close(!isStart)
      if (entries.length >= how.mostRecords) return { entries, consumed }
      group = { from, to, next, isPartial }
    }
    if (isCut || isRest || how.start === undefined) close(isCut)
    if (entries.length >= how.mostRecords) return { entries, consumed }
  }
  if (how.isQuiet || how.isFinal) close(false)
  return { entries, consumed }
}

function begins(buffer: Buffer, { from, to }: Line, start: RegExp): boolean {
  return start.test(buffer.toString('utf8', from, Math.min(to, from + startBytes)))
}

/** @param passed told where a line begins, so far as nothing before it is kept */
function* linesOf(
  buffer: Buffer,
  { mostBytes, isFinal }: Splitting,
  passed: (position: number) => void,
): Generator<Line> {
  let isRest = false
  for (let at = 0; at < buffer.length; ) {
    if (!isRest && buffer[at] === 0) {
      while (at < buffer.length && buffer[at] === 0) at += 1
      passed(at)
      if (at === buffer.length) return
    }
    const newline = buffer.indexOf(0x0a, at)
    const end = newline < 0 ? buffer.length : newline
    if (end - at > mostBytes) {
      const to = characterEnd(buffer, at, at + mostBytes)
      yield { from: at, to, next: to, isCut: true, isPartial: false, isRest }
      isRest = true
      at = to
      continue
    }
    if (newline < 0 && !isFinal) return
    const next = newline < 0 ? end : end + 1
    yield { from: at, to: end, next, isCut: false, isPartial: newline < 0, isRest }
    isRest = false
    at = next
  }
}

/** The last place up to `end` that is not within a character of UTF-8. */
function characterEnd(buffer: Buffer, from: number, end: number): number {
  for (let at = end; at > end - 4 && at > from; at--) if (((buffer[at] ?? 0) & 0xc0) !== 0x80) return at
  return end
}
