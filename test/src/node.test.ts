import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Config } from '../../src/config-schema.ts'
import { firmwareText } from '../../src/firmware-text.ts'
import { nodeIdentity } from '../../src/node.ts'
import { tree } from '../../src/tree.ts'

const fixtures = join(import.meta.dirname, '../fixtures/host')
const trees = (name: string) => ({
  sys: tree(join(fixtures, name, 'sys')),
  proc: tree(join(fixtures, name, 'proc')),
})
const everything: Config['node']['identity'] = ['hostname', 'product_uuid', 'product_serial', 'mac']

test('node is named by its hostname first', async () => {
  assert.deepEqual(await nodeIdentity({ identity: everything }, trees('linux-6.18')), {
    name: 'oss-17',
    hostname: 'oss-17',
    bootId: '6d1f3b52-0c7e-4d0a-9a54-1f2e3d4c5b6a',
    warnings: [],
  })
})

test('node is named as configured', async () => {
  const { name, hostname } = await nodeIdentity(
    { name: 'rack3-7', identity: everything },
    trees('linux-6.18'),
  )
  assert.deepEqual({ name, hostname }, { name: 'rack3-7', hostname: 'oss-17' })
})

test('node takes each identity in the configured order', async () => {
  const names = []
  for (const kind of ['product_uuid', 'product_serial', 'mac'] as const)
    names.push((await nodeIdentity({ identity: [kind, 'hostname'] }, trees('linux-6.18'))).name)
  assert.deepEqual(names, ['4c4c4544-0042-3510-8052-b4c04f4a3132', 'S400321X3A01234', '3c:ec:ef:00:11:22'])
})

test('node passes over localhost, unfilled firmware and a zero address', async () => {
  const { name, warnings } = await nodeIdentity({ identity: everything }, trees('linux-3.10'))
  assert.equal(name, '00:25:90:aa:bb:cc')
  assert.deepEqual(warnings, [])
})

test('node without any identity is "unknown", and says so', async () => {
  const { name, warnings } = await nodeIdentity(
    { identity: ['hostname', 'product_uuid'] },
    trees('linux-3.10'),
  )
  assert.equal(name, 'unknown')
  assert.deepEqual(warnings, [
    'Cannot name this node by hostname, product_uuid: none is here; it is called "unknown" until node.name is set',
  ])
  assert.deepEqual(await nodeIdentity({ identity: ['mac'] }, trees('nowhere')), {
    name: 'unknown',
    hostname: '',
    bootId: 'unknown',
    warnings: ['Cannot name this node by mac: none is here; it is called "unknown" until node.name is set'],
  })
})

test('node is not named by what only looks like a name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remora-node-'))
  try {
    await cp(join(fixtures, 'linux-3.10'), folder, { recursive: true, verbatimSymlinks: true })
    const local = { sys: tree(join(folder, 'sys')), proc: tree(join(folder, 'proc')) }
    const found = []
    for (const hostname of ['localhost', 'LOCALHOST', '(none)', '', 'localhost6', 'debian']) {
      await writeFile(join(folder, 'proc/sys/kernel/hostname'), `${hostname}\n`)
      found.push((await nodeIdentity({ identity: everything }, local)).name)
    }
    const mac = '00:25:90:aa:bb:cc'
    assert.deepEqual(found, [mac, mac, mac, mac, mac, 'debian'])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('node reads this machine', async () => {
  const { bootId, hostname } = await nodeIdentity(
    { identity: everything },
    { sys: tree('/sys'), proc: tree('/proc') },
  )
  assert.match(bootId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.notEqual(hostname, '')
})

test('firmware text is undefined where vendors say nothing', () => {
  const nothing = [
    undefined,
    '',
    '  ',
    'To be filled by O.E.M.',
    'TO BE FILLED BY O.E.M.',
    'Not Specified',
    'None',
    'Default string',
    '0',
    '0000000000',
    '00000000-0000-0000-0000-000000000000',
    'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
    '........',
    '-',
    'XXXXXXXXXX',
    '0123456789',
    '00:00:00:00:00:00',
  ]
  for (const text of nothing) assert.equal(firmwareText(text), undefined, String(text))
  const something = ['S400321X3A01234', '0F', 'X12', '1', '00a0', 'Not the default string']
  for (const text of something) assert.equal(firmwareText(` ${text}\n`), text)
})
