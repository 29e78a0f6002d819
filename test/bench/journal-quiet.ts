/**
 * A real journald that is mostly quiet: how soon an entry is read that comes after a quiet minute, and what waiting for it
 * costs, beside what Node takes here to wake up four times a second for nothing. Prints one JSON object. `npm run bench:journal-quiet`, `--entries 5`, `--seconds 60` before each.
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

const wakeMilliseconds = 250
/** The reader looks more often before that. */
const settleMilliseconds = 5000

/** Percent of a core that this process takes until it is done. */
async function share(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  const begun = performance.now()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 10 / (performance.now() - begun)
}

await using journal = await privateJournald()
await sleep(settleMilliseconds)
const nothing = await share(async () => {
  for (let left = seconds * 1000; left > 0; left -= wakeMilliseconds) await sleep(wakeMilliseconds)
})
await journal.log(['begin'])
await using read = reading(journal.root, { reader: 'direct' })
await read.count(1)
const lags: number[] = []
const shares: number[] = []
for (let entry = 1; entry <= Number(given.entries); entry++) {
  await sleep(settleMilliseconds)
  shares.push(await share(() => sleep(seconds * 1000)))
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
    percentOfCore: {
      nothing: round(nothing),
      median: round(median(shares)),
      most: round(Math.max(...shares)),
    },
  }),
)
