/** A boot of the pristine image: the root is zram, its figures are sysfs's own, and nothing of the boot is missed. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { parseExport, startJournalRemote } from '../journal-remote-server.ts'
import { startLoki } from '../src/forwarders/loki-receiver.ts'
import { configOf } from './config.ts'
import { startMachine } from './machine.ts'
import { until } from './wait.ts'

test('pristine boot: root on zram, fill and compression equal to sysfs, kmsg from sequence 0, the first entries', async (t) => {
  await using loki = await startLoki()
  await using journals = await startJournalRemote()
  await using machine = await startMachine({
    config: configOf({ loki: loki.url, journalRemote: journals.url }),
  })
  assert.match(await machine.run('findmnt -no SOURCE,FSTYPE /'), /^\/dev\/zram0 +ext4\n$/)

  const oldest = await until('kmsg sequence 0', () =>
    loki
      .stored()
      .find(({ metadata }) => metadata.remora_source === 'kmsg' && metadata.remora_id?.endsWith(':0')),
  )
  assert.match(oldest.line, /^Linux version /)

  const first = await machine.run(
    'journalctl -b -o export -n +1 --no-pager 2>/dev/null | head -n 1; journalctl -b -o json --no-pager | head -n 20',
  )
  const cursors = first.split('\n').flatMap((line) => /"__CURSOR":"([^"]+)"/.exec(line)?.slice(1) ?? [])
  assert.ok(cursors.length > 0)
  t.diagnostic(`the first: ${cursors.at(0)}`)
  const boot = (await machine.run('cat /proc/sys/kernel/random/boot_id')).trim().replaceAll('-', '')
  const seen = await until('entries of this boot', async () => {
    const entries = parseExport(await journals.read()).filter(({ fields }) =>
      fields.includes(`_BOOT_ID=${boot}`),
    )
    return entries.length > 0 ? entries : undefined
  })
  t.diagnostic(`${seen.length} entries`)

  // Emulated, the first reading may be past its deadline.
  await until(
    'zram',
    async () => (await machine.metrics()).includes('node_zram_orig_data_bytes{') || undefined,
  )
  // The figures move with every write to the root, so equal is: between what sysfs said before and after.
  const columns = ['orig_data', 'compr_data', 'mem_used']
  const stat = async () => (await machine.run('cat /sys/block/zram0/mm_stat')).trim().split(/\s+/).map(Number)
  const before = await stat()
  const text = await machine.metrics()
  const after = await stat()
  for (const [index, column] of columns.entries()) {
    const value = Number(
      new RegExp(`^node_zram_${column}_bytes\\{[^}]*zram0[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1],
    )
    const ends = [before[index] ?? NaN, after[index] ?? NaN]
    assert.ok(Math.min(...ends) <= value && value <= Math.max(...ends), `${column}: ${value}, sysfs ${ends}`)
  }
})
