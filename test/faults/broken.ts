/**
 * Shows that the fault bench can fail: each build that is broken on purpose has to be found by its row, with every
 * seed. `npm run test:broken -- [--seeds N] [PART OF A NAME…]`
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
      try {
        await runRow(row, 5, { seed, scale: 0.1, bundle, patienceSeconds: 15 })
        process.exitCode = 1
        console.log(`${build.name}, seed ${seed}: NOT FOUND`)
      } catch (error) {
        console.log(
          `${build.name}, seed ${seed}: found, ${String(error instanceof Error ? error.message : error).split('\n')[0]}`,
        )
      }
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
