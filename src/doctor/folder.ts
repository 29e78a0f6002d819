/** A folder that Remora will write in, looked at without making it. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * @returns the folder, or the nearest one above it that is there, which can be written
 * @throws {Error} of the file system, in its words, or that it is no folder
 */
export async function writableFolder(path: string): Promise<string> {
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      if (!(await stat(at)).isDirectory()) throw new Error(`"${at}" is no folder`)
      await access(at, constants.W_OK | constants.X_OK)
      return at
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!isMissing || at === dirname(at)) throw error
    }
  }
}
