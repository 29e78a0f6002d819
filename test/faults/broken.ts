/**
 * Shows that the fault bench can fail: each build that is broken on purpose has to be found by its row, with every
 * seed, where the sound build passes the same. `npm run test:broken -- [--seeds N] [PART OF A NAME…]`
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { brokenBuilds, makeBroken } from './bench/broken.ts'
import { runRow } from './bench/run.ts'
import { rows } from './bench/table.ts'

const { values, positionals } = parseArgs({
  options: { seeds: { type: 'string', default: '3' } },
  allowPositionals: true,
})
const folder = await mkdtemp(join(tmpdir(), 'remora-broken-'))
try {
  for (const build of brokenBuilds) {
    if (positionals.length > 0 && !positionals.some((part) => build.name.includes(part))) continue
    const row = rows.find(({ name }) => name === build.row)
    if (row === undefined) throw new Error(`Cannot run row "${build.row}": it is not in the table`)
    const bundle = join(folder, 'remora.cjs')
    await makeBroken(build, bundle)
    for (let seed = 1; seed <= Number(values.seeds); seed++) {
      const how = { seed, scale: 0.1, patienceSeconds: 15 }
      const sound = await failureOf(runRow(row, 5, { ...how, patienceSeconds: 60 }))
      const broken = await failureOf(runRow(row, 5, { ...how, bundle }))
      if (sound !== undefined || broken === undefined) process.exitCode = 1
      const verdict =
        sound !== undefined
          ? `UNDECIDED, the sound build fails too: ${sound}`
          : broken === undefined
            ? 'NOT FOUND'
            : `found: ${broken}`
      console.log(`${build.name}, seed ${seed}: ${verdict}`)
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** @returns the first line of why it failed; undefined: it has not */
async function failureOf(run: Promise<unknown>): Promise<string | undefined> {
  try {
    await run
    return undefined
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n')[0]
  }
}
