/**
 * Many entries (`--entries`, 2,000,000) of 22 fields in real journal files: each byte as journalctl has it.
 * `npm run test:journal-oracle`
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeJournal } from '../bench/entries.ts'
import { assertSame } from './compare.ts'

const { values } = parseArgs({ options: { entries: { type: 'string', default: '2000000' } } })
const seconds = 1800
const root = await mkdtemp(join(tmpdir(), 'remora-oracle-'))
try {
  const made = await makeJournal(
    join(root, 'var/log/journal'),
    Number(values.entries),
    AbortSignal.timeout(seconds * 1000),
  )
  const begun = performance.now()
  const { entries } = await assertSame(root, made.path, seconds)
  const files = (await readdir(made.path)).length
  const { rss } = process.memoryUsage()
  const took = Math.round((performance.now() - begun) / 1000)
  console.log(JSON.stringify({ entries, files, seconds: took, rssMB: Math.round(rss / 1e6) }))
} finally {
  await rm(root, { recursive: true })
}
