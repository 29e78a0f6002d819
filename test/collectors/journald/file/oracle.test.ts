/** Journal files of every layout, read directly and by the real journalctl: every byte is the same. */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { boot, exportText, type Fields } from '../journals.ts'
import { folder, journalctl, layouts, makeFile, plain, readFile, repack } from './made.ts'

const begin = 1_700_000_000_000_000

/** What entries of real programs have, and what journald takes although no program should send it. */
function awkward(index: number): Fields {
  return [
    ['MESSAGE', `line ${index}`],
    ['PRIORITY', String(index % 8)],
    ['_HOSTNAME', 'node7'],
    ...(index % 3 === 0
      ? ([
          ['TAG', 'one'],
          ['TAG', 'two'],
        ] as const)
      : []),
    ...(index % 5 === 0
      ? ([
          ['TWICE', 'same'],
          ['TWICE', 'same'],
        ] as const)
      : []),
    ...(index % 7 === 0 ? ([['EMPTY', '']] as const) : []),
    ...(index % 11 === 0 ? ([['BYTES', Buffer.from([0, 10, 0xff, 0x3d, index & 255])]] as const) : []),
    ...(index % 13 === 0 ? ([['LONG', `${index} packs well. `.repeat(index)]] as const) : []),
    ...(index % 400 === 1 ? ([['HUGE', Buffer.alloc(300_000, `${index}-`)]] as const) : []),
  ]
}

const text = exportText([
  ...boot('1'.repeat(32), begin, 300, awkward),
  ...boot('2'.repeat(32), begin + 90_000_000, 100, (index) => [
    ...awkward(index),
    ...Array.from({ length: 100 }, (_, field) => [`FIELD${field}`, `${index % 4}`] as const),
  ]),
])

for (const layout of layouts) {
  const name =
    Object.entries(layout)
      .filter(([, on]) => on)
      .map(([word]) => word)
      .join(', ') || 'old'
  test(`a journal file (${name}) is read as journalctl reads it`, async (t) => {
    const path = join(await folder(t), 'system.journal')
    await makeFile(path, text, layout)
    const { entries, damaged } = readFile(path)
    assert.equal(entries.length, 400)
    assert.equal(damaged, 0)
    assert.deepEqual(entries, await journalctl(`--file=${path}`))
  })
}

for (const how of ['lz4', 'xz'] as const)
  test(`a journal file packed with ${how} is read as journalctl reads it`, async (t) => {
    for (const compact of [false, true]) {
      const path = join(await folder(t), 'system.journal')
      await makeFile(path, text, { ...plain, keyed: compact, compact })
      assert.ok(repack(path, how) > 20)
      const { entries, damaged } = readFile(path)
      assert.equal(damaged, 0)
      assert.deepEqual(entries, await journalctl(`--file=${path}`))
      assert.equal(entries.length, 400)
    }
  })

test('a journal file with the shortest header there was is read, and so is one with a longer one to come', async (t) => {
  const path = join(await folder(t), 'system.journal')
  await makeFile(path, exportText(boot('3'.repeat(32), begin, 50, awkward)), { ...plain, keyed: false })
  const bytes = readFileSync(path)
  const expected = readFile(path).entries
  assert.equal(expected.length, 50)
  bytes.writeBigUInt64LE(208n, 88)
  bytes.fill(0xff, 208, 264) // What a shorter header does not have is the first object's, and not looked at.
  writeFileSync(path, bytes)
  assert.deepEqual(readFile(path).entries, expected)
  const longer = join(await folder(t), 'longer.journal')
  copyFileSync(path, longer)
  bytes.writeBigUInt64LE(4096n, 88)
  writeFileSync(longer, bytes)
  assert.deepEqual(readFile(longer).entries, expected)
})

test('a field over the bound keeps its beginning, and the length it had, packed or not', async (t) => {
  const expected = Buffer.alloc(300_000, '1-').toString('latin1', 0, 5000)
  for (const layout of layouts) {
    const path = join(await folder(t), 'system.journal')
    await makeFile(path, exportText(boot('1'.repeat(32), begin, 3, awkward)), layout)
    const { entries, damaged } = readFile(path, 5000)
    assert.equal(damaged, 0)
    assert.equal(entries.length, 3)
    assert.equal(entries[1]?.find(([name]) => name === 'HUGE')?.[1], expected)
  }
})

test('a journal file of a newer systemd is refused with its flags', async (t) => {
  const path = join(await folder(t), 'system.journal')
  await makeFile(path, exportText(boot('1'.repeat(32), begin, 3)), plain)
  const bytes = readFileSync(path)
  bytes.writeUInt32LE(bytes.readUInt32LE(12) | 0x40, 12)
  writeFileSync(path, bytes)
  assert.throws(() => readFile(path), {
    name: 'UnknownFlagsError',
    message: /incompatible flags 0x40 of a newer systemd/,
  })
})
