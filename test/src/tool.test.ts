import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { findTools, sweepFolders, withTool } from '../../src/tool.ts'
import { contextOf } from '../collectors/context.ts'

/** A folder that is a host's root, with these programs in it. */
async function host(t: TestContext, programs: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'remora-host-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [path, script] of Object.entries(programs)) {
    const at = join(folder, 'root', path)
    await mkdir(join(at, '..'), { recursive: true })
    await writeFile(at, `#!/bin/sh\n${script}\n`)
    await chmod(at, 0o755)
  }
  return folder
}

const places = { family: 'fam', names: ['new', 'old'], folders: ['/opt/vendor'] }

test('tools are found on the PATH first and then in their folders, the preferred name first', async (t) => {
  const folder = await host(t, { 'bin/old': '', 'opt/vendor/old': '', 'opt/vendor/new': '' })
  const context = contextOf({ folder, path: `${folder}/root/bin:` })
  const tools = await findTools(places, context)
  assert.deepEqual(
    tools.map(({ name, program }) => [name, program.slice(folder.length)]),
    [
      ['new', '/root/opt/vendor/new'],
      ['old', '/root/bin/old'],
    ],
  )
  assert.deepEqual(await findTools({ ...places, names: ['gone'] }, context), [])
})

test('tools of one family run one at a time, in a private folder that is gone afterwards', async (t) => {
  const log = '"$(dirname "$0")/log"'
  const script = `echo "in $(ls -A | wc -l) $PWD" >>${log}; touch vendor.log; sleep 0.2; echo out >>${log}; pwd`
  const folder = await host(t, { 'bin/old': script })
  const context = contextOf({ folder, path: `${folder}/root/bin:/usr/bin:/bin` })
  const [tool] = await findTools(places, context)
  assert.ok(tool)
  const call = () => withTool(tool, context, async ({ exec }) => (await exec([])).stdout.toString().trim())
  const folders = await Promise.all([call(), call(), call()])
  assert.equal(new Set(folders).size, 3)
  const lines = (await readFile(join(folder, 'root/bin/log'), 'utf8')).trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => line.replace(/ \/.*/, '')),
    ['in 0', 'out', 'in 0', 'out', 'in 0', 'out'],
  )
  for (const one of folders) await assert.rejects(readdir(one), { code: 'ENOENT' })
})

test('tools go on to the next caller when one fails or is stopped while it waits', async (t) => {
  const folder = await host(t, { 'bin/old': 'sleep 0.2; exit 3' })
  const context = contextOf({ folder, path: `${folder}/root/bin:/usr/bin:/bin` })
  const [tool] = await findTools(places, context)
  assert.ok(tool)
  const stop = new AbortController()
  const failing = withTool(tool, context, async ({ exec }) => {
    const { exitCode } = await exec([])
    throw new Error(`exit code ${exitCode}`)
  })
  const stopped = withTool(tool, { ...context, signal: stop.signal }, async () => 'ran')
  const last = withTool(tool, context, async () => 'ran')
  stop.abort(new Error('stopped'))
  const settled = await Promise.allSettled([failing, stopped, last])
  assert.deepEqual(
    settled.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message)),
    ['exit code 3', 'stopped', 'ran'],
  )
})

test('tools: what a killed agent left in memory is removed once no tool can be using it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-swept-'))
  t.after(() => rm(folder, { recursive: true }))
  const hours = (count: number) => Date.now() / 1000 - count * 3600
  for (const [name, age] of [
    ['remora-tool-old', 2],
    ['remora-tool-new', 0.5],
    ['other', 2],
  ] as const) {
    await mkdir(join(folder, name))
    await writeFile(join(folder, name, 'vendor.log'), 'noise')
    await utimes(join(folder, name), hours(age), hours(age))
  }
  await sweepFolders(folder)
  assert.deepEqual((await readdir(folder)).sort(), ['other', 'remora-tool-new'])
  await sweepFolders('/nonexistent')
})

test('tools have their turn though the folder of the caller before could not be removed', async (t) => {
  // What is mounted below it is in the way.
  const folder = await host(t, { 'bin/old': 'mkdir below && mount -t tmpfs none below && pwd' })
  const context = contextOf({ folder, path: `${folder}/root/bin:/usr/sbin:/usr/bin:/sbin:/bin` })
  const [tool] = await findTools(places, context)
  assert.ok(tool)
  const said: string[] = []
  const call = () =>
    withTool(tool, context, async ({ exec }) => {
      const { stdout, exitCode } = await exec([])
      assert.equal(exitCode, 0)
      said.push(stdout.toString().trim())
    })
  t.after(async () => {
    for (const path of said) {
      execFileSync('umount', [`${path}/below`])
      await rm(path, { recursive: true })
    }
  })
  await assert.rejects(call(), { code: 'EBUSY' })
  await assert.rejects(call(), { code: 'EBUSY' })
  assert.equal(new Set(said).size, 2)
})
