/** Where the spool is: a real zram device, room that it has already taken. */
import assert from 'node:assert/strict'
import { mkdir, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readonly } from '../../../collectors/root/metrics.ts'
import { checkSpool } from '../../../src/doctor/storage.ts'
import { tree } from '../../../src/tree.ts'
import { realZram } from '../../collectors/zram/device.ts'
import { folderOf } from './folder.ts'

const node = { sys: tree('/sys'), host: tree('/') }

test('doctor says that a spool on zram is in memory, and counts what it takes already as its room', async () => {
  await using zram = await realZram('64M')
  const path = join(zram.mountPoint, 'spool')
  await mkdir(path)
  await writeFile(join(path, 'spool.sqlite'), Buffer.alloc(20 << 20, 'x'))
  const { bavail, bsize } = await statfs(path)
  // All that is free and half of what it takes: without that it would have too little room.
  const config = { path, max_bytes: bavail * bsize + (10 << 20), reserve_ratio: 0.0001 }
  const [room, memory, ...more] = await checkSpool(config, node, [])
  assert.deepEqual(more, [])
  assert.equal(room?.level, 'ok')
  assert.match(room?.saw ?? '', / takes 20\.0 MiB of at most /)
  assert.equal(memory?.level, 'warning')
  assert.equal(memory?.saw, `${path} is in memory, on /dev/${zram.device}: it does not outlast a reboot`)

  const [tight] = await checkSpool({ ...config, max_bytes: config.max_bytes + (20 << 20) }, node, [])
  assert.equal(tight?.level, 'warning')
  assert.match(tight?.todo ?? '', /^lower spool\.max_bytes or give it room/)
})

test('doctor believes what the root collector says of a disk that takes no writes, not access(2)', async (t) => {
  const path = await folderOf(t, {})
  const sample = (mountpoint: string, value: number) => ({ metric: readonly, value, labels: { mountpoint } })
  const config = { path: join(path, 'spool'), max_bytes: 1 << 20, reserve_ratio: 0.01 }
  const look = async (...samples: ReturnType<typeof sample>[]) =>
    (await checkSpool(config, node, samples)).map(({ level, todo }) => `${level} ${todo ?? ''}`)
  const problem = ['problem do not restart it, and see docs/runbooks/RootReadOnly.md']
  assert.deepEqual(await look(sample('/', 1)), problem)
  assert.deepEqual(await look(sample('/', 0), sample(path, 1)), problem)
  assert.notDeepEqual(await look(sample('/', 1), sample(path, 0)), problem)
  assert.notDeepEqual(await look(sample('/', 0), sample(path.slice(0, -1), 1)), problem, 'another folder')
})
