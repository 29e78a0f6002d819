/** The spool on its file, and what takes its place when that is damaged, deleted or moved. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from '../errors.ts'
import { type Database, failure } from './database.ts'
import { nextTo, openDamaged, openFile, takePlace } from './database-file.ts'
import { fill } from './fill.ts'
import { isReadOnly, makeFolder } from './folder.ts'
import type { Ground, SpoolOptions } from './ground.ts'
import { lockFolder } from './lock.ts'
import { intoMemory } from './memory-ground.ts'
import { describeSalvage, type Salvaged } from './salvage.ts'
import type { SinkRoute } from './spool.ts'

export function onFile(options: SpoolOptions, lock: Disposable, file: string, db: Database): Ground {
  return {
    db,
    file,
    replace(sinks, known, error) {
      makeFolder(options.path)
      const held = existsSync(join(options.path, 'lock')) ? lock : lockFolder(options.path)
      const start = (reason: unknown) => startAgain(options, file, sinks, reason, known, db)
      return onFile(
        options,
        held,
        file,
        error === undefined ? writeAgain(options, db, file, start) : start(error),
      )
    },
    leave: (sinks, known) =>
      isReadOnly(options.path) ? intoMemory(options, lock, db, sinks, known) : undefined,
    close() {
      db.close()
      lock[Symbol.dispose]()
    },
  }
}

/**
 * The file is gone but the open database still has it all: written again, the same ledger.
 * @param start makes the file where what the database has is damaged as well
 */
function writeAgain(
  options: SpoolOptions,
  db: Database,
  file: string,
  start: (reason: unknown) => Database,
): Database {
  const next = nextTo(file)
  try {
    db.run('VACUUM INTO ?', next)
    openFile(next).close() // Looked through before the other copy is let go.
  } catch (error) {
    if (failure(error) !== 'damaged') throw error
    return start(error)
  }
  db.close()
  const aside = takePlace(file, next)
  const old = aside === undefined ? '' : `; what was put in its place is ${aside}`
  options.report(
    `the spool file was deleted or replaced under the agent and was written again with everything in it${old}`,
  )
  return openFile(file)
}

/** A new ledger with what can be read of the old file, which is set aside. @param open the old file where it is still open */
export function startAgain(
  options: SpoolOptions,
  file: string,
  sinks: readonly SinkRoute[],
  error: unknown,
  known: number,
  open?: Database,
): Database {
  const old = open ?? openDamaged(file)
  const next = nextTo(file)
  const salvaged = fillFile(next, old, sinks, known, options.clock.now())
  old?.close()
  const aside = takePlace(file, next)
  options.report(
    `the spool was replaced, the old one is ${aside ?? 'gone'}: ${describeSalvage(salvaged)} (${describe(error)})`,
  )
  return openFile(file)
}

/** Makes the next file out of the old one. */
function fillFile(
  next: string,
  old: Database | undefined,
  sinks: readonly SinkRoute[],
  known: number,
  now: number,
): Salvaged {
  using fresh = openFile(next)
  return fill(fresh, old, sinks, known, now)
}
