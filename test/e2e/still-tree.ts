/** A node that stands still: /sys, /proc and a root of our own making, on a file system nobody else writes to. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mountTmpfs } from '../own-mount.ts'

const fixtures = join(import.meta.dirname, '../fixtures')

export interface StillNode extends AsyncDisposable {
  /** The section `paths` of a configuration. */
  readonly paths: { readonly sys: string; readonly proc: string; readonly root: string }
}

/** The fixtures of zram and host laid over each other, and this many more zram devices, each with values of its own. */
export async function stillNode(devices: number): Promise<StillNode> {
  const mount = await mountTmpfs('8m')
  try {
    const copy = (from: string, to: string) =>
      cp(join(fixtures, from), join(mount.path, to), { recursive: true, verbatimSymlinks: true })
    await copy('zram/linux-6.18', '.')
    await copy('host/linux-6.18', '.')
    for (const path of ['data', 'var/log', 'mnt/z2'])
      await mkdir(join(mount.path, 'root', path), { recursive: true })
    const names = Array.from({ length: devices }, (_, index) => `zram${10 + index}`)
    for (const [index, name] of names.entries()) {
      const block = join(mount.path, 'sys/block', name)
      await copy('zram/linux-6.18/sys/block/zram1', `sys/block/${name}`)
      await writeFile(join(block, 'dev'), `253:${10 + index}\n`)
      const [stored = '', ...rest] = (await readFile(join(block, 'mm_stat'), 'utf8')).trim().split(/\s+/)
      await writeFile(join(block, 'mm_stat'), `${[Number(stored) + 4096 * index, ...rest].join(' ')}\n`)
    }
  } catch (error) {
    await mount[Symbol.asyncDispose]()
    throw error
  }
  const [sys, proc, root] = ['sys', 'proc', 'root'].map((part) => join(mount.path, part))
  return {
    paths: { sys: sys ?? '', proc: proc ?? '', root: root ?? '' },
    [Symbol.asyncDispose]: () => mount[Symbol.asyncDispose](),
  }
}
