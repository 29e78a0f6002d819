/** Files that are no journal files any more, or not whole: what they held may be missing without a number that says so. */
import { ParseError } from '../../src/errors.ts'

export class DamagedFiles {
  #seen: ReadonlySet<string> = new Set()
  #named = new Set<string>()

  /**
   * @param paths those that are damaged now
   * @returns one line on those that are so for the second time; journald makes a file before it writes its header
   */
  name(paths: readonly string[]): ParseError | undefined {
    const found = paths.filter((path) => this.#seen.has(path) && !this.#named.has(path))
    this.#seen = new Set(paths)
    this.#named = new Set(paths.filter((path) => this.#named.has(path) || found.includes(path)))
    if (found.length === 0) return undefined
    const which = found.map((path) => `"${path}"`).join(', ')
    return new ParseError(`Cannot read all of journal ${which}: no journal file, or not whole`)
  }
}
