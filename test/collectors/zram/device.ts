/** A real zram device of a test's own, with ext4 mounted on it: root and a kernel with zram are needed. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const control = '/sys/class/zram-control'

export interface RealZram extends AsyncDisposable {
  /** `zram1` */
  readonly device: string
  readonly mountPoint: string
  /** A file of /sys/block/<device>, without the final newline. */
  file(name: string): Promise<string>
  set(name: string, value: string): Promise<void>
  /**
   * Lowers mem_limit below what is held, so that every later write but of a page of one value fails. At a limit that
   * is only reached, a compressed block of the journal may still find room where another was freed: ext4 then goes on.
   */
  refuseWrites(): Promise<void>
}

/** Adds a device, formats and mounts it; `await using` unmounts, resets and removes it whatever happened. */
export async function realZram(disksize: string, algorithm = 'lz4'): Promise<RealZram> {
  await using undo = new AsyncDisposableStack()
  // Reading this file adds a device.
  const id = (await readFile(`${control}/hot_add`, 'utf8')).trim()
  const device = `zram${id}`
  undo.defer(() => untilFree(() => writeFile(`${control}/hot_remove`, id)))
  const path = (name: string) => `/sys/block/${device}/${name}`
  undo.defer(() => untilFree(() => writeFile(path('reset'), '1')))
  await writeFile(path('comp_algorithm'), algorithm)
  await writeFile(path('disksize'), disksize)
  // Nothing is left to initialise in the background, so that the device is quiet after a sync.
  await run('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', `/dev/${device}`])
  const mountPoint = await mkdtemp(join(tmpdir(), `remora-${device}-`))
  undo.defer(() => rmdir(mountPoint))
  await run('mount', ['-o', 'noatime', `/dev/${device}`, mountPoint])
  undo.defer(() => untilFree(() => run('umount', [mountPoint])))
  const all = undo.move()
  return {
    device,
    mountPoint,
    file: async (name) => (await readFile(path(name), 'utf8')).trimEnd(),
    set: (name, value) => writeFile(path(name), value),
    refuseWrites: () => writeFile(path('mem_limit'), '4K'),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Something (udev, a scan) may hold a device for a moment. */
async function untilFree(release: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await release()
      return
    } catch (error) {
      if (tries === 50) throw error
      await sleep(100)
    }
  }
}
