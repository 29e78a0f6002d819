/**
 * Opening the spool. It never refuses to start because of its own state: a damaged file, or one from a newer version,
 * is set aside and what can be read of it is taken over; where the disk cannot be used at all, or no longer, the spool
 * is in memory.
 */
import { randomUUID } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Clock } from '../clock.ts'
import { CorruptionError, describe, LockedError } from '../errors.ts'
import { imbalance } from './balance.ts'
import { Database, failure } from './database.ts'
import { synchronous } from './durability.ts'
import { lockFolder } from './lock.ts'
import { describeSalvage, type Salvaged, takeOver } from './salvage.ts'
import { applicationId, schema, schemaVersion } from './schema.ts'
import { replaceSinks } from './sinks.ts'
import type { SinkRoute } from './spool.ts'
import { SqliteSpool } from './sqlite.ts'

export interface SpoolOptions {
  /** The folder. */
  readonly path: string
  readonly maxBytes: number
  /** The share of its file system that stays free. */
  readonly reserveRatio: number
  readonly pauseOrder: readonly string[]
  readonly clock: Clock
  /** Says a change of the spool's own state, in words, once. */
  readonly report: (message: string) => void
}

/** What the spool stands on: an open database, and how to get another one when this one is lost. */
export interface Ground {
  readonly db: Database
  /** Absent: memory only, because the disk could not be used at start, or turned read-only. */
  readonly file?: string
  /**
   * A new file after this one was damaged (`error`) or deleted, moved, replaced (no error), with what could be read.
   * @param newest the sequence of the newest batch, as far as it is known
   */
  replace(sinks: readonly SinkRoute[], newest: number, error?: unknown): Ground
  /** The memory, with what could be read, once the file system takes nothing any more; undefined while it may again. */
  leave(sinks: readonly SinkRoute[], newest: number): Ground | undefined
  close(): void
}

export const spoolFile = 'spool.sqlite'

/** The file that is to take its place, while it is made. */
const nextSuffix = '.next'

/** What SQLite keeps beside a file. */
const logs = ['-wal', '-shm']

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

/**
 * What an agent before this one left on a file system that has turned read-only since. It stays there, and an agent after
 * this one finds it again. @returns undefined if there is none, or it cannot be read
 */
