/**
 * The fault bench on the command line: `npm run test:faults -- --row 'sink down' --iterations 5`, or all rows at random
 * with `--minutes N`. `--seed N` runs the same faults again, `--scale 0.1` makes each a tenth as long.
 */
import { parseArgs } from 'node:util'
import { runMixed, runRow } from './bench/run.ts'
import { rows } from './bench/table.ts'

const { values } = parseArgs({
  options: {
    row: { type: 'string', multiple: true },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    iterations: { type: 'string', default: '5' },
    scale: { type: 'string' },
    list: { type: 'boolean' },
    quiet: { type: 'boolean' },
  },
})
/** Of one world of a mixed run. */
const worldSeconds = 60

async function main(): Promise<void> {
  if (values.list) {
    for (const { name } of rows) console.log(name)
    return
  }
  let seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`seed ${seed}`)
  const told = values.quiet ? () => undefined : (text: string) => console.log(`  ${text}`)
  if (values.minutes === undefined) {
    const wanted = values.row ?? rows.map(({ name }) => name)
    for (const name of wanted) {
      const row = rows.find((one) => one.name === name)
      if (row === undefined) throw new Error(`Cannot run row "${name}": see --list`)
      const options = { seed, scale: Number(values.scale ?? 1), told }
      console.log(`${name}: ${JSON.stringify(await runRow(row, Number(values.iterations), options))}`)
    }
    return
  }
  const end = performance.now() + Number(values.minutes) * 60_000
  for (; performance.now() < end; seed++) {
    const seconds = Math.min(worldSeconds, (end - performance.now()) / 1000)
    console.log(
      JSON.stringify(await runMixed(rows, seconds, { seed, scale: Number(values.scale ?? 0.1), told })),
    )
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
