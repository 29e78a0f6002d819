/** Small file systems of a test's own, unmounted when it ends however it ends (root). */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface OwnMount extends AsyncDisposable {
  readonly path: string
  /** `abort`: as after a failed write of the journal, nothing can be written until it is mounted anew (ext4). */
  remount(option: 'ro' | 'rw' | 'abort'): void
}

/** A tmpfs of a size such as `1m`. */
export async function mountTmpfs(size: string): Promise<OwnMount> {
  return mounted((path) => ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
}

export interface FreezableMount extends OwnMount {
  /** Unmounts it, which nobody may use any more, and mounts it again. */
  again(): void
  /** Every write from now on hangs until `thaw` (fsfreeze). */
  freeze(): void
  thaw(): void
}

/** An ext4 of 16 MiB on a loop device. */
export async function mountExt4(): Promise<FreezableMount> {
  const mount = await mounted(async (path) => {
    const image = `${path}.img`
    await writeFile(image, '')
    await truncate(image, 16 << 20)
    execFileSync('mkfs.ext4', ['-q', '-F', image])
    return ['-o', 'loop', image, path]
  })
  const thaw = () => {
    spawnSync('fsfreeze', ['-u', mount.path])
  }
  return {
    ...mount,
    again: () => {
      const image = `${mount.path}.img`
      execFileSync('umount', [mount.path])
      // Mounted in another name space it would still be what it was, aborted; the loop device goes a moment later.
      for (let tries = 0; execFileSync('losetup', ['-j', image], { encoding: 'utf8' }) !== ''; tries++) {
        if (tries === 100) throw new Error(`Cannot mount "${mount.path}" again: something still holds it`)
        spawnSync('sleep', ['0.05'])
      }
      // It may remember that it was aborted; 1 means that something was mended.
      spawnSync('e2fsck', ['-f', '-y', image])
      execFileSync('mount', ['-o', 'loop', image, mount.path])
      execFileSync('touch', [mount.path])
    },
    freeze: () => {
      execFileSync('fsfreeze', ['-f', mount.path])
    },
    thaw,
    async [Symbol.asyncDispose]() {
      thaw()
      await mount[Symbol.asyncDispose]()
    },
  }
}

async function mounted(
  args: (path: string) => readonly string[] | Promise<readonly string[]>,
): Promise<OwnMount> {
  const folder = await mkdtemp(join(tmpdir(), 'remora-mount-'))
  const path = join(folder, 'mount')
  await mkdir(path)
  try {
    execFileSync('mount', [...(await args(path))])
  } catch (error) {
    await rm(folder, { recursive: true })
    throw error
  }
  return {
    path,
    remount: (option) => {
      execFileSync('mount', ['-o', `remount,${option}`, path])
    },
    async [Symbol.asyncDispose]() {
      const { status } = spawnSync('umount', [path])
      if (status !== 0) execFileSync('umount', ['-l', path])
      await rm(folder, { recursive: true })
      if (status !== 0) throw new Error(`Cannot unmount "${path}": something still holds it`)
    },
  }
}
