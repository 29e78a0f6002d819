/** Loaded before tests (`--import`): the module that the mutant named in REMORA_MUTANT changes is loaded changed. */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { findMutants, mutated } from './mutant.ts'

const mutant = findMutants().find(({ name }) => name === process.env.REMORA_MUTANT)

if (process.env.REMORA_MUTANT !== undefined) {
  if (mutant === undefined) throw new Error(`Cannot find mutant "${process.env.REMORA_MUTANT}"`)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.endsWith(`/${mutant.file}`)) return loaded
      return { ...loaded, source: mutated(mutant, readFileSync(fileURLToPath(url), 'utf8')) }
    },
  })
}
