/** The spool in memory: where the disk cannot be used at the start, or turns read-only under the agent. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Database } from './database.ts'
import { create, openDamaged, spoolFile, unchanging } from './database-file.ts'
import { fill } from './fill.ts'
import type { Ground, SpoolOptions } from './ground.ts'
import { describeSalvage, type Salvaged } from './salvage.ts'
import type { SinkRoute } from './spool.ts'

export function inMemory(): Ground {
  const db = new Database(':memory:')
  create(db)
  return { db, replace: inMemory, leave: () => undefined, close: () => db.close() }
}

/**
 * The root turned read-only under the agent, as ext4 does after a failed write. The lock stays: another agent would find
 * the old file.
 */
export function intoMemory(
  options: SpoolOptions,
  lock: Disposable,
  old: Database,
  sinks: readonly SinkRoute[],
  known: number,
): Ground {
  const memory = inMemory()
  const salvaged = fill(memory.db, old, sinks, known, options.clock.now())
  old.close()
  options.report(
    `the file system of the spool has turned read-only, the spool is only in memory from here on, a crash of the agent loses it: ${describeSalvage(salvaged)}`,
  )
  return {
    ...memory,
    close() {
      memory.close()
      lock[Symbol.dispose]()
    },
  }
}

/**
 * What an agent before this one left on a file system that has turned read-only since. It stays there, and an agent after
 * this one finds it again. @returns undefined if there is none, or it cannot be read
 */
export function fromReadOnly(
  options: SpoolOptions,
  memory: Database,
  sinks: readonly SinkRoute[],
): Salvaged | undefined {
  const file = join(resolve(options.path), spoolFile)
  // Closed in order it has no log, and SQLite can make none; nor can anybody change the file.
  const old = existsSync(`${file}-wal`) ? openDamaged(file) : openDamaged(unchanging(file))
  if (old === undefined) return undefined
  using _ = old
  return fill(memory, old, sinks, 0, options.clock.now())
}
