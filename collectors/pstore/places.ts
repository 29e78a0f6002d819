/**
 * Where crash records lie: /sys/fs/pstore, and /var/lib/systemd/pstore, where systemd-pstore moves them at boot into a
 * folder for each (a second one within it for EFI) and joins them once more as dmesg.txt.
 * @see systemd-pstore.service(8)
 */
import { lstat, readdir, readFile, rmdir, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, ParseError } from '../../src/errors.ts'
import type { CollectContext } from '../../src/model.ts'
import { contentHash, type PstoreFile } from './crash.ts'
import { parseName } from './name.ts'

export const kernelFolder = 'fs/pstore'
export const systemdFolder = 'var/lib/systemd/pstore'
const joined = 'dmesg.txt'
const largestBytes = 16 << 20

type Trees = Pick<CollectContext, 'sys' | 'host'>

/** Every file of the two places, the kernel's first: a file that is being moved is in one of them. */
export async function listed({ sys, host }: Trees): Promise<{ kernel: string[]; systemd: string[] }> {
  const kernel = await filesIn(sys.resolve(kernelFolder), 0)
  return { kernel, systemd: await filesIn(host.resolve(systemdFolder), 2) }
}

async function filesIn(folder: string, depth: number): Promise<string[]> {
  const entries = await orGone(readdir(folder, { withFileTypes: true }))
  const found: string[] = []
  for (const entry of (entries ?? []).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isFile()) found.push(path)
    else if (entry.isDirectory() && depth > 0) found.push(...(await filesIn(path, depth - 1)))
  }
  return found
}

/**
 * The records of both places, each name with each content once. A dmesg.txt counts only where the parts it was made of
 * are gone.
 * @param skip told of files that are no record
 */
export async function records(trees: Trees, skip: (error: Error) => void): Promise<PstoreFile[]> {
  const { kernel, systemd } = await listed(trees)
  const withParts = new Set(systemd.filter((path) => basename(path) !== joined).map(dirname))
  const found = new Map<string, PstoreFile>()
  for (const path of [...kernel, ...systemd]) {
    const isJoined = basename(path) === joined && systemd.includes(path)
    if (isJoined && withParts.has(dirname(path))) continue
    try {
      const bytes = await read(path)
      if (bytes === undefined) continue // Moved or unlinked since the listing: the next look has it.
      const { mtimeMs } = await lstat(path)
      const name = isJoined ? joinedName(path) : parseName(basename(path))
      const key = `${name.name} ${contentHash(bytes)}`
      if (!found.has(key)) found.set(key, { ...name, bytes, modified: mtimeMs })
    } catch (error) {
      skip(error instanceof ParseError ? error : new Error(`Cannot read "${path}": ${describe(error)}`))
    }
  }
  return [...found.values()]
}

/** `/…/pstore/<folder>/dmesg.txt` has the folder's number as id, where it is one. */
function joinedName(path: string) {
  const folder = basename(dirname(path))
  const id = /^\d{1,20}$/.test(folder) ? BigInt(folder) : 0n
  return { name: `${folder}/${joined}`, type: 'dmesg', backend: 'systemd', id, isCompressed: false }
}

/**
 * Unlinks these files wherever they lie, if they still have that content, and what systemd made beside them.
 * @returns how many were there
 * @throws {Error} one is there and cannot be unlinked; the others are
 */
export async function unlinkRecords(
  trees: Trees,
  wanted: readonly { readonly name: string; readonly hash: string }[],
): Promise<number> {
  const hashes = new Map(wanted.map(({ name, hash }) => [name, hash]))
  const { kernel, systemd } = await listed(trees)
  const touched = new Set<string>()
  const failures: string[] = []
  await unlinkJoined(systemd, hashes)
  let unlinked = 0
  for (const path of [...kernel, ...systemd]) {
    const isSystemds = systemd.includes(path)
    const name =
      isSystemds && basename(path) === joined ? `${basename(dirname(path))}/${joined}` : basename(path)
    const hash = hashes.get(name)
    if (hash === undefined) continue
    try {
      const bytes = await read(path)
      if (bytes === undefined || contentHash(bytes) !== hash) continue // Another crash under a name used again.
      await orGone(unlink(path))
      unlinked += 1
      if (isSystemds) touched.add(dirname(path))
    } catch (error) {
      failures.push(`Cannot unlink "${path}": ${whyNot(error)}`)
    }
  }
  for (const folder of touched) await tidy(folder)
  if (failures.length > 0) throw new Error(failures.join('; '))
  return unlinked
}

/**
 * The text that systemd joined goes before the parts it was made of: left alone, when the agent is killed between, it
 * would be taken for another crash.
 */
async function unlinkJoined(systemd: readonly string[], wanted: ReadonlyMap<string, string>): Promise<void> {
  for (const path of systemd.filter((one) => basename(one) === joined)) {
    const parts = systemd.filter((one) => dirname(one) === dirname(path) && one !== path)
    const gone = await Promise.all(
      parts.map(async (part) => {
        const bytes = await read(part).catch(() => undefined) // Read again, and told, when it is to be unlinked.
        return bytes !== undefined && contentHash(bytes) === wanted.get(basename(part))
      }),
    )
    // What forbids it forbids the parts as well, and is told there.
    if (parts.length > 0 && gone.every(Boolean)) await unlink(path).catch(() => undefined)
  }
}

/** A folder of systemd whose records are gone, with the text it joined out of them. */
async function tidy(folder: string): Promise<void> {
  const left = (await orGone(readdir(folder))) ?? []
  if (left.some((name) => name !== joined)) return
  if (left.includes(joined)) await orGone(unlink(join(folder, joined)))
  await orGone(rmdir(folder))
  const above = dirname(folder)
  // EFI's folders lie in another; pstore itself stays.
  if (basename(above) !== 'pstore' && ((await orGone(readdir(above))) ?? ['']).length === 0)
    await orGone(rmdir(above))
}

async function read(path: string): Promise<Buffer | undefined> {
  const bytes = await orGone(readFile(path))
  if (bytes !== undefined && bytes.length > largestBytes) throw new Error(`more than ${largestBytes} bytes`)
  return bytes
}

function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EROFS')
    return 'the file system is mounted read-only; until it is not, or `unlink` is off, the record stays'
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not; run as root, or turn `unlink` off'
  return describe(error)
}

async function orGone<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined
    throw error
  }
}
