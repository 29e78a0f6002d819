/**
 * Removes one increment of the ledger after the other and shows that a test fails each time: first the kill test,
 * short; where that scenario never comes to the increment, the tests of spool and delivery. `npm run test:mutants`
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'
import { KillsMissedError, killRun } from './kill-run.ts'
import { findMutants, type Mutant, mutated } from './mutant.ts'

const root = join(import.meta.dirname, '../..')

/** @returns why the test fails with this mutant, or undefined if it passes */
async function killTest(mutant: Mutant): Promise<string | undefined> {
  const plugin: Plugin = {
    name: 'mutant',
    setup(build) {
      build.onLoad({ filter: new RegExp(`/${mutant.file}$`) }, ({ path }) => ({
        contents: mutated(mutant, readFileSync(path, 'utf8')),
        loader: 'ts',
      }))
    },
  }
  try {
    await killRun({ records: 20_000, killsPerPhase: 1, patienceSeconds: 6, plugins: [plugin] })
    return undefined
  } catch (error) {
    if (error instanceof KillsMissedError) return killTest(mutant)
    return `kill test: ${String(error instanceof Error ? error.message : error).split('\n')[0]}`
  }
}

async function unitTests(mutant: Mutant): Promise<string | undefined> {
  const files = globSync(['test/src/spool/*.test.ts', 'test/src/forwarders/deliver.test.ts'], { cwd: root })
  const child = spawn(
    process.execPath,
    ['--import', join(import.meta.dirname, 'mutate.ts'), '--test', ...files],
    {
      cwd: root,
      env: { ...process.env, REMORA_MUTANT: mutant.name },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  const [code] = await once(child, 'exit')
  return code === 0 ? undefined : `unit test: ${/✖ (.*) \(/.exec(output)?.[1] ?? ''}`
}

const wanted = process.argv.slice(2)
await killRun({ records: 20_000, killsPerPhase: 1, patienceSeconds: 6 })
console.log('the kill test passes with every increment in place')
const mutants = findMutants().filter(
  ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
)
let survivors = 0
for (const mutant of mutants) {
  const why = (await killTest(mutant)) ?? (await unitTests(mutant))
  if (why === undefined) survivors += 1
  console.log(`${mutant.name}: ${why === undefined ? 'SURVIVES' : `fails, ${why}`}`)
}
console.log(`${mutants.length - survivors} of ${mutants.length} increments are missed when they are gone`)
process.exitCode = survivors === 0 ? 0 : 1
