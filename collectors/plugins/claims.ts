/** Which plug-in, or file, has which names and series: what stands together on a page fits together. */
import { ParseError } from '../../src/errors.ts'
import { seriesKey } from '../../src/model.ts'
import { cut, type Family, namesOf } from './frame.ts'

export class Claims {
  readonly #names = new Map<string, { family: string; type: string; of: string }>()
  readonly #series = new Map<string, string>()

  /**
   * Of two that do not fit the first one stays.
   * @param of whose frame this is, for the message
   * @throws {ParseError} a type, a name or a series is another's: nothing of the frame is claimed
   */
  add(families: readonly Family[], of: string): void {
    for (const family of families) {
      const { name, type } = family
      for (const one of new Set([name, ...namesOf(family)])) {
        const other = this.#names.get(one)
        if (other && (other.family !== name || other.type !== type))
          throw new ParseError(
            `${one} is of the ${type} ${name}, and of the ${other.type} ${other.family} of ${other.of}`,
          )
      }
      for (const series of family.series) {
        const key = seriesKey(series.name, series.labels)
        const other = this.#series.get(key)
        if (other !== undefined) throw new ParseError(`the series ${cut(key)} is there already, of ${other}`)
      }
    }
    for (const family of families) {
      const { name, type } = family
      for (const one of [name, ...namesOf(family)])
        if (!this.#names.has(one)) this.#names.set(one, { family: name, type, of })
      for (const series of family.series) this.#series.set(seriesKey(series.name, series.labels), of)
    }
  }
}
