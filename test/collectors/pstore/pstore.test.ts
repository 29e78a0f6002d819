import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { deflateRawSync, deflateSync, zstdCompressSync } from 'node:zlib'
import { pstore } from '../../../collectors/pstore/pstore.ts'
import { collectOnce, contextOf } from '../context.ts'
import { kernel, look, machine, said, systemd } from './tree.ts'

const acknowledge = async (folder: string, positions: ReadonlyMap<string, string>, options: unknown = {}) => {
  for (const [stream, position] of positions)
    await pstore.acknowledged?.(stream, position, contextOf({ folder, options }))
}

test('pstore: one crash of two ERST parts is one event, its dump behind it with the oldest part first', async (t) => {
  const node = await machine(t, 'linux-6.1-erst')
  const { batches, skipped } = await look(node)
  assert.deepEqual([batches.length, skipped.length], [1, 0])
  const [event, dump, ...more] = batches[0]?.records ?? []
  assert.deepEqual(more, [])
  assert.equal(said(event, 'event.name'), 'pstore.crash')
  assert.equal(said(event, 'severity_number'), '21')
  assert.equal(said(event, 'body'), 'Kernel panic - not syncing: hung_task: blocked tasks')
  assert.equal(said(event, 'pstore.reason'), 'Panic')
  assert.equal(said(event, 'pstore.parts'), '2 1')
  assert.equal(said(event, 'pstore.pieces'), '1')
  assert.equal(said(dump, 'event.name'), 'pstore.dump')
  const text = said(dump, 'body') ?? ''
  assert.ok(text.startsWith('Panic#1 Part2\n') && text.indexOf('Part1') > text.indexOf('[sda]'), text)
  assert.ok(text.endsWith('from 0xffffffff81000000\n'))
  assert.deepEqual(
    [event?.stream, event?.id, dump?.id],
    [batches[0]?.positions[0]?.stream, `${event?.stream}:0`, `${event?.stream}:1`],
  )
})

test('pstore: a crash is the same one before and after systemd moves it, and is not sent twice', async (t) => {
  const node = await machine(t, 'linux-6.1-erst')
  const before = await look(node)
  const moved = await machine(t)
  const [older, newer] = ['7640891576956026882', '7640891576956026881']
  for (const id of [older, newer]) {
    const text = await readFile(join(node.folder, kernel, `dmesg-erst-${id}`))
    await moved.put(`${systemd}/7640891576956/dmesg-erst-${id}`, text)
  }
  await moved.put(`${systemd}/7640891576956/dmesg.txt`, 'joined')
  const after = await look(moved)
  assert.deepEqual([...after.positions], [...before.positions])
  assert.deepEqual((await look(moved, before.positions)).batches, [])
  await acknowledge(moved.folder, before.positions)
  assert.deepEqual(await moved.left(), [])
})

test('pstore: EFI parts of systemd are one crash with the time of their number, unlinked with the text joined of them', async (t) => {
  const node = await machine(t, 'systemd-252-efi')
  const { batches, positions } = await look(node)
  assert.equal(batches.length, 1)
  const [event] = batches[0]?.records ?? []
  assert.equal(said(event, 'body'), 'BUG: unable to handle page fault for address: ffffa3c1deadb000')
  assert.equal(event?.time, 1_764_012_345n * 1_000_000_000n)
  assert.equal((await node.left()).length, 3)
  await acknowledge(node.folder, positions)
  assert.deepEqual(await node.left(), [])
})

test('pstore: each crash is a stream of its own, and only what is acknowledged goes', async (t) => {
  const node = await machine(t)
  const panic = (word: string) => `Panic#1 Part1\n<0>[    9.1] Kernel panic - not syncing: ${word}\n`
  await node.put(`${kernel}/dmesg-ramoops-0`, panic('first'))
  await node.put(`${kernel}/dmesg-ramoops-1`, panic('second'))
  await node.put(`${kernel}/console-ramoops-0`, 'boot\nlogin:\n')
  const { batches, positions } = await look(node)
  assert.equal(batches.length, 3)
  assert.equal(positions.size, 3)
  const second = batches.find(({ records }) => said(records.at(0), 'body')?.endsWith('second'))
  const stream = second?.positions[0]?.stream ?? ''
  await acknowledge(node.folder, new Map([[stream, positions.get(stream) ?? '']]))
  assert.deepEqual(await node.left(), [`${kernel}/console-ramoops-0`, `${kernel}/dmesg-ramoops-0`])
  const console = batches.find(({ records }) => said(records.at(0), 'event.name') === 'pstore.console')
  assert.match(
    said(console?.records.at(0), 'body') ?? '',
    /^console of an earlier boot \(console-ramoops-0\): login:$/,
  )
})

