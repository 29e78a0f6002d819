/**
 * The header of a journal file, 272 bytes and fewer in older ones, all numbers little-endian.
 * @see https://systemd.io/JOURNAL_FILE_FORMAT/#header
 */
import { ParseError } from '../../../src/errors.ts'

/** Up to tail_entry_offset, the last that we read. The oldest format ends after tail_entry_monotonic, at 208. */
export const headerBytes = 272
const oldestBytes = 208

const signature = 'LPKSHHRH'

/** incompatible_flags. A file with any other one cannot be read by these rules. */
export const incompatible = { xz: 1, lz4: 2, keyedHash: 4, zstd: 8, compact: 16 } as const
const known = Object.values(incompatible).reduce((all, flag) => all | flag, 0)

export interface FileHeader {
  /** The file names itself; with keyed hash it is the key. */
  readonly fileId: string
  readonly seqnumId: string
  /** It is the first file of its sequence-number id. */
  readonly isOrigin: boolean
  readonly isCompact: boolean
  readonly isKeyed: boolean
  /** Nothing will be written to it any more. One that was not closed does not say so. */
  readonly isArchived: boolean
  /** Flags that we do not know; 0: it can be read. */
  readonly unknownFlags: number
  /** Where the first object is. */
  readonly headerSize: number
  /** Where the last object begins. */
  readonly tailObjectOffset: number
  readonly entries: number
  /** The numbers of its first and last entry; 0 without entries. In a live file the tail moves before the entry is there. */
  readonly headSeqnum: number
  readonly tailSeqnum: number
  /** From the first to the last are numbers for all of its entries. Otherwise one of the three is damaged. */
  readonly numbersAgree: boolean
  readonly entryArrayOffset: number
  /** Microseconds since the epoch. */
  readonly headRealtime: number
  readonly tailRealtime: number
}

/** @throws {ParseError} if it is not the begin of a journal file */
export function parseHeader(bytes: Buffer, path: string): FileHeader {
  const fail = (why: string) => new ParseError(`Cannot read journal file "${path}": ${why}`)
  if (bytes.length < oldestBytes) throw fail(`${bytes.length} bytes, expected a header of ${oldestBytes}`)
  if (bytes.toString('latin1', 0, 8) !== signature) throw fail(`it does not begin with ${signature}`)
  const number = (at: number) => readNumber(bytes, at)
  const flags = bytes.readUInt32LE(12)
  const headerSize = number(88)
  if (headerSize < oldestBytes || headerSize % 8 !== 0 || headerSize > 1 << 20)
    throw fail(`header_size ${headerSize}, expected a multiple of 8 of at least ${oldestBytes}`)
  return {
    fileId: bytes.toString('hex', 24, 40),
    seqnumId: bytes.toString('hex', 72, 88),
    isOrigin: bytes.compare(bytes, 24, 40, 72, 88) === 0,
    isCompact: (flags & incompatible.compact) !== 0,
    isKeyed: (flags & incompatible.keyedHash) !== 0,
    isArchived: bytes[16] === 2,
    unknownFlags: (flags & ~known) >>> 0,
    headerSize,
    tailObjectOffset: number(136),
    entries: number(152),
    tailSeqnum: number(160),
    headSeqnum: number(168),
    numbersAgree: number(160) - number(168) + 1 >= number(152),
    entryArrayOffset: number(176),
    headRealtime: number(184),
    tailRealtime: number(192),
  }
}

/** 64 bits; beyond 2^53 they are no offset, count or time that can be, and only need to stay large. */
export function readNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000
}
