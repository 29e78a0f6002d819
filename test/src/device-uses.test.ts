import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { deviceUses, parseSwaps } from '../../src/device-uses.ts'
import { parseMountinfo, visibleMounts } from '../../src/mounts.ts'
import { tree } from '../../src/tree.ts'

const header = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'

test('swaps gives the paths, unescaped and without what was deleted', () => {
  const text = `${header}/dev/zram0                              partition\t4194300\t\t1183744\t100
/srv/swap\\040file                       file\t\t3996668\t\t0\t\t-2
/srv/old\\040(deleted)                   file\t\t3996668\t\t0\t\t-3
`
  assert.deepEqual(parseSwaps(text), ['/dev/zram0', '/srv/swap file', '/srv/old'])
  assert.deepEqual(parseSwaps(header), [])
})

test('a bad line of swaps is a ParseError that names the line', () => {
  assert.throws(() => parseSwaps(''), { name: 'ParseError', message: /line 1 "": not a header/ })
  assert.throws(() => parseSwaps(`${header}/dev/zram0 partition 1 2\n`), {
    name: 'ParseError',
    message: /line 2/,
  })
  assert.throws(() => parseSwaps(`${header}zram0 partition 1 2 3\n`), {
    name: 'ParseError',
    message: /line 2/,
  })
})

