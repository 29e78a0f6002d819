import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { zstdDecompressSync } from 'node:zlib'
import { type RealZram, realZram } from '../collectors/zram/device.ts'
import { eventually, startAgent, valueIn, workFolder } from './agent.ts'

const run = promisify(execFile)
const mib = 1 << 20

/** The columns of mm_stat that always have a sample. */
const columns = [
  [0, 'node_zram_orig_data_bytes'],
  [1, 'node_zram_compr_data_bytes'],
  [2, 'node_zram_mem_used_bytes'],
  [4, 'node_zram_mem_used_max_bytes'],
  [5, 'node_zram_same_pages'],
  [7, 'node_zram_huge_pages'],
] as const

/** Writes noise and waits for the disk. @returns whether the device took it */
async function writeNoise(at: RealZram, name: string, mebibytes: number): Promise<boolean> {
  try {
    await using file = await open(join(at.mountPoint, name), 'w')
    for (let i = 0; i < mebibytes; i++) await file.write(randomBytes(mib))
    await file.sync()
    return true
  } catch (error) {
    assert.ok(
      error instanceof Error && 'code' in error && (error.code === 'EIO' || error.code === 'EROFS'),
      String(error),
    )
    return false
  }
}

test('agent on a real zram device serves what mm_stat says at the same moment, and what happens at its mem_limit', async (t) => {
  await using at = await realZram('512M')
  await at.set('mem_limit', '96M')
  const folder = await workFolder(t)
  const agent = await startAgent(t, folder, {
    config: {
      spool: { path: join(folder, 'spool') },
      push: { schedule: '* * * * * *' },
      sinks: { out: { type: 'file', path: join(folder, 'out') } },
    },
  })
  const { device, mountPoint } = at
  const scrape = () => agent.scrape()

  // Before: /metrics and the kernel's file agree, at moments when the file does not change.
  let compared = 0
  for (let round = 0; round < 3; round++) {
    assert.ok(await writeNoise(at, `noise-${round}`, 10))
    await run('sync', ['-f', mountPoint])
    await eventually('the device is quiet during a scrape', async () => {
      const before = await at.file('mm_stat')
      const page = await scrape()
      if ((await at.file('mm_stat')) !== before) return undefined
      const values = before.trim().split(/\s+/).map(Number)
      for (const [column, name] of columns) {
        assert.equal(valueIn(page, name, { device }), values[column], name)
        compared += 1
      }
      assert.equal(
        valueIn(page, 'node_zram_fill_ratio', { device, constraint: 'mem_limit' }),
        (values[2] ?? 0) / (96 * mib),
      )
      return true
    })
  }
  assert.equal(compared, 3 * columns.length)

  // Filling: the level is over 85 %, where the alert is, while every write still succeeds.
  const limitFill = async () =>
    valueIn(await scrape(), 'node_zram_fill_ratio', { device, constraint: 'mem_limit' }) ?? 0
  let file = 3
  while ((await limitFill()) < 0.85) assert.ok(await writeNoise(at, `noise-${file++}`, 2))
  assert.equal(valueIn(await scrape(), 'node_zram_failed_writes_total', { device }), 0)

  // After: writes fail, the file system turns read-only, and both are to be seen.
  for (let i = 0; i < 40 && (await writeNoise(at, `over-${i}`, 8)); i++);
  await eventually(
    'the failed writes are served',
    async () => (valueIn(await scrape(), 'node_zram_failed_writes_total', { device }) ?? 0) > 0,
  )
  await at.refuseWrites()
  await eventually('the read-only file system is served', async () => {
    await writeNoise(at, 'more', 1)
    return (
      valueIn(await scrape(), 'node_filesystem_readonly', {
        mountpoint: mountPoint,
        device: `/dev/${device}`,
        fstype: 'ext4',
      }) === 1
    )
  })

  // And told: the events are in the sink, in order, each once.
  const told = () =>
    globSync(join(folder, 'out', '*.zst*'))
      .sort()
      .flatMap((path) => zstdDecompressSync(readFileSync(path)).toString().trimEnd().split('\n'))
      .map((line) => JSON.parse(line))
      .filter(({ id }) => typeof id === 'string' && id.startsWith(`${device}:`))
      .map(({ id }) => String(id).split(':').slice(1, 4))
  await eventually('the failed writes are told', async () =>
    told().some(([part]) => part === 'failed_writes'),
  )
  await agent.stop()
  const fills = told().filter(([part]) => part === 'fill')
  for (const [index, [, from]] of fills.entries()) assert.equal(from, fills[index - 1]?.[2] ?? 'below')
  assert.equal(fills.at(-1)?.[2], 'above-95')
  assert.equal(told().find(([part]) => part === 'failed_writes')?.[1], '0')
})
