/** Memory that control groups of version 2 leave, in trees shaped as Linux 6.1 has them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMemory } from '../../../src/doctor/memory.ts'
import { treeOf } from './folder.ts'

const mebi = 1 << 20
const meminfo = 'MemTotal:        2000000 kB\nMemAvailable:     900000 kB\n'

/** The files of a group; sizes in MiB. */
function group(path: string, max: number | 'max', current: number, cache = 0) {
  const at = `fs/cgroup${path}`
  return {
    [`${at}/memory.max`]: `${max === 'max' ? max : max * mebi}\n`,
    [`${at}/memory.current`]: `${current * mebi}\n`,
    [`${at}/memory.stat`]: `anon 4096\ninactive_file ${cache * mebi}\nactive_file 0\n`,
  }
}

async function look(t: Parameters<typeof treeOf>[0], own: string, sys: Readonly<Record<string, string>>) {
  const proc = await treeOf(t, { meminfo, 'self/cgroup': `1:name=systemd:/x\n0::${own}\n` })
  const found = await checkMemory({ proc, sys: await treeOf(t, sys) })
  return found.map(({ level, saw, todo }) => [level, saw, ...(todo === undefined ? [] : [todo])])
}

const two = { 'fs/cgroup/cgroup.controllers': 'cpu memory\n' }
const node = ['ok', '878.9 MiB are available']
const need = 'Remora takes up to 160.0 MiB in a storm'

test('doctor says the narrowest control group around this process, without the cache it can give up', async (t) => {
  const around = { ...group('/user.slice', 500, 450, 30), ...group('/user.slice/shell', 'max', 10) }
  assert.deepEqual(await look(t, '/user.slice/shell', { ...two, ...around }), [
    node,
    [
      'warning',
      'the control group /user.slice, in which this runs, leaves 80.0 MiB of 500.0 MiB',
      `${need}: raise memory.max`,
    ],
  ])
  assert.deepEqual(await look(t, '/user.slice/shell', { ...two, ...group('/user.slice/shell', 400, 100) }), [
    node,
    ['ok', 'the control group /user.slice/shell, in which this runs, leaves 300.0 MiB of 400.0 MiB'],
  ])
  // As a container sees it, whose group is the root of its own namespace.
  assert.deepEqual(await look(t, '/', { ...two, ...group('/', 300, 50) }), [
    node,
    ['ok', 'the control group /, in which this runs, leaves 250.0 MiB of 300.0 MiB'],
  ])
})

test('doctor says what remora.service uses of its bound, and that the bound is too low', async (t) => {
  const unit = '/system.slice/remora.service'
  const room = (max: number, used: number) => look(t, '/init.scope', { ...two, ...group(unit, max, used) })
  const saw = (used: string, max: string) => `remora.service uses ${used} MiB of the ${max} MiB of ${unit}`
  assert.deepEqual(await room(400, 90), [node, ['ok', saw('90.0', '400.0')]])
  assert.deepEqual(await room(100, 50), [
    node,
    ['warning', saw('50.0', '100.0'), `raise MemoryMax=: ${need}`],
  ])
  assert.deepEqual(await room(400, 390), [
    node,
    ['warning', saw('390.0', '400.0'), 'raise MemoryMax=, or see what it is used for'],
  ])
})

test('doctor says that a bound on memory is not seen where control groups are of version 1, and none where there is none', async (t) => {
  assert.deepEqual(await look(t, '/', {}), [
    node,
    ['unknown', 'no control groups of version 2 are here: whether one bounds it was not seen'],
  ])
  const torn = { 'fs/cgroup/a/memory.max': 'lots\n', 'fs/cgroup/a/memory.current': '' }
  assert.deepEqual(await look(t, '/a', { ...two, ...torn }), [node])
  assert.deepEqual(await look(t, '/../gone', two), [node])
})
