/**
 * Opening the spool. It never refuses to start because of its own state: a damaged file, or one from a newer version,
 * is set aside and what can be read of it is taken over; where the disk cannot be used at all, or no longer, the spool
 * is in memory.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, LockedError } from '../errors.ts'
import { failure } from './database.ts'
import { newest, nextSuffix, openFile, spoolFile, takePlace } from './database-file.ts'
import { onFile, startAgain } from './file-ground.ts'
import { isReadOnly, makeFolder } from './folder.ts'
import type { Ground, SpoolOptions } from './ground.ts'
import { lockFolder } from './lock.ts'
import { fromReadOnly, inMemory } from './memory-ground.ts'
import { describeSalvage } from './salvage.ts'
import { replaceSinks } from './sinks.ts'
import type { SinkRoute } from './spool.ts'
import { SqliteSpool } from './sqlite.ts'

/** @throws {LockedError} if another process uses the folder */
export async function openSpool(options: SpoolOptions, sinks: readonly SinkRoute[]): Promise<SqliteSpool> {
  const ground = openGround(options, sinks)
  const routed = ground.db.transaction(() => replaceSinks(ground.db, sinks, newest(ground.db, 'batch') ?? 0))
  return new SqliteSpool(ground, options, routed)
}

function openGround(options: SpoolOptions, sinks: readonly SinkRoute[]): Ground {
  try {
    makeFolder(options.path)
    const lock = lockFolder(options.path)
    const file = join(options.path, spoolFile)
    // The agent died while a finished file took the place of another.
    if (!existsSync(file) && existsSync(file + nextSuffix)) takePlace(file, file + nextSuffix)
    try {
      return onFile(options, lock, file, openFile(file))
    } catch (error) {
      if (failure(error) !== 'damaged') throw error
      return onFile(options, lock, file, startAgain(options, file, sinks, error, 0))
    }
  } catch (error) {
    if (error instanceof LockedError) throw error
    const memory = inMemory()
    const salvaged = isReadOnly(options.path) ? fromReadOnly(options, memory.db, sinks) : undefined
    const left =
      salvaged === undefined ? '' : `; of the one that is on the disk, ${describeSalvage(salvaged)}`
    options.report(`the spool is only in memory, a crash of the agent loses it: ${describe(error)}${left}`)
    return memory
  }
}
