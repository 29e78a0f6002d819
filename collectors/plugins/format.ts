/** The formats that a plug-in may print, and the line that ends a frame of one that is kept running. */
import { ParseError } from '../../src/errors.ts'
import type { Family } from './frame.ts'
import { parseInflux } from './influx.ts'
import { parseJsonMetrics } from './json.ts'
import { parsePrometheus } from './prometheus-text.ts'

export const formats = ['prometheus', 'json', 'influx'] as const
export type Format = (typeof formats)[number]

const parsers: Readonly<Record<Format, (text: string) => Family[]>> = {
  prometheus: parsePrometheus,
  json: parseJsonMetrics,
  influx: parseInflux,
}

/** A line of its own behind each frame. */
export const syncLine = '# EOF'

/** @throws {ParseError} naming the place; nothing of it is taken */
export function parseFrame(bytes: Uint8Array, format: Format): Family[] {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ParseError('Cannot parse it: expected UTF-8', { cause })
  }
  // One that ends its only frame as OpenMetrics does ends it rightly.
  return parsers[format](text.replace(/^# EOF[ \t\r]*$/m, ''))
}

const lineBreak = 0x0a
const firstBytes = 65_536

/** Cuts what a plug-in prints into frames. Each byte is looked at once, however small the pieces are. */
export class Frames {
  readonly #mostBytes: number
  #held = Buffer.alloc(firstBytes)
  #length = 0
  /** Where the line begins that has not ended. */
  #line = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** @returns the frames that this piece ends @throws {ParseError} one is too long: the rest belongs to none */
  add(piece: Uint8Array): Buffer[] {
    let looked = this.#length
    this.#append(piece)
    const bytes = this.#held.subarray(0, this.#length)
    const frames: Buffer[] = []
    let begin = 0
    for (;;) {
      const end = bytes.indexOf(lineBreak, looked)
      if (end === -1) break
      if (isSync(bytes.subarray(this.#line, end))) {
        frames.push(Buffer.from(bytes.subarray(begin, this.#line)))
        begin = end + 1
      }
      this.#line = looked = end + 1
    }
    this.#held.copyWithin(0, begin, this.#length)
    this.#length -= begin
    this.#line -= begin
    if (this.#length > this.#mostBytes)
      throw new ParseError(`Cannot parse it: more than ${this.#mostBytes} bytes without a line "${syncLine}"`)
    return frames
  }

  #append(piece: Uint8Array): void {
    const length = this.#length + piece.length
    if (length > this.#held.length) {
      const larger = Buffer.alloc(Math.max(length, this.#held.length * 2))
      this.#held.copy(larger, 0, 0, this.#length)
      this.#held = larger
    }
    this.#held.set(piece, this.#length)
    this.#length = length
  }
}

function isSync(line: Buffer): boolean {
  const text = line.subarray(0, syncLine.length).toString('latin1')
  return text === syncLine && /^[ \t\r]*$/.test(line.subarray(syncLine.length).toString('latin1'))
}
