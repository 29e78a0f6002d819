import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCount } from '../../../collectors/root/ext4.ts'
import { hostView, shownMounts } from '../../../collectors/root/filesystems.ts'
import { rootOf } from '../../../collectors/root/kind.ts'
import { errorState, goneStates, readonlyState } from '../../../collectors/root/states.ts'
import { ParseError } from '../../../src/errors.ts'
import type { Mount } from '../../../src/mounts.ts'
import { networkOrFuse } from '../../../src/statfs.ts'
import { tree } from '../../../src/tree.ts'

const fsType = fc.constantFrom('ext4', 'tmpfs', 'overlay', 'nfs4', 'autofs', 'fuse.sshfs', 'squashfs', 'proc')
const word = fc.constantFrom('a', 'b', 'c d', 'host')
const path = fc.array(word, { maxLength: 3 }).map((words) => `/${words.join('/')}`)
const mount: fc.Arbitrary<Mount> = fc
  .record({
    id: fc.nat(12),
    parent: fc.nat(12),
    device: fc.constantFrom('0:30', '8:1', '253:0'),
    root: path,
    mountPoint: path,
    mountOptions: fc.constantFrom<string[]>(['rw'], ['ro', 'noatime']),
    fsType,
    source: fc.constantFrom('/dev/root', '/dev/sda1', 'overlay', 'store:/x y'),
    upper: path,
  })
  .map(({ upper, ...rest }) => ({
    ...rest,
    superOptions: ['rw', `lowerdir=${upper}`, `upperdir=${upper}`],
    readOnly: rest.mountOptions.includes('ro'),
  }))
const nothing = { mountPoints: /^$/, fsTypes: /^$/ }

test('shown mounts have no labels twice, no autofs, and all that can hang marked, whatever mountinfo says', () => {
  let shownSome = 0
  fc.assert(
    fc.property(fc.array(mount, { maxLength: 12 }), path, (mounts, folder) => {
      const view = hostView(mounts, folder)
      const shown = shownMounts(view, nothing)
      const keys = shown.map(({ mount: { source, mountPoint, fsType } }) =>
        [source, mountPoint, fsType].join('|'),
      )
      assert.equal(new Set(keys).size, keys.length)
      for (const { mount, canHang } of shown) {
        assert.notEqual(mount.fsType, 'autofs')
        assert.ok(mount.mountPoint.startsWith('/'))
        if (networkOrFuse(mount.fsType)) assert.equal(canHang, true)
        assert.ok([...readonlyState(mount, undefined)].length <= 1)
      }
      shownSome += shown.length
    }),
    { numRuns: 1000 },
  )
  assert.ok(shownSome > 100)
})

test('the root has a kind whatever mountinfo says, and never loops', async () => {
  const nowhere = { sys: tree('/remora-no-such-folder'), host: tree('/') }
  const kinds = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.array(mount, { minLength: 1, maxLength: 12 }), async (mounts) => {
      const [first] = mounts
      assert.ok(first)
      const { kind, ephemeral } = await rootOf(nowhere, mounts, first)
      kinds.add(kind)
      assert.equal(typeof ephemeral, 'boolean')
    }),
  )
  assert.deepEqual([...kinds].sort(), ['disk', 'network', 'overlay', 'squashfs', 'tmpfs'])
})

test('an ext4 count is a whole number, and anything else is refused', () => {
  assert.equal(parseCount('0', 'errors_count'), 0)
  fc.assert(fc.property(fc.nat(), (value) => assert.equal(parseCount(String(value), 'errors_count'), value)))
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        assert.ok(parseCount(text, 'errors_count') >= 0)
      } catch (error) {
        assert.ok(error instanceof ParseError)
        assert.match(error.message, /^Cannot parse errors_count "/)
      }
    }),
  )
})

test('a part that was unhealthy and is not met again is unmounted, whatever its name', () => {
  fc.assert(
    fc.property(
      path,
      fc.constantFrom('hung', 'ro', '3'),
      fc.constantFrom('hung', 'readonly', 'errors'),
      (on, state, what) => {
        const part = `${on}:${what}`
        const [gone, ...others] = goneStates(new Map([[part, state]]), new Set())
        assert.equal(gone?.part, part)
        assert.equal(gone?.state, 'unmounted')
        assert.equal(gone?.attributes.mountpoint, on)
        assert.equal(others.length, 0)
        assert.deepEqual([...goneStates(new Map([[part, state]]), new Set([part]))], [])
      },
    ),
  )
})

test('an ext4 that is mounted nowhere in sight is named by its device', () => {
  const { part, state, healthy, body } = errorState('sdb1', undefined, 1)
  assert.equal(part, '/dev/sdb1:errors')
  assert.equal(state, '1')
  assert.equal(healthy, false)
  assert.equal(body, 'ext4 of /dev/sdb1 has counted 1 error')
})
