/**
 * A real journald takes 10,000 entries a second for a minute (`--rate`, `--seconds`, `--reader`), or as many as it can,
 * rotated every five seconds and vacuumed all the time: what was delivered and missed is what it has numbered, without a
 * repeat. `npm run test:journal-minute`
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { journalFiles, journalFolders } from '../../collectors/journald/files.ts'
import { tree } from '../../src/tree.ts'
import { privateJournald } from '../private-journald.ts'
import { message, numbersOf, reading } from './read.ts'

const { values: given } = parseArgs({
  options: {
    reader: { type: 'string', default: 'direct' },
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '10000' },
  },
})
const seconds = Number(given.seconds)
const perSecond = Number(given.rate)

/** A file every five seconds at 10,000 entries a second. */
const fileBytes = Math.max(4 << 20, perSecond * 2048)
await using journal = await privateJournald({
  settings: [`RuntimeMaxUse=${fileBytes * 6}`, `RuntimeMaxFileSize=${fileBytes}`],
})
await using read = reading(journal.root, { reader: given.reader })
const last = new Map<string, number>()
/** From journald's stamp to the look that found the entry, whole milliseconds. */
const lags: number[] = []
let delivered = 0
let ended = false

/** Takes what came, so that a minute of it is never held at once. */
function take(): void {
  const records = read.records.splice(0)
  delivered += records.length
  for (const { time, observed } of records) lags.push(Number(observed - time) / 1e6)
  ended ||= records.some((record) => message(record) === 'the end')
  for (const [id, numbers] of numbersOf(records)) {
    for (const number of numbers) {
      assert.ok(number > (last.get(id) ?? 0), `${id}: ${number} after ${last.get(id)}`)
      last.set(id, number)
    }
  }
}

await journal.log(['begin'])
const logger = journal.logger()
// What the test does with records must not hold up the reader.
const taking = setInterval(take, 10)
const started = performance.now()
/** Parts of a second. */
const parts = 50
for (let second = 0; second < seconds; second++) {
  for (let part = 0; part < parts; part++) {
    const lines = Array.from({ length: perSecond / parts }, (_, index) => `second ${second} line ${index}\n`)
    if (!logger.stdin.write(lines.join(''))) await once(logger.stdin, 'drain')
    await sleep(Math.max(0, started + (second + (part + 1) / parts) * 1000 - performance.now()))
  }
  if (second % 5 === 4) await journal.journalctl('--rotate')
}
logger.stdin.end()
await once(logger, 'exit')
const took = (performance.now() - started) / 1000
await journal.log(['the end'])
await read.until('the end', () => ended)
clearInterval(taking)
const host = tree(journal.root)
const issued = new Map<string, number>()
for (const { seqnumId, tail } of await journalFiles(host, await journalFolders(host)))
  issued.set(seqnumId, Math.max(tail, issued.get(seqnumId) ?? 0))
const total = [...issued.values()].reduce((a, b) => a + b, 0)
const missed = [...read.missed.values()].reduce((a, b) => a + b, 0)
lags.sort((a, b) => a - b)
const lagAt = (part: number) => Math.round(lags[Math.floor(lags.length * part)] ?? 0)
console.log(
  JSON.stringify({
    reader: given.reader,
    lagMilliseconds: { p50: lagAt(0.5), p99: lagAt(0.99), most: Math.round(lags.at(-1) ?? 0) },
    rssMB: Math.round(process.memoryUsage().rss / 1e6),
    seconds: Math.round(took),
    perSecond: Math.round(total / took),
    issued: total,
    delivered,
    missed: Object.fromEntries(read.missed),
    restarts: read.skipped.length,
  }),
)
assert.ok(total >= seconds * perSecond)
assert.equal(delivered + missed, total)
