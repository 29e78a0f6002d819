/** The spool's folder: whether a file can be made there. */
import { accessSync, constants, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** @throws the system error that says why it cannot be written to */
export function makeFolder(path: string): void {
  const there = nearest(path)
  accessSync(there, constants.W_OK)
  if (there !== resolve(path)) touch(there) // mkdir -p says ENOENT on a read-only file system.
  mkdirSync(path, { recursive: true })
}

/** Asked by making a file: ext4 that shut itself down (`emergency_ro`) shows it in no flag. The folder may be gone. */
export function isReadOnly(folder: string): boolean {
  try {
    touch(nearest(folder))
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EROFS'
  }
}

/** @throws the system error that says why no file can be made there */
function touch(folder: string): void {
  const probe = join(folder, 'remora-probe')
  writeFileSync(probe, '')
  rmSync(probe)
}

/** The folder, or the one above it that is there. */
function nearest(path: string): string {
  let there = resolve(path)
  while (!existsSync(there)) there = dirname(there)
  return there
}
