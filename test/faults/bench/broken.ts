/**
 * Builds of Remora that are broken on purpose, each in one promise of the contract: the bench has to find every one.
 * The change is made to one file while the bundle is written; what lacks in the file is an error, never a sound build.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'
import { bundle } from '../../../bundle.ts'
import { findMutants, mutated } from '../mutant.ts'

export interface BrokenBuild {
  readonly name: string
  /** The row of the fault table that shows it. */
  readonly row: string
  /** Below the project's root. */
  readonly file: string
  change(text: string): string
}

/** The position stands 20 ms before the records do, as with a spool that is written beside it. */
const cursorFirst: BrokenBuild = {
  name: 'cursor saved before the spool commit',
  row: 'kill -9 at random',
  file: 'src/sources.ts',
  change: (text) =>
    replaced(
      text,
      'await spool.commit(source, batch)\n',
      `await spool.commit(source, { records: [], positions: batch.positions })
      await clock.sleep(20, signal)
      await spool.commit(source, batch)\n`,
    ),
}

/** Whatever becomes of the request, the batch counts as acknowledged once it is sent. */
const freedFirst: BrokenBuild = {
  name: 'batch freed before the acknowledgement',
  row: 'sink down',
  file: 'src/forwarders/deliver.ts',
  change: (text) =>
    replaced(
      text,
      'const answer = await this.#ask(part, signal, part.sequence <= this.#uncertain)',
      `await Promise.race([this.#ask(part, signal, part.sequence <= this.#uncertain), this.#options.clock.sleep(1, signal)])
      const answer: Answer = { is: 'accepted' }`,
    ),
}

/** Each increment of a reason that a row of the table comes to. */
const uncounted = (reason: string, row: string, file: string, which: RegExp): BrokenBuild => ({
  name: `ledger not counting ${reason}`,
  row,
  file,
  change(text) {
    const mutant = findMutants().find(
      (one) => one.file === file && which.test(incrementAt(text, one.occurrence)),
    )
    if (mutant === undefined) throw new Error(`Cannot break "${file}": nothing counts ${reason} there`)
    return mutated(mutant, text)
  },
})

export const brokenBuilds: readonly BrokenBuild[] = [
  cursorFirst,
  freedFirst,
  uncounted('missed', 'journal vacuumed', 'src/spool/sqlite.ts', /'missed', count, reason\)/),
  uncounted(
    'lost sink_removed',
    'configuration reloaded, sinks added and removed',
    'src/spool/sinks.ts',
    /'lost'.*'sink_removed'/,
  ),
  uncounted('quarantined', '400 poison', 'src/spool/quarantine.ts', /'quarantined', 1\)/),
  uncounted('filtered', 'kill -9 at random', 'src/spool/sqlite.ts', /'filtered', count, reason\)/),
]

/** Writes its bundle. */
export async function makeBroken({ file, change }: BrokenBuild, outfile: string): Promise<void> {
  const plugin: Plugin = {
    name: 'broken',
    setup(build) {
      build.onLoad({ filter: new RegExp(`/${file}$`) }, ({ path }) => ({
        contents: change(readFileSync(path, 'utf8')),
        loader: 'ts',
      }))
    },
  }
  await bundle(join(import.meta.dirname, '../../../src/main.ts'), outfile, [plugin])
}

/** The line of that increment, counted as mutants are. */
function incrementAt(text: string, occurrence: number): string {
  const starts = [...text.matchAll(/(?<!function )\bcount(?:Source|Sink)\(/g)]
  const from = starts[occurrence]?.index ?? text.length
  return text.slice(from, text.indexOf('\n', from))
}

function replaced(text: string, before: string, after: string): string {
  if (!text.includes(before)) throw new Error(`Cannot break the build: "${before}" is not there`)
  return text.replace(before, () => after)
}
