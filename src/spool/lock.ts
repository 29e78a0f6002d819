/**
 * One agent for each spool: a lock that the kernel drops with the process. Node has no flock(2), so it is the
 * exclusive lock that SQLite takes (fcntl) on an empty database beside the spool, held until close.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LockedError } from '../errors.ts'

/** @throws {LockedError} if another process holds it, naming its pid as far as it is known */
export function lockFolder(folder: string): Disposable {
  const lock = new DatabaseSync(join(folder, 'lock'), { timeout: 0 })
  const pidFile = join(folder, 'pid')
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === 5)
      throw new LockedError(`Cannot open spool "${folder}": another Remora uses it${ownerOf(pidFile)}`)
    throw error
  }
  try {
    writeFileSync(pidFile, `${process.pid}\n`)
  } catch (error) {
    lock.close()
    throw error
  }
  return { [Symbol.dispose]: () => lock.close() }
}

function ownerOf(pidFile: string): string {
  try {
    return ` (pid ${readFileSync(pidFile, 'utf8').trim()})`
  } catch {
    return '' // The pid is a courtesy; the lock is what counts.
  }
}
