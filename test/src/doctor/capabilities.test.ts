/** Capabilities of a process against those that collectors need. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { collectors } from '../../../collectors/all.ts'
import { checkCapabilities, needed } from '../../../src/doctor/capabilities.ts'
import { treeOf } from './folder.ts'

test('remora.service grants exactly what the enabled collectors are said to need', async () => {
  const unit = await readFile(join(import.meta.dirname, '../../../systemd/remora.service'), 'utf8')
  const granted = /^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? []
  assert.deepEqual([...new Set(Object.values(needed).flat())].sort(), granted.sort())
  const names = new Set(collectors.map(({ name }) => name))
  assert.deepEqual(
    Object.keys(needed).filter((name) => !names.has(name)),
    [],
  )
})

test('doctor names the capabilities that are lacking with the collectors that need them', async (t) => {
  const look = async (line: string, names: readonly string[]) => {
    const [finding, ...more] = await checkCapabilities(await treeOf(t, { 'self/status': line }), names)
    assert.deepEqual(more, [])
    return [finding?.level, finding?.saw]
  }
  const all = ['kmsg', 'raid', 'smartctl', 'zram']
  const enough = ['ok', 'this process has all that the enabled collectors need']
  assert.deepEqual(await look('CapEff:\t000001ffffffffff\n', all), enough)
  // Only CAP_SYS_ADMIN, bit 21.
  assert.deepEqual(await look('CapPrm:\t0\nCapEff:\t0000000000200000\n', all), [
    'warning',
    'this process lacks CAP_SYSLOG (kmsg), CAP_SYS_RAWIO (raid, smartctl): some of what is there cannot be read',
  ])
  assert.deepEqual(await look('CapEff:\t0000000000000000\n', ['zram', 'host']), enough)
  for (const text of ['', 'CapEff:\tmany\n', `CapEff:\t${'f'.repeat(17)}\n`])
    assert.equal((await look(text, all))[0], 'unknown')
})
