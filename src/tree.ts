/**
 * /sys, /proc and the host's root as trees rooted anywhere, so that tests and containers run the same code.
 * A file that is not there, or vanished, or whose device is gone, is `undefined`: absence, not failure.
 */
import { readFileSync } from 'node:fs'
import { lstat, open, readdir, readlink, realpath, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** More than any kernel file we read; a larger one is refused. */
const largestBytes = 4 << 20

/** Errors that mean "not there". */
const absent = new Set(['ENOENT', 'ENOTDIR', 'ENODEV', 'ENXIO'])

export interface Tree {
  readonly root: string
  /** The whole text of a file, at most 4 MiB. @throws the system error if it exists and cannot be read */
  read(path: string): Promise<string | undefined>
  /** The text without the final newline. */
  line(path: string): Promise<string | undefined>
  /** The names in a folder, sorted; none if it is not there. */
  list(path: string): Promise<string[]>
  /** The target of a symbolic link as written. */
  link(path: string): Promise<string | undefined>
  /** The path after all symbolic links, relative to the root when inside it. */
  real(path: string): Promise<string | undefined>
  exists(path: string): Promise<boolean>
  /** Device number of the file system a path is on, or of the device node itself, as `major:minor`. */
  device(path: string, of: 'file-system' | 'node'): Promise<string | undefined>
  /** The path on this machine. */
  resolve(path: string): string
}

/**
 * @param reading how files are read: `waiting` on one of Node's four threads, since a driver may keep a reader of
 *   /sys or a mount waiting; `at-once` for /proc, whose files never wait: a third of the cost
 */
export function tree(root: string, reading: 'waiting' | 'at-once' = 'waiting'): Tree {
  const base = resolve(root)
  const at = (path: string) => join(base, path)
  const readBounded = reading === 'waiting' ? readWaiting : readAtOnce
  return {
    root: base,
    resolve: at,
    read: (path) => orAbsent(readBounded(at(path))),
    line: async (path) => (await orAbsent(readBounded(at(path))))?.trimEnd(),
    list: async (path) => ((await orAbsent(readdir(at(path)))) ?? []).sort(),
    link: (path) => orAbsent(readlink(at(path))),
    real: async (path) => {
      const real = await orAbsent(realpath(at(path)))
      const inside = (await realpath(base)).replace(/\/$/, '')
      return real === inside || real?.startsWith(`${inside}/`) ? real.slice(inside.length) || '/' : real
    },
    exists: async (path) => (await orAbsent(lstat(at(path)))) !== undefined,
    device: async (path, of) => {
      const found = await orAbsent(stat(at(path)))
      return found && deviceNumber(of === 'node' ? found.rdev : found.dev)
    },
  }
}

/** Splits a Linux dev_t as glibc's gnu_dev_major and gnu_dev_minor do. */
export function deviceNumber(dev: number): string {
  const wide = BigInt(dev)
  const major = ((wide >> 8n) & 0xfffn) | ((wide >> 32n) & ~0xfffn)
  const minor = (wide & 0xffn) | ((wide >> 12n) & ~0xffn)
  return `${major}:${minor & 0xffffffffn}`
}

async function orAbsent<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (error instanceof Error && 'code' in error && absent.has(String(error.code))) return undefined
    throw error
  }
}

/** Kernel files say a size of 0 or 4096 whatever they hold, so read until the end. */
async function readWaiting(path: string): Promise<string> {
  await using file = await open(path, 'r')
  const pieces: Buffer[] = []
  for (let total = 0; ; ) {
    const piece = Buffer.allocUnsafe(16384)
    const { bytesRead } = await file.read(piece, 0, piece.length)
    if (bytesRead === 0) return Buffer.concat(pieces).toString('utf8')
    total += bytesRead
    if (total > largestBytes) throw new Error(`Cannot read "${path}": more than ${largestBytes} bytes`)
    pieces.push(piece.subarray(0, bytesRead))
  }
}

async function readAtOnce(path: string): Promise<string> {
  const text = readFileSync(path, 'utf8')
  if (text.length > largestBytes) throw new Error(`Cannot read "${path}": more than ${largestBytes} bytes`)
  return text
}
