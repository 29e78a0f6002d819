/**
 * The fault bench on the command line: each row of the fault table alone, or with `--minutes N` mixed at random.
 * `--row NAME` (repeatable) takes only these, `--seed N` runs the same faults again, `--iterations N` faults a row
 * (default 5), `--scale 0.1` makes each a tenth as long, `--bundle FILE` runs another build, `--list` names the rows.
 * Each is told in docs/faults.md.
 */
import { parseArgs } from 'node:util'
import type { Row } from './bench/row.ts'
import { type Report, runMixed, runRow } from './bench/run.ts'
import { rows } from './bench/table.ts'

const { values } = parseArgs({
  options: {
    row: { type: 'string', multiple: true },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    iterations: { type: 'string', default: '5' },
    scale: { type: 'string' },
    bundle: { type: 'string' },
    list: { type: 'boolean' },
    quiet: { type: 'boolean' },
  },
})
/** Of one world of a mixed run: the next has the next seed. */
const worldSeconds = 180

async function main(): Promise<void> {
  if (values.list) {
    for (const { name, on, mixes = true } of rows)
      console.log(`${name.padEnd(48)} ${on}${mixes ? '' : ', only alone'}`)
    return
  }
  let seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  const chosen = values.row?.map(named) ?? rows
  const told = values.quiet ? () => undefined : (text: string) => console.log(`  ${text}`)
  const options = { told, ...(values.bundle && { bundle: values.bundle }) }
  if (values.minutes === undefined) {
    const scale = Number(values.scale ?? 1)
    for (const row of chosen)
      await report(
        row.name,
        `--row '${row.name}' --iterations ${values.iterations} --seed ${seed} --scale ${scale}`,
        () => runRow(row, Number(values.iterations), { ...options, seed, scale }),
      )
    return
  }
  const scale = Number(values.scale ?? 0.1)
  const only = values.row?.map((name) => `--row '${name}' `).join('') ?? ''
  const end = performance.now() + Number(values.minutes) * 60_000
  for (; performance.now() < end - 1000; seed++) {
    const seconds = Math.min(worldSeconds, (end - performance.now()) / 1000)
    await report(
      `mixed, seed ${seed}`,
      `${only}--minutes ${(seconds / 60).toFixed(2)} --seed ${seed} --scale ${scale}`,
      () => runMixed(chosen, seconds, { ...options, seed, scale }),
    )
  }
}

function named(name: string): Row {
  const row = rows.find((one) => one.name === name)
  if (row === undefined) throw new Error(`Cannot run row "${name}": see --list`)
  return row
}

/** A failure is told with the command that runs the same again; the runs after it go on. */
async function report(what: string, command: string, work: () => Promise<Report>): Promise<void> {
  try {
    console.log(`${what}: ${JSON.stringify(await work())}`)
  } catch (error) {
    process.exitCode = 1
    console.log(`${what}: FAILED`, error)
    console.log(`Again: npm run test:faults -- ${command}`)
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
