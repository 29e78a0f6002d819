/** Values as arcconf prints them, in base units. What is no such value is absent. */

/** `57 C/ 134 F (Normal)`, `25 deg C`. A running machine is neither frozen nor boiling: the sensor is, and says nothing. */
export function celsiusOf(text: string | undefined): number | undefined {
  const [, degrees] = /^(-?\d{1,4}) ?(?:deg )?C\b/.exec(text ?? '') ?? []
  const celsius = Number(degrees)
  return degrees === undefined || celsius <= 0 || celsius >= 150 ? undefined : celsius
}

export function countOf(text: string | undefined): number | undefined {
  return /^\d{1,15}$/.test(text ?? '') ? Number(text) : undefined
}

/** `97 percent`. @returns 0 to 1 */
export function ratioOf(text: string | undefined): number | undefined {
  const [, percent] = /^(\d{1,3})(?: ?%| percent|$)/i.exec(text ?? '') ?? []
  return percent === undefined || Number(percent) > 100 ? undefined : Number(percent) / 100
}

/** `4920 mV/ 5302 mV`, `5138 milliVolts`: the first. */
export function voltsOf(text: string | undefined): number | undefined {
  const [, millivolts] = /^(\d{1,6}) ?m(?:illi)?V/i.exec(text ?? '') ?? []
  return millivolts === undefined ? undefined : Number(millivolts) / 1000
}

/** The sum of the counts that are there. */
export function sumOf(...counts: readonly (number | undefined)[]): number | undefined {
  const given = counts.filter((count) => count !== undefined)
  return given.length === 0 ? undefined : given.reduce((sum, count) => sum + count, 0)
}
