import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { deviceNumber, tree } from '../../src/tree.ts'

test('tree reads what is there, calls absent what is not, and refuses what is too large', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'remora-tree-'))
  t.after(() => rm(root, { recursive: true }))
  await mkdir(join(root, 'a'))
  await mkdir(join(root, 'ab'))
  await writeFile(join(root, 'a/file'), 'text\n')
  await symlink('../ab', join(root, 'a/beside'))
  await symlink('file', join(root, 'a/inside'))
  await writeFile(join(root, 'a/large'), '')
  await truncate(join(root, 'a/large'), (4 << 20) + 1)
  for (const reading of ['waiting', 'at-once'] as const) {
    const a = tree(join(root, 'a'), reading)
    assert.equal(await a.read('file'), 'text\n')
    assert.equal(await a.line('file'), 'text')
    assert.equal(await a.read('none'), undefined)
    assert.equal(await a.read('file/none'), undefined)
    assert.deepEqual(await a.list('.'), ['beside', 'file', 'inside', 'large'])
    assert.deepEqual(await a.list('none'), [])
    assert.equal(await a.real('inside'), '/file')
    assert.equal(await a.real('.'), '/')
    assert.equal(await a.real('beside'), join(root, 'ab'))
    assert.equal(await a.link('beside'), '../ab')
    assert.equal(await a.exists('none'), false)
    await assert.rejects(a.read('large'), /more than 4194304 bytes/)
    await assert.rejects(a.read('.'), { code: 'EISDIR' })
  }
  assert.equal(await tree('/').real('proc'), '/proc')
})

test('deviceNumber splits as glibc does', () => {
  // makedev(3) of these, on x86-64.
  assert.equal(deviceNumber(64768), '253:0')
  assert.equal(deviceNumber(2065), '8:17')
  assert.equal(deviceNumber(286327664), '259:70000')
})
