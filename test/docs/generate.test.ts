import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { declared } from '../../docs/declared.ts'
import { variableOf } from '../../src/config/environment.ts'
import { type Key, keyTree, type Path } from '../../src/config/keys.ts'

const project = join(import.meta.dirname, '../..')
const docs = (name: string) => readFile(join(project, 'docs', name), 'utf8')

suite('generated documents', () => {
  test('are fresh', () => {
    const { status, stderr } = spawnSync(process.execPath, ['docs/generate.ts', '--check'], {
      cwd: project,
      encoding: 'utf8',
    })
    assert.equal(stderr, '')
    assert.equal(status, 0)
  })

  test('are called stale by name when they are', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'remora-docs-'))
    try {
      for (const part of ['docs', 'src', 'collectors', 'package.json', 'page-script.ts', 'proto'])
        await cp(join(project, part), join(folder, part), { recursive: true })
      await symlink(join(project, 'node_modules'), join(folder, 'node_modules'))
      await writeFile(join(folder, 'docs/configuration.md'), 'old\n')
      const check = spawnSync(process.execPath, ['docs/generate.ts', '--check'], {
        cwd: folder,
        encoding: 'utf8',
      })
      assert.equal(check.stderr, 'docs/configuration.md is stale: run npm run generate\n')
      assert.equal(check.status, 1)
      assert.equal(await readFile(join(folder, 'docs/configuration.md'), 'utf8'), 'old\n')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('name every declared metric', async () => {
    const page = await docs('metrics.md')
    const names = declared.flatMap(({ metrics }) => metrics.map(({ name }) => name))
    assert.ok(names.length >= 150)
    for (const name of names) assert.ok(page.includes(`| \`${name}\` `), name)
    const parsed: unknown = JSON.parse(await docs('metrics.json'))
    assert.ok(Array.isArray(parsed))
    assert.equal(parsed.length, names.length)
  })

  test('name every configuration key, described, with a variable of its own', async () => {
    const page = await docs('configuration.md')
    const found: { path: Path; key: Key }[] = []
    const walk = (key: Key, path: Path) => {
      if (key.children.size > 0)
        for (const [name, child] of key.children) walk(child, key.kind === 'choice' ? path : [...path, name])
      else if (key.entries?.kind === 'choice') walk(key.entries, [...path, '<name>'])
      else found.push({ path, key })
    }
    walk(keyTree(), [])
    assert.ok(found.length >= 50, `${found.length} keys`)
    for (const { path, key } of found)
      assert.ok(key.description !== '', `${path.join('.')} has no description`)
    for (const { path } of found) assert.ok(page.includes(`| \`${path.join('.')}\` `), path.join('.'))
    const paths = new Set(found.map(({ path }) => path.join('.')))
    assert.equal(new Set(found.map(({ path }) => variableOf(path))).size, paths.size)
  })
})
