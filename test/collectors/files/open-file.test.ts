import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { OpenFile } from '../../../collectors/files/open-file.ts'

test('a log is a plain file: a pipe without a writer, a folder and nothing at all are none, at once', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-open-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = (name: string) => join(folder, name)
  execFileSync('mkfifo', [path('pipe')])
  await mkdir(path('folder'))
  await writeFile(path('log'), 'a line\n')
  for (const name of ['pipe', 'folder', 'gone', 'log/below'])
    assert.equal(await OpenFile.open(path(name)), undefined, name)
  await using file = await OpenFile.open(path('log'))
  assert.equal((await file?.read(0, 100))?.toString(), 'a line\n')
})
