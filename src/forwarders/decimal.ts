/** Whole numbers in decimal digits, one after the other; most are the one before and 1. */

const zero = 0x30
const nine = 0x39
/** Of 2^53. */
const mostDigits = 16

export class Decimal {
  /** ASCII, the first `length` of them. */
  readonly digits = Buffer.alloc(mostDigits)
  length = 0
  #value = Number.NaN

  /** @param value from 0 to 2^53 */
  set(value: number): void {
    if (value === this.#value) return
    const isNext = value === this.#value + 1
    this.#value = value
    if (!isNext || !this.#increment()) this.#divide(value)
  }

  /** @returns false where there is a digit more */
  #increment(): boolean {
    const { digits } = this
    let at = this.length - 1
    while (at >= 0 && digits[at] === nine) digits[at--] = zero
    if (at < 0) return false
    digits[at] = (digits[at] ?? zero) + 1
    return true
  }

  #divide(value: number): void {
    const { digits } = this
    let length = 1
    for (let bound = 10; value >= bound; bound *= 10) length += 1
    this.length = length
    let rest = value
    let at = length
    while (rest > 0x7fff_ffff) {
      const upper = Math.floor(rest / 1e6)
      let lower = rest - upper * 1e6
      for (let digit = 0; digit < 6; digit++) {
        const tenth = (lower / 10) | 0
        digits[--at] = zero + lower - tenth * 10
        lower = tenth
      }
      rest = upper
    }
    while (at > 0) {
      const tenth = (rest / 10) | 0
      digits[--at] = zero + rest - tenth * 10
      rest = tenth
    }
  }
}
