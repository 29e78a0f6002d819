/** What the kill test of log files writes, known to writer and check. */

/** A line of a fixed shape around its number; lengths vary with it. */
export function lineOf(number: number): string {
  return `line ${number} ${'x'.repeat((number * 7) % 90)}\n`
}

export function numberOf(body: string): number {
  const number = Number(/^line (\d+) x*$/.exec(body)?.[1])
  if (`${body}\n` !== lineOf(number)) throw new Error(`Cannot take line "${body}": it was not written so`)
  return number
}

/** A small generator of our own, so that a seed gives the same run again (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
