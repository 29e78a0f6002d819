import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { ParseError } from '../../src/errors.ts'
import {
  holdingMount,
  option,
  overlayPaths,
  parseMountinfo,
  readMounts,
  unescapeOctal,
  visibleMounts,
} from '../../src/mounts.ts'
import { tree } from '../../src/tree.ts'

const text = await readFile(join(import.meta.dirname, '../fixtures/mounts/linux-6.8/mountinfo'), 'utf8')
const mounts = parseMountinfo(text)
const at = (id: number) => {
  const found = mounts.find((mount) => mount.id === id)
  assert.ok(found, `mount ${id}`)
  return found
}

test('mountinfo gives every line as a mount, in order', () => {
  assert.equal(mounts.length, 14)
  assert.deepEqual(
    mounts.map(({ id }) => id),
    [21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34],
  )
  assert.deepEqual(at(21), {
    id: 21,
    parent: 1,
    device: '253:0',
    root: '/',
    mountPoint: '/',
    mountOptions: ['rw', 'noatime'],
    fsType: 'ext4',
    source: '/dev/root',
    superOptions: ['rw', 'errors=continue'],
    readOnly: false,
  })
})

test('mountinfo skips any number of optional fields', () => {
  assert.equal(at(23).fsType, 'tmpfs') // three
  assert.equal(at(24).fsType, 'tmpfs') // none
})

test('mountinfo keeps an empty source empty', () => {
  assert.equal(at(24).source, '')
  assert.deepEqual(at(24).superOptions, ['rw'])
})

test('mountinfo undoes octal escapes in root, mount point and source', () => {
  assert.equal(at(24).mountPoint, '/mnt/no source')
  assert.equal(at(26).root, '/home/backup\\night')
  assert.equal(at(26).mountPoint, '/srv/tab\tnew\nline#hash')
  assert.equal(at(29).source, '//server/a b')
  assert.equal(at(25).root, 'net:[4026532201]')
  assert.equal(unescapeOctal('a\\134040b'), 'a\\040b')
})

test('mountinfo takes spaces that a file system leaves in its own options', () => {
  assert.equal(option(at(29), 'username'), 'two words')
})

test('a mount is read-only by its own option, by its file system, or in an emergency', () => {
  assert.deepEqual(
    mounts.filter(({ readOnly }) => readOnly).map(({ id }) => id),
    [26, 30, 32],
  )
})

test('an overlay names its folders, with colons and commas that belong to them', () => {
  assert.deepEqual(overlayPaths(at(27)), {
    upper: '/srv/up per',
    work: '/srv/work',
    lower: ['/srv/a:b', '/srv/c,d', '/srv/data'],
  })
  assert.deepEqual(overlayPaths(at(28)), { lower: ['/srv/one:two', '/srv/three', '/srv/four'] })
  assert.equal(option(at(27), 'index'), undefined)
})

test('a path is held by the mount on top, and a point is not the beginning of a name', () => {
  const holder = (path: string) => holdingMount(mounts, path)?.id
  assert.equal(holder('/'), 21)
  assert.equal(holder('/etc/hosts'), 21)
  assert.equal(holder('/run/netns/blue'), 25)
  assert.equal(holder('/run/netns/green'), 23)
  assert.equal(holder('/cover'), 33)
  assert.equal(holder('/cover/inner/file'), 33)
  assert.equal(holder('/database/x'), 34)
  assert.equal(holder('relative'), undefined)
})

test('covered mounts are the ones on a covered point or below it', () => {
  const visible = visibleMounts(mounts)
  assert.deepEqual(
    mounts.filter((mount) => !visible.includes(mount)).map(({ id }) => id),
    [31, 32],
  )
})

test('a bad line of mountinfo is a ParseError that names the line', () => {
  const good = '21 1 253:0 / / rw shared:1 - ext4 /dev/root rw'
  const bad: [line: string, reason: RegExp][] = [
    ['', /line 2 "": too few fields/],
    ['x 1 253:0 / / rw - ext4 /dev/root rw', /line 2 .*: a mount id is not a number/],
    ['21 -1 253:0 / / rw - ext4 /dev/root rw', /line 2 .*: a mount id is not a number/],
    ['21 1 253 / / rw - ext4 /dev/root rw', /line 2 .*: "253" is not a device number/],
    ['21 1 253:0 / mnt rw - ext4 /dev/root rw', /line 2 .*: "mnt" is not a mount point/],
    ['21 1 253:0 / / rw shared:1 ext4 /dev/root rw', /line 2 .*: no separator "-"/],
    ['21 1 253:0 / / rw - ext4 /dev/root', /line 2 .*: too few fields after "-"/],
    ['21 1 253:0 / /', /line 2 .*: too few fields/],
  ]
  for (const [line, message] of bad)
    assert.throws(() => parseMountinfo(`${good}\n${line}\n${good}\n`), { name: 'ParseError', message })
  assert.equal(bad.length, 8)
  assert.equal(parseMountinfo('').length, 0)
  assert.equal(parseMountinfo(good).length, 1)
})

test('mountinfo that is torn or mutated gives mounts or a ParseError, and every walk ends', () => {
  let parsed = 0
  let refused = 0
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(40), fc.string({ maxLength: 6 }), (from, cut, put) => {
      const mutated = text.slice(0, from) + put + text.slice(from + cut)
      try {
        const all = parseMountinfo(mutated)
        assert.ok(visibleMounts(all).length <= all.length)
        for (const mount of all) overlayPaths(mount)
        parsed++
      } catch (error) {
        assert.ok(error instanceof ParseError, String(error))
        refused++
      }
    }),
    { numRuns: 500 },
  )
  assert.ok(parsed > 0 && refused > 0, `${parsed} parsed, ${refused} refused`)
})

test('mounts that name each other as parents do not hang a walk', () => {
  const line = (id: number, parent: number) => `${id} ${parent} 8:1 / / rw - ext4 /dev/sda1 rw`
  const circle = parseMountinfo([line(1, 9), line(2, 1), line(1, 2)].join('\n'))
  assert.equal(holdingMount(circle, '/')?.fsType, 'ext4')
})

test('the mounts of this machine have a root and are found without process 1 too', async () => {
  const own = await readMounts(tree('/proc'))
  assert.equal(holdingMount(own, '/')?.mountPoint, '/')
  const folder = await mkdtemp(join(tmpdir(), 'remora-mounts-'))
  try {
    assert.deepEqual(await readMounts(tree(folder)), [])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('captured mountinfo files are parsed whole', async () => {
  const captures = process.env.REMORA_CAPTURES ?? join(import.meta.dirname, '../../../shared/captures')
  const file = join(captures, 'rootfs/proc/node_exporter_1_mountinfo')
  if (!existsSync(file)) return console.log('no captures here: 0 mountinfo files checked')
  const captured = await readFile(file, 'utf8')
  assert.equal(parseMountinfo(captured).length, captured.trimEnd().split('\n').length)
  console.log('1 captured mountinfo file checked')
})
