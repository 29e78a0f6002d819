/**
 * The cursor of a journal entry: `s=<seqnum id>;i=<seqnum>;b=<boot id>;m=<monotonic>;t=<realtime>;x=<xor of its data>`,
 * ids as 32 and numbers as any hexadecimal digits, times in microseconds.
 * @see systemd src/libsystemd/sd-journal/sd-journal.c, sd_journal_get_cursor
 */
import { ParseError } from '../../src/errors.ts'

export interface Cursor {
  /** Which journald counted the number. */
  readonly seqnumId: string
  /** Undefined beyond 2^53: no journald counts so far, but in a file with a damaged header it goes on from anywhere. */
  readonly seqnum: number | undefined
  /** `<seqnum id>:<seqnum>`, decimal: what a record is called. */
  readonly id: string
  /** Boot, times and contents: equal in copies of one entry in two files. */
  readonly entry: string
  readonly bootId: string
  readonly monotonicMicroseconds: number
  readonly realtimeMicroseconds: number
}

const shape =
  /^s=([0-9a-f]{32});i=([0-9a-f]{1,16});(b=([0-9a-f]{32});m=([0-9a-f]{1,16});t=([0-9a-f]{1,16});x=[0-9a-f]{1,16})$/

/** @throws {ParseError} if it is not such a cursor */
export function parseCursor(text: string): Cursor {
  const [, seqnumId, seqnum, entry, bootId, monotonic, realtime] = shape.exec(text) ?? []
  if (!seqnumId || !seqnum || !entry || !bootId || !monotonic || !realtime)
    throw new ParseError(
      `Cannot parse journal cursor "${text.slice(0, 200)}": expected s=, i=, b=, m=, t=, x=`,
    )
  const number = Number.parseInt(seqnum, 16)
  const isCounted = Number.isSafeInteger(number)
  return {
    seqnumId,
    seqnum: isCounted ? number : undefined,
    id: `${seqnumId}:${isCounted ? number : BigInt(`0x${seqnum}`)}`,
    entry,
    bootId,
    monotonicMicroseconds: Number.parseInt(monotonic, 16),
    realtimeMicroseconds: Number.parseInt(realtime, 16),
  }
}

/** The same the other way round, out of what an entry in a file says. */
export function writeCursor(
  seqnumId: string,
  entry: {
    readonly seqnum: number
    readonly bootId: string
    readonly monotonic: number
    readonly realtime: number
    readonly xorHigh: number
    readonly xorLow: number
  },
): string {
  const { seqnum, bootId, monotonic, realtime, xorHigh, xorLow } = entry
  const xor = (BigInt(xorHigh >>> 0) << 32n) | BigInt(xorLow >>> 0)
  const hex = (number: number | bigint) => number.toString(16)
  return `s=${seqnumId};i=${hex(seqnum)};b=${bootId};m=${hex(monotonic)};t=${hex(realtime)};x=${hex(xor)}`
}

/** The cursor that begins so many numbers after this entry in the files of its id, and at its time in all others. */
export function cursorAt(text: string, by: bigint): string {
  return text.replace(
    /;i=([0-9a-f]+);/,
    (_, seqnum: string) => `;i=${(BigInt(`0x${seqnum}`) + by).toString(16)};`,
  )
}
