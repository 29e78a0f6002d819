/**
 * One record of /dev/kmsg: `priority,sequence,microseconds,flags[,more…];text`, a newline, and a line ` KEY=value` for
 * each field of the dictionary. Bytes that do not print, and backslashes, are written `\xNN`. Words behind the flags
 * (`caller=T12`) came with later kernels, and more may come.
 * @see Linux Documentation/ABI/testing/dev-kmsg
 */
import { ParseError } from '../../src/errors.ts'

export interface KmsgRecord {
  /** 0 emergency to 7 debug. */
  readonly priority: number
  /** Of syslog: 0 is the kernel, others came from user space. */
  readonly facility: number
  readonly sequence: number
  /** Since boot, as the kernel stamped it. */
  readonly microseconds: number
  /** `-`; `c` begins a line that goes on in the next record, `+` goes on (kernels before 4.10). */
  readonly flags: string
  /** The words behind the flags, by name. */
  readonly words: readonly (readonly [name: string, value: string])[]
  readonly text: Uint8Array
  readonly dictionary: readonly (readonly [key: string, value: Uint8Array])[]
}

const head = /^(\d{1,10}),(\d{1,16}),(\d{1,16}),([^,;]{0,16})((?:,[^,;]{0,100}){0,20})$/
const longestHead = 512

/** @throws {ParseError} if the head is not there or says a number that cannot be */
export function parseRecord(bytes: Uint8Array): KmsgRecord {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headEnd = all.subarray(0, longestHead).indexOf(0x3b)
  const parts = headEnd < 0 ? null : head.exec(all.toString('latin1', 0, headEnd))
  const [, level = '', sequence = '', microseconds = '', flags = '', rest = ''] = parts ?? []
  const [first, count, stamp] = [Number(level), Number(sequence), Number(microseconds)]
  if (parts === null || !Number.isSafeInteger(count) || !Number.isSafeInteger(stamp))
    throw new ParseError(
      `Cannot parse kmsg record "${all.toString('latin1', 0, 100)}": it has no "priority,sequence,microseconds,flags;"`,
    )
  const [text, ...lines] = linesOf(all.subarray(headEnd + 1))
  return {
    priority: first & 7,
    facility: first >>> 3,
    sequence: count,
    microseconds: stamp,
    flags,
    words: rest.split(',').slice(1).map(wordOf),
    text: unescaped(text ?? Buffer.alloc(0)),
    dictionary: lines.flatMap(fieldOf),
  }
}

/** The last newline ends the record. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(0x0a, from)
    lines.push(bytes.subarray(from, end < 0 ? bytes.length : end))
    if (end < 0) break
    from = end + 1
  }
  return lines
}

function wordOf(word: string): readonly [string, string] {
  const at = word.indexOf('=')
  return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)]
}

/** A line that is no ` KEY=value` is kept under the key `LINE`: nothing that the kernel said goes. */
function fieldOf(line: Buffer): (readonly [string, Uint8Array])[] {
  if (line.length === 0) return []
  const at = line.indexOf(0x3d)
  const key = at < 0 ? '' : unescaped(line.subarray(1, at)).toString('latin1')
  if (line[0] !== 0x20 || !/^[A-Z0-9_]{1,50}$/.test(key)) return [['LINE', unescaped(line)]]
  return [[key, unescaped(line.subarray(at + 1))]]
}

const backslash = 0x5c

/** Bytes with each `\xNN` as the byte it stands for; any other backslash stays. */
export function unescaped(bytes: Buffer): Buffer {
  let at = bytes.indexOf(backslash)
  if (at < 0) return Buffer.from(bytes)
  const out = Buffer.allocUnsafe(bytes.length)
  let length = bytes.copy(out, 0, 0, at)
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0
    const code =
      byte === backslash && bytes[at + 1] === 0x78 ? hexByte(bytes[at + 2], bytes[at + 3]) : undefined
    out[length++] = code ?? byte
    at += code === undefined ? 1 : 4
  }
  return out.subarray(0, length)
}

function hexByte(high: number | undefined, low: number | undefined): number | undefined {
  const [a, b] = [digit(high), digit(low)]
  return a === undefined || b === undefined ? undefined : a * 16 + b
}

function digit(code = 0): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined
}