function fromReadOnly(
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

function unchanging(file: string): URL {
  const url = pathToFileURL(file)
  url.searchParams.set('immutable', '1')
  return url
}

function onFile(options: SpoolOptions, lock: Disposable, file: string, db: Database): Ground {
  return {
    db,
    file,
    replace(sinks, known, error) {
      makeFolder(options.path)
      const held = existsSync(join(options.path, 'lock')) ? lock : lockFolder(options.path)
      return onFile(
        options,
        held,
        file,
        error === undefined
          ? writeAgain(options, db, file)
          : startAgain(options, file, sinks, error, known, db),
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

/** @throws the system error that says why it cannot be written to */
function makeFolder(path: string): void {
  const there = nearest(path)
  accessSync(there, constants.W_OK)
  if (there !== resolve(path)) touch(there) // mkdir -p says ENOENT on a read-only file system.
  mkdirSync(path, { recursive: true })
}

/** The folder, or the one above it that is there. */
function nearest(path: string): string {
  let there = resolve(path)
  while (!existsSync(there)) there = dirname(there)
  return there
}

function inMemory(): Ground {
  const db = new Database(':memory:')
  create(db)
  return { db, replace: inMemory, leave: () => undefined, close: () => db.close() }
}

/**
 * The root turned read-only under the agent, as ext4 does after a failed write. The lock stays: another agent would find
 * the old file.
 */
function intoMemory(
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

/** Asked by making a file: ext4 that shut itself down (`emergency_ro`) shows it in no flag. The folder may be gone. */
function isReadOnly(folder: string): boolean {
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

/** @throws {CorruptionError} if it is not a spool this version reads, or the error of SQLite */
function openFile(file: string): Database {
  const db = new Database(file)
  try {
    const version = db.number('PRAGMA user_version')
    if (version > schemaVersion)
      throw new CorruptionError(
        `Cannot read spool "${file}": it is of version ${version}, newer than ${schemaVersion}`,
      )
    const fresh = version === 0 && db.number('SELECT count(*) FROM sqlite_schema') === 0
    if (!fresh && db.number('PRAGMA application_id') !== applicationId)
      throw new CorruptionError(`Cannot read spool "${file}": it is a database of another program`)
    if (fresh) db.script('PRAGMA auto_vacuum = INCREMENTAL')
    db.script(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous(dirname(file))}; PRAGMA cache_size = -2000`,
    )
    if (fresh) create(db)
    const found = Object.values(db.get('PRAGMA integrity_check(1)') ?? {})[0]
    if (found !== 'ok') throw new CorruptionError(`Cannot read spool "${file}": ${found}`)
    if (tablesOf(db) !== ownTables())
      throw new CorruptionError(`Cannot read spool "${file}": its tables are not those of version ${version}`)
    const wrong = imbalance(db)
    if (wrong !== undefined)
      throw new CorruptionError(`Cannot read spool "${file}": its ledger does not add up: ${wrong}`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** The text of every table and index: SQLite takes any that it can parse, also one with a flipped bit in a name. */
function tablesOf(db: Database): string {
  return JSON.stringify(db.all('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name'))
}

function ownTables(): string {
  using db = new Database(':memory:')
  create(db)
  return tablesOf(db)
}

function create(db: Database): void {
  db.transaction(() => {
    db.script(schema)
    db.run(`INSERT INTO meta (key, value) VALUES ('ledger', ?)`, randomUUID())
  })
}

/** The file is gone but the open database still has it all: written again, the same ledger. */
function writeAgain(options: SpoolOptions, db: Database, file: string): Database {
  const next = nextTo(file)
  db.run('VACUUM INTO ?', next)
  db.close()
  const aside = takePlace(file, next)
  const old = aside === undefined ? '' : `; what was put in its place is ${aside}`
  options.report(
    `the spool file was deleted or replaced under the agent and was written again with everything in it${old}`,
  )
  return openFile(file)
}

/** A new ledger with what can be read of the old file, which is set aside. @param open the old file where it is still open */
function startAgain(
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

/** Makes a new ledger out of an old one. */
function fill(
  fresh: Database,
  old: Database | undefined,
  sinks: readonly SinkRoute[],
  known: number,
  now: number,
): Salvaged {
  // They go on after the old ones: what is said of a batch or record still on its way must not meet another one.
  const base = Math.max(known, (old && newest(old, 'batch')) ?? 0)
  const key = (old && newest(old, 'quarantine')) ?? now
  fresh.run(`INSERT INTO sqlite_sequence (name, seq) VALUES ('batch', ?), ('quarantine', ?)`, base, key)
  const routed = fresh.transaction(() => replaceSinks(fresh, sinks, base))
  return takeOver(old, fresh, routed, now)
}

/** The damaged file, read-only; undefined if it is no database any more, or one whose tables we do not know. */
function openDamaged(file: string | URL): Database | undefined {
  try {
    const db = new Database(file, { readOnly: true })
    if (
      db.number('PRAGMA user_version') === schemaVersion &&
      db.number('PRAGMA application_id') === applicationId
    )
      return db
    db.close()
  } catch {
    // Nothing can be taken over, which the caller counts as unknown.
  }
  return undefined
}

/** Where the next file is made before it takes the place of this one. A leftover is of a start that did not finish. */
function nextTo(file: string): string {
  const next = file + nextSuffix
  for (const suffix of ['', ...logs]) rmSync(next + suffix, { force: true })
  return next
}

/**
 * Puts a finished file in the place of an old one, which must be closed: SQLite deletes a log by its name, so the log
 * of a new file would go with an old one closed later. Nothing is deleted. @returns the name the old one has now
 */
function takePlace(file: string, next: string): string | undefined {
  const folder = dirname(file)
  const taken = new Set(readdirSync(folder))
  let number = 1
  while (taken.has(`damaged-${number}.sqlite`)) number++
  const aside = join(folder, `damaged-${number}.sqlite`)
  const moved = ['', ...logs].filter((suffix) => existsSync(file + suffix))
  for (const suffix of moved) renameSync(file + suffix, aside + suffix)
  renameSync(next, file)
  return moved.includes('') ? aside : undefined
}

/** The newest sequence or key ever; undefined if that cannot be read. */
function newest(db: Database, table: 'batch' | 'quarantine'): number | undefined {
  try {
    return db.number('SELECT seq FROM sqlite_sequence WHERE name = ?', table)
  } catch {
    return undefined
  }
}
