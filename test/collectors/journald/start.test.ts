import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JournalFile } from '../../../collectors/journald/files.ts'
import { filesSince, findStart } from '../../../collectors/journald/start.ts'

const nothing = {
  stream: async function* () {
    yield* []
  },
  signal: new AbortController().signal,
}

test('a duration begins so long before now, and says since when', async () => {
  const now = Math.floor(Date.now() / 1000)
  const { args, sinceMicroseconds } = await findStart('2h', '/nowhere', nothing)
  const since = sinceMicroseconds / 1e6
  assert.deepEqual(args, [`--since=@${since}`])
  assert.ok(Math.abs(now - 7200 - since) <= 1, String(since))
})

test('all, and the boot before where there is none, begin with the first entry', async () => {
  for (const initial of ['all', 'previous-boot'])
    assert.deepEqual(await findStart(initial, '/nowhere', nothing), { args: [], sinceMicroseconds: 0 })
})

test('a journal that ends before the start is not waited for', () => {
  const file = (tailMicroseconds: number): JournalFile => ({
    path: '/var/log/journal/m/system.journal',
    folder: '/var/log/journal/m',
    seqnumId: 'a',
    head: 1,
    tail: 9,
    headMicroseconds: 1,
    tailMicroseconds,
    entries: 9,
    sizeBytes: 8,
    isWhole: true,
    isOrigin: true,
  })
  assert.deepEqual(
    filesSince([file(99), file(100), file(101)], 100).map(({ tailMicroseconds }) => tailMicroseconds),
    [100, 101],
  )
})
