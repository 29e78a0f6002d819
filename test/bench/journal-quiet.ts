/**
 * A real journald that is mostly quiet: how soon an entry is read that comes after a quiet minute, and what waiting for it
 * costs. Prints one JSON object. `npm run bench:journal-quiet`, `--entries 5`, `--seconds 60` before each.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { reading } from '../journald/read.ts'
import { privateJournald } from '../private-journald.ts'
import { median, round } from './process.ts'

const { values: given } = parseArgs({
  options: { entries: { type: 'string', default: '5' }, seconds: { type: 'string', default: '60' } },
})
const seconds = Number(given.seconds)

await using journal = await privateJournald()
await journal.log(['begin'])
await using read = reading(journal.root, { reader: 'direct' })
await read.count(1)
const lags: number[] = []
const shares: number[] = []
for (let entry = 1; entry <= Number(given.entries); entry++) {
  const before = process.cpuUsage()
  await sleep(seconds * 1000)
  const { user, system } = process.cpuUsage(before)
  shares.push((user + system) / 1e4 / seconds)
  const had = read.records.length
  await journal.log([`entry ${entry}`])
  // This looks every 10 ms; the reader has noted itself when it saw the entry.
  await read.count(had + 1)
  const record = read.records[had]
  if (record) lags.push(Number(record.observed - record.time) / 1e6)
}
console.log(
  JSON.stringify({
    quietSeconds: seconds,
    entries: lags.length,
    lagMilliseconds: { median: round(median(lags)), most: round(Math.max(...lags)) },
    percentOfCore: { median: round(median(shares)), most: round(Math.max(...shares)) },
  }),
)
