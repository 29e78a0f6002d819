import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { brokenBuilds, makeBroken } from './bench/broken.ts'
import { runMixed, runRow } from './bench/run.ts'
import { rows } from './bench/table.ts'

test('faults of every kind at random lose nothing uncounted, and the ledger is exact at every scrape', async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? 7)
  const report = await runMixed(rows, 20, { seed, scale: 0.05 })
  t.diagnostic(JSON.stringify(report))
  const injected = Object.values(report.faults).reduce((sum, count) => sum + count, 0)
  assert.ok(injected >= 3, `${injected} faults`)
  assert.ok(report.scrapes >= 10 && report.equations >= 100, `${report.scrapes} scrapes`)
})

test('a build that frees a batch before the acknowledgement is found by the fault bench', async () => {
  const [broken] = brokenBuilds.filter(({ name }) => name.startsWith('batch freed'))
  const row = rows.find(({ name }) => name === broken?.row)
  assert.ok(broken !== undefined && row !== undefined)
  const folder = await mkdtemp(join(tmpdir(), 'remora-broken-'))
  try {
    const bundle = join(folder, 'remora.cjs')
    await makeBroken(broken, bundle)
    await assert.rejects(runRow(row, 5, { seed: 1, scale: 0.05, bundle }), /are acknowledged, \w+ has \d+/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('every row of the fault table is told in docs/faults.md', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/faults.md'), 'utf8')
  const told = new Set([...text.matchAll(/^\| (.+?) +\|/gm)].map(([, name]) => name))
  for (const { name } of rows) assert.ok(told.has(name), name)
})
