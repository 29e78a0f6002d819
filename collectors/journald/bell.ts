/**
 * Rings when something in a folder changes (inotify(7)), so that nobody has to look often where nothing comes. journald
 * tells of its writes so, at most every 250 ms; a folder that cannot be watched is looked at as often as before.
 */
import { type FSWatcher, watch } from 'node:fs'
import { basename } from 'node:path'

export class Bell implements Disposable {
  readonly #ring: () => void
  readonly #watchers = new Map<string, FSWatcher>()

  constructor(ring: () => void) {
    this.#ring = ring
  }

  /** Watches these folders and no others. @returns whether all of them that are there were watched before already */
  watch(folders: readonly string[]): boolean {
    for (const path of this.#watchers.keys()) if (!folders.includes(path)) this.#leave(path)
    let wereAll = true
    for (const path of folders) {
      if (this.#watchers.has(path)) continue
      if (this.#begin(path)) wereAll = false
    }
    return wereAll
  }

  /** @returns whether there is such a folder */
  #begin(path: string): boolean {
    try {
      const watcher = watch(path, { persistent: false }, (event, name) => {
        // The folder itself was removed or renamed; another one may come in its place.
        if (event === 'rename' && name === basename(path)) this.#leave(path)
        this.#ring()
      })
      watcher.on('error', () => this.#leave(path))
      this.#watchers.set(path, watcher)
    } catch (error) {
      // There may be too many watches on this machine: it is tried again the next time.
      return !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
    }
    return true
  }

  #leave(path: string): void {
    this.#watchers.get(path)?.close()
    this.#watchers.delete(path)
  }

  [Symbol.dispose](): void {
    for (const path of [...this.#watchers.keys()]) this.#leave(path)
  }
}
