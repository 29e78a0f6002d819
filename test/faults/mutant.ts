/** Mutants of the ledger: for each place in src/spool that counts something, the code without that increment. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Mutant {
  /** `src/spool/sqlite.ts#2 read`: which it is of its file, and what it counts. */
  readonly name: string
  /** Below the project's root. */
  readonly file: string
  /** Which of the calls in the file, from 0. */
  readonly occurrence: number
}

const increment = /(?<!function )\bcount(?:Source|Sink)\(/g
const root = join(import.meta.dirname, '../..')

/** Every increment there is, in the order of files and lines. */
export function findMutants(): Mutant[] {
  return globSync('src/spool/*.ts', { cwd: root })
    .sort()
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      return [...text.matchAll(increment)].map((match, occurrence) => {
        const counted = /'(read|spooled|filtered|missed|routed|acknowledged|quarantined|lost)'/.exec(
          text.slice(match.index),
        )
        return { name: `${file}#${occurrence} ${counted?.[1]}`, file, occurrence }
      })
    })
}

/** The text without the increment: its arguments are still evaluated, and nothing is counted. */
export function mutated({ occurrence, name }: Mutant, text: string): string {
  let seen = 0
  let changed = false
  const result = text.replace(increment, (call) => {
    if (seen++ !== occurrence) return call
    changed = true
    return 'void ('
  })
  if (!changed) throw new Error(`Cannot make mutant "${name}": its increment is not there`)
  return result
}