test('pstore: what is left of a crash whose files are being unlinked is no other crash', async (t) => {
  const node = await machine(t, 'linux-6.1-erst')
  const { batches, positions } = await look(node)
  assert.equal(batches.length, 1)
  // Killed between two unlinks.
  const [first] = await node.left()
  await rm(join(node.folder, first ?? ''))
  assert.equal((await node.left()).length, 1)
  assert.deepEqual((await look(node, positions)).batches, [])
  await acknowledge(node.folder, positions)
  assert.deepEqual(await node.left(), [])
  // Looked at while they are unlinked, however the two fall together.
  for (let round = 0; round < 20; round++) {
    await node.put(`${kernel}/dmesg-erst-7640891576956026881`, 'Panic#1 Part1\n<0>[    2.0] Kernel panic\n')
    await node.put(`${kernel}/dmesg-erst-7640891576956026882`, 'Panic#1 Part2\n<6>[    1.0] before\n')
    const sent = await look(node)
    assert.equal(sent.batches.length, 1)
    const [, again] = await Promise.all([
      acknowledge(node.folder, sent.positions),
      look(node, sent.positions),
    ])
    assert.deepEqual(again.batches, [])
    assert.deepEqual(await node.left(), [])
  }
})

test('pstore: the text systemd joined stays while a part of it is not asked for, and goes with the last', async (t) => {
  const node = await machine(t, 'systemd-252-efi')
  const { positions } = await look(node)
  const parts = (await node.left()).filter((path) => !path.endsWith('dmesg.txt'))
  assert.equal(parts.length, 2)
  // Only one part is asked for: the text is of the other one, too.
  const [stream = '', position = ''] = [...positions][0] ?? []
  const { files } = JSON.parse(position)
  const half = JSON.stringify({ files: files.slice(0, 1) })
  await pstore.acknowledged?.(stream, half, contextOf({ folder: node.folder }))
  assert.ok(
    (await node.left()).some((path) => path.endsWith('dmesg.txt')),
    'a part of another crash is there',
  )
  await acknowledge(node.folder, positions)
  assert.deepEqual(await node.left(), [])
})

test('pstore: a file that another crash has written since is left, whatever its name', async (t) => {
  const node = await machine(t)
  await node.put(`${kernel}/dmesg-ramoops-0`, 'Oops#1 Part1\nBUG: one\n')
  const { positions } = await look(node)
  await node.put(`${kernel}/dmesg-ramoops-0`, 'Oops#1 Part1\nBUG: two\n')
  await acknowledge(node.folder, positions)
  assert.deepEqual(await node.left(), [`${kernel}/dmesg-ramoops-0`])
  const again = await look(node, positions)
  assert.equal(said(again.batches[0]?.records.at(0), 'body'), 'BUG: two')
})

test('pstore: unlink off keeps every file', async (t) => {
  const node = await machine(t, 'linux-6.1-erst')
  const { positions } = await look(node)
  await acknowledge(node.folder, positions, { unlink: false })
  assert.equal((await node.left()).length, 2)
})

const log = 'Panic#1 Part1\n<0>[    9.1] Kernel panic - not syncing: packed\n'
/** Two literals sequences and an overlapping match, by hand: "ab" and then 20 more of it, and "!\n" to end. */
const lz4 = Buffer.from([0x2f, 0x61, 0x62, 0x02, 0x00, 0x01, 0x20, 0x21, 0x0a])
const packings: readonly [string, Uint8Array, string][] = [
  ['deflate', deflateRawSync(log), 'Kernel panic - not syncing: packed'],
  ['zlib', deflateSync(log), 'Kernel panic - not syncing: packed'],
  ['zstd', zstdCompressSync(log), 'Kernel panic - not syncing: packed'],
  ['lz4', lz4, `${'ab'.repeat(11)}!`],
]
for (const [packing, bytes, body] of packings) {
  test(`pstore: a record packed with ${packing} is unpacked`, async (t) => {
    const node = await machine(t)
    await node.put(`${kernel}/dmesg-efi-176401234501001.enc.z`, bytes)
    const { batches } = await look(node)
    assert.equal(said(batches[0]?.records.at(0), 'body'), body)
  })
}

