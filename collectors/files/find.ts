/** Files by glob, and the names under which a log may lie once it was rotated. */
import { glob, opendir, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe } from '../../src/errors.ts'
import type { Tree } from '../../src/tree.ts'
import type { LogSet } from './options.ts'

export interface FoundFile {
  readonly path: string
  readonly set: LogSet
  readonly device: number
  readonly inode: number
  readonly size: number
  readonly modified: number
}

/** The plain files of these sets, each inode once, by the first set that has it. Compressed ones are not begun. */
export async function findFiles(host: Tree, sets: readonly LogSet[]): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>()
  for (const set of sets) {
    const exclude = set.exclude.map((pattern) => host.resolve(pattern))
    const patterns = set.include.map((pattern) => host.resolve(pattern))
    for await (const path of glob(patterns, { exclude })) {
      if (/\.(?:gz|zst|xz|bz2|lz4|zip)$/.test(path)) continue
      const status = await stat(path).catch(() => undefined) // Gone since, or a link to nowhere.
      if (!status?.isFile()) continue
      const key = `${status.dev}:${status.ino}`
      if (found.has(key)) continue
      found.set(key, {
        path,
        set,
        device: status.dev,
        inode: status.ino,
        size: status.size,
        modified: status.mtimeMs,
      })
    }
  }
  return [...found.values()].sort((a, b) => a.modified - b.modified || (a.path < b.path ? -1 : 1))
}

/** Folders named before the first wildcard of a pattern that are there and may not be listed: a glob is silent of them. */
export async function unlistable(host: Tree, sets: readonly LogSet[]): Promise<Error[]> {
  const errors: Error[] = []
  for (const pattern of new Set(sets.flatMap(({ include }) => include))) {
    const folder = dirname(host.resolve(pattern.replace(/[*?[{(!+@].*$/s, 'x')))
    try {
      await (await opendir(folder)).close()
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
        continue
      errors.push(new Error(`Cannot list "${folder}" for logs "${pattern}": ${describe(cause)}`, { cause }))
    }
  }
  return errors
}

export interface Sibling {
  readonly path: string
  /** Of this file with this content, whatever it is called: device, inode, size and time. */
  readonly key: string
  readonly device: number
  readonly inode: number
  readonly modified: number
}

/**
 * Files beside a log that are called as rotation calls them, oldest first: `app.log.1`, `app.log-20260102.gz`,
 * `app-20260102.log`, `app.1.log`, `app.log.old`; the log itself as well.
 */
export async function siblings(path: string): Promise<Sibling[]> {
  const folder = dirname(path)
  const name = basename(path)
  const dot = name.lastIndexOf('.')
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  const mark = String.raw`[.-]\d[\dT:_.-]{0,40}`
  const rotated = `${escaped(name)}(?:${mark}|\\.(?:old|bak|prev))|${escaped(stem)}${mark}${escaped(extension)}`
  const shape = new RegExp(`^(?:${escaped(name)}|(?:${rotated})(?:\\.(?:gz|zst))?)$`)
  const found: Sibling[] = []
  for (const one of await readdir(folder).catch(() => [])) {
    if (!shape.test(one)) continue
    const status = await stat(join(folder, one)).catch(() => undefined)
    if (status?.isFile()) {
      const key = [status.dev, status.ino, status.size, status.mtimeMs].join()
      found.push({
        path: join(folder, one),
        key,
        device: status.dev,
        inode: status.ino,
        modified: status.mtimeMs,
      })
    }
  }
  // Compressing keeps the time: the file itself comes before what is made of it.
  return found.sort(
    (a, b) => a.modified - b.modified || a.path.length - b.path.length || (a.path < b.path ? -1 : 1),
  )
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** A rotation renames many files: a listing in its midst may lack one. */
const mostListings = 20

/** The same once two listings have found the same files. */
export async function settledSiblings(path: string): Promise<Sibling[]> {
  let before = ''
  for (let listing = 0; ; listing++) {
    const found = await siblings(path)
    const now = JSON.stringify(found)
    if (now === before || listing >= mostListings) return found
    before = now
  }
}
