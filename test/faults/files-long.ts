/** The kill test of log files at full length, its report as one line. `npm run test:files` */
import { filesRun } from './files-run.ts'

const seed = Number(process.argv[2] ?? Math.floor(Math.random() * 2 ** 31))
console.log(`seed ${seed}`)
console.log(
  JSON.stringify(await filesRun({ lines: 1_000_000, seed, linesPerSecond: 8000, patienceSeconds: 300 })),
)
