/**
 * What the writers of the fault bench write and its receivers look for: numbered lines that carry their own checksum,
 * so that each says by itself who issued it, which it is, and whether it is whole.
 */
import { crc32 } from 'node:zlib'

export interface Payload {
  readonly writer: string
  readonly number: number
}

const filling = 'remora rides a shark, größer und größer; '

/** Identifier of what is written to be filtered out. */
export const noise = 'noise'

export const noiseOf = (run: string) => `${noise} ${run}`

/** @param number 1, 2, 3 … of this writer; lengths vary with it */
export function payloadOf(run: string, writer: string, number: number): string {
  const text = `bench ${run} ${writer} ${number} ${filling.repeat(number % 5)}${'.'.repeat(number % 37)}`
  return `${text} ${crc32(text).toString(16).padStart(8, '0')}`
}

/**
 * @returns undefined for a line that no writer of this run issued
 * @throws {Error} the line is of this run, and not as it was written
 */
export function payloadIn(run: string, line: string): Payload | undefined {
  if (!line.startsWith(`bench ${run} `)) return undefined
  const [, , writer = '', number = ''] = line.split(' ')
  if (line !== payloadOf(run, writer, Number(number)))
    throw new Error(`Cannot take line "${line}": it is not what ${writer} wrote`)
  return { writer, number: Number(number) }
}