test('pstore: a record that cannot be unpacked is sent as it is', async (t) => {
  const node = await machine(t)
  const bytes = crypto.getRandomValues(new Uint8Array(20_000)).fill(0xff, 0, 40)
  await node.put(`${kernel}/dmesg-efi-176401234501001.enc.z`, bytes)
  const { batches, positions } = await look(node)
  const [event, ...pieces] = batches[0]?.records ?? []
  assert.match(said(event, 'body') ?? '', /^dmesg-efi-176401234501001\.enc\.z: it cannot be unpacked$/)
  const raw = pieces.map(
    ({ fields }) => fields.find(([name]) => name === 'pstore.packed')?.[1] ?? new Uint8Array(),
  )
  assert.ok(Buffer.concat(raw).equals(bytes))
  await acknowledge(node.folder, positions)
  assert.deepEqual(await node.left(), [])
})

test('pstore: a long dump comes in pieces of at most 16 KiB that end at a line, the newest MiB of it', async (t) => {
  const node = await machine(t)
  const line = (index: number) => `<6>[${String(index).padStart(6)}.000001] usb ${'x'.repeat(60)}\n`
  const text = Array.from({ length: 20_000 }, (_, index) => line(index)).join('')
  await node.put(`${kernel}/dmesg-ramoops-0`, text)
  const { batches } = await look(node)
  const [event, ...pieces] = batches[0]?.records ?? []
  assert.equal(said(event, 'pstore.pieces'), String(pieces.length))
  assert.equal(said(event, 'pstore.left_out_bytes'), String(text.length - (1 << 20)))
  const bodies = pieces.map((piece) => said(piece, 'body') ?? '')
  assert.ok(bodies.every((body) => body.length <= 16 << 10))
  assert.ok(bodies.slice(0, -1).every((body) => body.endsWith('\n')))
  assert.equal(bodies.join(''), text.slice(-(1 << 20)))
})

test('pstore: a file that is no record is said once, and the others are read', async (t) => {
  const node = await machine(t, 'linux-6.1-erst')
  await node.put(`${kernel}/notes`, 'x')
  const { batches, skipped } = await look(node)
  assert.equal(batches.length, 1)
  assert.deepEqual(
    skipped.map(({ message }) => message),
    ['Cannot parse pstore file name "notes": it is not "type-backend-id"'],
  )
})

test('pstore says clearly that there is none, that it is not mounted, and that it may not unlink', async (t) => {
  const empty = await mkdtemp(join(tmpdir(), 'remora-pstore-'))
  t.after(() => rm(empty, { recursive: true }))
  const none = await pstore.probe?.(contextOf({ folder: empty }))
  assert.match(none && !none.here ? none.why : '', /fs\/pstore: this kernel keeps no crash records$/)
  assert.deepEqual((await collectOnce(pstore, contextOf({ folder: empty }))).samples, [])

  const node = await machine(t, 'linux-6.1-erst')
  const { series } = await collectOnce(pstore, contextOf({ folder: node.folder }))
  assert.deepEqual(Object.fromEntries(series), {
    'node_pstore_files{place="kernel"}': 2,
    'node_pstore_files{place="systemd"}': 0,
  })
  const { positions } = await look(node)
  await chmod(node.folder, 0o755)
  process.seteuid?.(65_534)
  try {
    await assert.rejects(
      acknowledge(node.folder, positions),
      /Cannot unlink ".*dmesg-erst-\d+": this user may not/,
    )
  } finally {
    process.seteuid?.(0)
  }
  await rm(join(node.folder, kernel), { recursive: true })
  await node.put('sys/fs/pstore/.keep', '')
  await rm(join(node.folder, 'sys/fs/pstore/.keep'))
  await node.put('proc/self/mounts', 'sysfs /sys sysfs rw 0 0\n')
  const unmounted = await pstore.probe?.(contextOf({ folder: node.folder }))
  assert.match(
    unmounted && !unmounted.here ? unmounted.why : '',
    /^nothing is mounted there; `mount -t pstore pstore /,
  )
})
