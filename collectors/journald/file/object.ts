/**
 * The objects that a journal file is made of: a header of 16 bytes (type, flags, six reserved, size), then what the type
 * says. They begin at multiples of 8.
 * @see https://systemd.io/JOURNAL_FILE_FORMAT/#objects
 */
import { ParseError } from '../../../src/errors.ts'
import { readNumber } from './header.ts'
import type { Windows } from './windows.ts'

export const objectType = { data: 1, entry: 3, entryArray: 6 } as const
/** The highest type there is: a tag. */
const lastType = 7

export const objectHeaderBytes = 16
/** Of an entry, before its items. */
export const entryHeaderBytes = 64
/** Of an entry array, before its items. */
export const arrayHeaderBytes = 24
/** Of a data object, before its payload. */
export const dataHeaderBytes = { regular: 64, compact: 72 } as const

/** ENTRY_FIELD_COUNT_MAX: journald takes no more fields in an entry. */
export const mostItems = 1024

/** Shows the header of an object of this type. @returns its size @throws {ParseError} if it is none */
export function loadHeader(windows: Windows, offset: number, type: number, headerBytes: number): number {
  if (offset % 8 !== 0 || !Number.isSafeInteger(offset) || offset <= 0)
    throw new ParseError(`Cannot read object at ${offset}: no multiple of 8`)
  windows.load(offset, headerBytes)
  const { words } = windows
  const at = windows.at >> 2
  const found = (words[at] ?? 0) & 0xff
  if (found !== type) throw new ParseError(`Cannot read object at ${offset}: type ${found}, expected ${type}`)
  const size = numberAt(words, at + 2)
  if (size < headerBytes || !Number.isSafeInteger(size))
    throw new ParseError(`Cannot read object at ${offset}: size ${size}, expected at least ${headerBytes}`)
  return size
}

/** A whole number of 64 bits out of two of 32, as `readNumber` has it. */
export function numberAt(words: Int32Array, at: number): number {
  return ((words[at] ?? 0) >>> 0) + ((words[at + 1] ?? 0) >>> 0) * 0x1_0000_0000
}

/** Whether these are the first 16 bytes of an object. */
export function isObjectHeader(bytes: Buffer, at: number): boolean {
  const type = bytes.readUInt8(at)
  const size = readNumber(bytes, at + 8)
  return (
    type > 0 &&
    type <= lastType &&
    bytes.readUIntLE(at + 2, 6) === 0 &&
    size >= objectHeaderBytes &&
    size < 2 ** 31
  )
}
