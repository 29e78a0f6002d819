/** Whether a time service keeps the clock: real processes of the names that the services have, and what chronyc 4.3 prints. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { commandRunner } from '../../../src/command.ts'
import { checkTimeService, parseTracking } from '../../../src/doctor/clock.ts'
import { ParseError } from '../../../src/errors.ts'
import { tree } from '../../../src/tree.ts'
import { folderOf, treeOf } from './folder.ts'

/** Lines of `chronyc -n -c tracking`: never answered, following a server, following nothing but itself. */
const unanswered =
  '00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,1.000000000,0.0,Not synchronised'
const following =
  'C0000205,192.0.2.5,3,1795640000.241231891,-0.000011806,0.000003066,0.000013214,-0.318,0.003,0.161,0.006930000,0.000694000,64.3,Normal'
const alone =
  '7F7F0101,,8,1795640000.104868908,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000000,0.000000000,0.0,Normal'

/** A node on which a process of this name runs, with these tools. */
async function node(t: TestContext, name: string, tools: Readonly<Record<string, string>> = {}) {
  const root = await folderOf(t, {})
  const program = join(root, name)
  await copyFile('/bin/sleep', program)
  await chmod(program, 0o755)
  const child = spawn(program, ['600'], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await once(child, 'spawn')
  const bin = join(root, 'bin')
  await mkdir(bin)
  for (const [tool, script] of Object.entries(tools))
    await writeFile(join(bin, tool), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  // Of all processes this one alone, so that what else runs here says nothing.
  const { pid = 0 } = child
  const proc = tree('/proc', 'at-once')
  return {
    root,
    host: tree(root),
    proc: { ...proc, list: async () => [String(pid), 'self'] },
    run: commandRunner(bin),
  }
}

test('doctor says whether systemd-timesyncd has synchronised the clock', async (t) => {
  const before = await node(t, 'systemd-timesyncd')
  assert.deepEqual(await checkTimeService(before), {
    check: 'time service',
    level: 'warning',
    saw: 'systemd-timesyn runs, and the clock is not synchronised',
    todo: 'see to its time servers: records carry this clock',
  })
  await mkdir(join(before.root, 'run/systemd/timesync'), { recursive: true })
  await writeFile(join(before.root, 'run/systemd/timesync/synchronized'), '')
  assert.deepEqual(await checkTimeService(before), {
    check: 'time service',
    level: 'ok',
    saw: 'systemd-timesyn runs, and the clock is synchronised',
  })
})

test('doctor asks chronyc where chronyd runs, else the kernel, else says that it does not know', async (t) => {
  const saw = async (tools: Readonly<Record<string, string>>) => {
    const { level, saw } = await checkTimeService(await node(t, 'chronyd', tools))
    return [level, saw]
  }
  const line = (text: string) => ({ chronyc: `[ "$*" = "-n -c tracking" ] && echo "${text}"` })
  const kernel = { busybox: '[ "$1" = adjtimex ] && echo "    status:       64 (UNSYNC)"' }
  const is = (words: string) => `chronyd runs, and the clock is ${words}`
  assert.deepEqual(await saw(line(following)), ['ok', is('synchronised')])
  assert.deepEqual(await saw({ ...line(unanswered), ...kernel }), ['warning', is('not synchronised')])
  const cannot = { chronyc: 'echo "506 Cannot talk to daemon"; exit 1' }
  assert.deepEqual(await saw({ ...cannot, ...kernel }), ['warning', is('not synchronised')])
  const disciplined = { adjtimex: 'echo "         mode: 0"; echo "       status: 8193"' }
  assert.deepEqual(await saw({ ...cannot, ...disciplined }), ['ok', is('synchronised')])
  assert.equal((await saw(line('something else')))[0], 'unknown')
  assert.deepEqual(await saw(cannot), [
    'unknown',
    'chronyd runs; whether the clock is synchronised is unknown',
  ])
})

test('doctor does not say that nothing synchronises the clock because it knows no service that does', async (t) => {
  const root = await treeOf(t, {})
  const { level, saw } = await checkTimeService({ host: root, proc: root, run: commandRunner('/nowhere') })
  assert.equal(level, 'unknown')
  assert.match(saw, /^none of .*chronyd.* runs; whether the clock is synchronised is unknown$/)
})

test('parseTracking takes the own clock for no reference, and answers every text or throws ParseError', () => {
  assert.deepEqual([following, unanswered, alone].map(parseTracking), [true, false, false])
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.array(fc.string()).map(String)), (text) => {
      try {
        assert.equal(typeof parseTracking(text), 'boolean')
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error))
      }
    }),
  )
})
