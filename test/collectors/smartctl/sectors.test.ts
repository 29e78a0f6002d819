import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseReport } from '../../../collectors/smartctl/report.ts'
import { statesOf } from '../../../collectors/smartctl/states.ts'
import { fixture, sda } from './drives.ts'

const json = JSON.parse(readFileSync(fixture('ata-hdd.json'), 'utf8'))

/** What is told of a drive with these attributes: part, state and severity. */
function told(rows: readonly [id: number, name: string, raw: unknown][], known: Record<string, string> = {}) {
  const table = rows.map(([id, name, value]) => ({ id, name, value: 100, thresh: 0, raw: { value } }))
  const report = parseReport(sda, JSON.stringify({ ...json, ata_smart_attributes: { table } }), 0)
  return statesOf(report, (part) => known[part])
    .filter(({ event }) => event.endsWith('_sectors'))
    .map(({ part, state, severity }) => `${part} ${state} ${severity}`)
}

test('smartctl tells of sectors that a drive cannot read, of each count, and when there are none any more', () => {
  const pending = (raw: unknown) => [197, 'Current_Pending_Sector', raw] as [number, string, unknown]
  const lost = (raw: unknown) => [198, 'Offline_Uncorrectable', raw] as [number, string, unknown]
  assert.deepEqual(told([pending(0), lost(0)]), [])
  assert.deepEqual(told([pending(8), lost(0)]), ['ZEX00A01:pending_sectors 8 17'])
  const known = { 'ZEX00A01:pending_sectors': '8' }
  assert.deepEqual(told([pending(16), lost(2)], known), [
    'ZEX00A01:pending_sectors 16 17',
    'ZEX00A01:uncorrectable_sectors 2 17',
  ])
  assert.deepEqual(told([pending(0), lost(0)], known), ['ZEX00A01:pending_sectors 0 9'])
})

test('smartctl takes no number of another meaning for sectors', () => {
  assert.deepEqual(told([[197, 'Unknown_Attribute', 8]]), [])
  assert.deepEqual(told([[198, 'Host_Reads_GiB', 8]]), [])
  for (const raw of [2 ** 40, -1, 'eight', null])
    assert.deepEqual(told([[197, 'Current_Pending_Sector', raw]]), [])
})
