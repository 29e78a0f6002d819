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
  return parsers[format](text.replace(/^# EOF\s*$/m, ''))
}

/** Cuts what a plug-in prints into frames. */
export class Frames {
  readonly #mostBytes: number
  #pending: Buffer = Buffer.alloc(0)

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** @returns the frames that this piece ends @throws {ParseError} one is too long: the rest belongs to none */
  add(piece: Uint8Array): Buffer[] {
    this.#pending = Buffer.concat([this.#pending, piece])
    const frames: Buffer[] = []
    for (;;) {
      const end = /(?:^|\n)# EOF[ \t\r]*\n/.exec(this.#pending.toString('latin1'))
      if (!end) break
      frames.push(this.#pending.subarray(0, end[0].startsWith('\n') ? end.index + 1 : end.index))
      this.#pending = this.#pending.subarray(end.index + end[0].length)
    }
    if (this.#pending.length > this.#mostBytes)
      throw new ParseError(`Cannot parse it: more than ${this.#mostBytes} bytes without a line "${syncLine}"`)
    return frames
  }
}