/** What each disk is for on a machine of the given files (`-> target` for a link), mounts and swaps. */
async function uses(
  files: Readonly<Record<string, string>>,
  mountinfo: readonly string[],
  swaps: readonly string[] = [],
  disks: readonly string[] = ['zram0'],
) {
  const folder = await mkdtemp(join(tmpdir(), 'remora-uses-'))
  try {
    await mkdir(join(folder, 'sys/block'), { recursive: true })
    await mkdir(join(folder, 'root'))
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      if (text.startsWith('-> ')) await symlink(text.slice(3), join(folder, path))
      else await writeFile(join(folder, path), text)
    }
    const trees = { sys: tree(join(folder, 'sys')), host: tree(join(folder, 'root')) }
    const found = await deviceUses(trees, disks, parseMountinfo(mountinfo.join('\n')), swaps)
    return [...found].map(
      ([disk, { kind, mounts, covered }]) =>
        `${disk} ${kind} ${mounts.map(({ mountPoint }) => mountPoint).join()}${covered ? ' covered' : ''}`,
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}

const disk = { 'sys/block/zram0/dev': '253:0\n' }
const root = '20 1 8:1 / / rw - ext4 /dev/sda1 rw'

test('a device nobody uses is unused', async () => {
  assert.deepEqual(await uses(disk, [root]), ['zram0 unused '])
})

test('a mount belongs to a device by number, never by the text of its source', async () => {
  assert.deepEqual(await uses(disk, ['20 1 253:0 / / rw - ext4 /dev/root rw']), ['zram0 root /'])
  assert.deepEqual(await uses(disk, [root, '21 20 8:2 / /srv rw - ext4 /dev/zram0 rw']), ['zram0 unused '])
})

test('a mount with an anonymous number belongs to the device its source names, but /dev/root names none', async () => {
  assert.deepEqual(await uses(disk, [root, '21 20 0:40 / /srv rw - btrfs /dev/zram0 rw']), [
    'zram0 mount /srv',
  ])
  const linked = { ...disk, 'root/dev/zram0': '', 'root/dev/root': '-> zram0', 'root/dev/named': '-> zram0' }
  assert.deepEqual(await uses(linked, ['20 1 0:40 / / rw - btrfs /dev/named rw']), ['zram0 root /'])
  assert.deepEqual(await uses(linked, ['20 1 0:40 / / rw - btrfs /dev/root rw']), ['zram0 unused '])
  assert.deepEqual(await uses(disk, [root, '21 20 0:40 / /srv rw - tmpfs zram0 rw']), ['zram0 unused '])
})

test('a btrfs on several devices is on each of them', async () => {
  const files = {
    ...disk,
    'sys/block/zram1/dev': '253:1\n',
    'sys/fs/btrfs/features/raid1c34': '1\n',
    'sys/fs/btrfs/6f3d/devices/zram0': '',
    'sys/fs/btrfs/6f3d/devices/zram1': '',
  }
  const mounts = [root, '21 20 0:40 / /srv rw - btrfs /dev/zram0 rw']
  assert.deepEqual(await uses(files, mounts, [], ['zram0', 'zram1']), [
    'zram0 mount /srv',
    'zram1 mount /srv',
  ])
})

test('swap is found by path, on partitions and dm too, and a file is no device', async () => {
  assert.deepEqual(await uses(disk, [root], ['/dev/zram0']), ['zram0 swap '])
  assert.deepEqual(await uses(disk, [root], ['/srv/zram0']), ['zram0 unused '])
  const stacked = {
    ...disk,
    'sys/block/zram0/zram0p1/dev': '259:0\n',
    'sys/block/zram0/zram0p1/holders/dm-3': '',
    'sys/block/dm-3/dev': '254:3\n',
  }
  assert.deepEqual(await uses(stacked, [root], ['/dev/zram0p1']), ['zram0 swap '])
  assert.deepEqual(await uses(stacked, [root], ['/dev/dm-3']), ['zram0 swap '])
  assert.deepEqual(await uses(stacked, [root], ['/dev/dm-30']), ['zram0 unused '])
})

test('the root through a partition, md and dm on top of each other is the root', async () => {
  const files = {
    ...disk,
    'sys/block/zram0/zram0p2/dev': '259:1\n',
    'sys/block/zram0/zram0p2/holders/md127': '',
    'sys/block/md127/dev': '9:127\n',
    'sys/block/md127/md127p1/dev': '259:7\n',
    'sys/block/md127/md127p1/holders/dm-0': '',
    'sys/block/dm-0/dev': '254:0\n',
  }
  assert.deepEqual(await uses(files, ['20 1 254:0 / / rw - ext4 /dev/mapper/root rw']), ['zram0 root /'])
})

test('the root on an overlay whose lower folder was covered by it is still the root', async () => {
  // An initramfs that moved nothing: the lower folder is the root file system the overlay lies on.
  const mounts = [
    '20 1 253:0 / / ro - ext4 /dev/root ro',
    '21 20 0:30 / / rw - overlay overlay rw,lowerdir=/,upperdir=/u',
  ]
  assert.deepEqual(await uses(disk, mounts), ['zram0 root  covered'])
})

test('an overlay that is not the root makes its device a mount', async () => {
  const mounts = [
    root,
    '21 20 253:0 / /srv/layers rw - ext4 /dev/zram0 rw',
    '22 20 0:30 / /merged rw - overlay overlay rw,lowerdir=/usr,upperdir=/srv/layers/up,workdir=/srv/layers/work',
  ]
  assert.deepEqual(await uses(disk, mounts), ['zram0 mount /srv/layers'])
})

test('a file system in a file on a device is not one of the device', async () => {
  const files = {
    ...disk,
    'sys/block/loop3/dev': '7:3\n',
    'sys/block/loop3/loop/backing_file': '/live/root.img (deleted)\n',
  }
  const mounts = ['20 1 7:3 / / ro - squashfs /dev/loop3 ro', '21 20 253:0 / /live ro - ext4 /dev/zram0 ro']
  assert.deepEqual(await uses(files, mounts), ['zram0 root /live'])
})

test('a file system mounted several times is one, at the mount that shows most of it', async () => {
  const mounts = [
    root,
    '21 20 253:0 /sub /a rw - ext4 /dev/zram0 rw',
    '22 20 253:0 / /mnt/whole rw - ext4 /dev/zram0 rw',
    '23 20 253:0 / /ro ro - ext4 /dev/zram0 rw',
  ]
  assert.deepEqual(await uses(disk, mounts), ['zram0 mount /mnt/whole'])
})

test('a covered mount still is a use, but not one that can be asked', async () => {
  const mounts = [root, '21 20 253:0 / /srv rw - ext4 /dev/zram0 rw', '22 21 0:30 / /srv rw - tmpfs tmpfs rw']
  assert.deepEqual(await uses(disk, mounts), ['zram0 mount  covered'])
})

test('a real loop device on this machine is found by its number', async () => {
  const run = promisify(execFile)
  const folder = await mkdtemp(join(tmpdir(), 'remora-loop-'))
  const mountPoint = join(folder, 'mnt')
  let loop: string | undefined
  try {
    await mkdir(mountPoint)
    const image = join(folder, 'image')
    await writeFile(image, Buffer.alloc(4 << 20))
    await run('mkfs.ext4', ['-q', '-F', image])
    loop = (await run('losetup', ['--find', '--show', image])).stdout.trim()
    await run('mount', [loop, mountPoint])
    const mounts = parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'))
    const name = loop.replace('/dev/', '')
    const found = await deviceUses({ sys: tree('/sys'), host: tree('/') }, [name], mounts, [])
    assert.equal(found.get(name)?.kind, 'mount')
    assert.deepEqual(
      found.get(name)?.mounts.map((mount) => mount.mountPoint),
      [mountPoint],
    )
  } finally {
    await run('umount', [mountPoint]).catch(() => undefined)
    if (loop) await run('losetup', ['--detach', loop])
    await rm(folder, { recursive: true })
  }
})

test('a node with a thousand containers is looked through at once, not for every path anew', async () => {
  const lines = ['1 1 252:0 / / rw - ext4 /dev/zram0 rw']
  for (let container = 0; container < 1000; container++) {
    const folder = `/var/lib/containerd/${container}`
    const lower = Array.from({ length: 30 }, (_, layer) => `${folder}/${layer}/fs`).join(':')
    const options = `rw,lowerdir=${lower},upperdir=${folder}/fs,workdir=${folder}/work`
    lines.push(`${3 * container + 2} 1 0:50 / /run/${container}/rootfs rw - overlay overlay ${options}`)
    lines.push(`${3 * container + 3} 1 0:51 / /var/lib/kubelet/${container}/a rw - tmpfs tmpfs rw`)
    lines.push(`${3 * container + 4} 1 0:52 / /var/lib/kubelet/${container}/b rw - tmpfs tmpfs rw`)
  }
  const mounts = parseMountinfo(`${lines.join('\n')}\n`)
  assert.equal(mounts.length, 3001)
  const start = performance.now()
  const found = await deviceUses({ sys: tree('/sys'), host: tree('/') }, ['zram0'], mounts, [])
  assert.equal(found.size, 1)
  assert.equal(visibleMounts(mounts).length, 3001)
  // It took half a minute when each of the 32,000 paths went over all mounts; now a tenth of a second.
  assert.ok(performance.now() - start < 10_000)
})

test('captured swaps are parsed whole', async () => {
  const captures = process.env.REMORA_CAPTURES ?? join(import.meta.dirname, '../../../shared/captures')
  const folder = join(captures, 'rootfs/proc')
  if (!existsSync(folder)) return console.log('no captures here: 0 swaps files checked')
  const files = (await readdir(folder)).filter((name) => name.endsWith('swaps'))
  for (const name of files)
    assert.equal(parseSwaps(await readFile(join(folder, name), 'utf8')).length, 1, name)
  console.log(`${files.length} captured swaps files checked`)
})
