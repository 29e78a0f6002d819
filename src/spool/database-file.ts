/** The spool's file: made, checked when it is opened, and put in the place of another one. */
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CorruptionError } from '../errors.ts'
import { imbalance } from './balance.ts'
import { Database } from './database.ts'
import { synchronous } from './durability.ts'
import { applicationId, schema, schemaVersion } from './schema.ts'

export const spoolFile = 'spool.sqlite'

/** The file that is to take its place, while it is made. */
export const nextSuffix = '.next'

/** What SQLite keeps beside a file. */
const logs = ['-wal', '-shm']

/** @throws {CorruptionError} if it is not a spool this version reads, or the error of SQLite */
export function openFile(file: string): Database {
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

export function create(db: Database): void {
  db.transaction(() => {
    db.script(schema)
    db.run(`INSERT INTO meta (key, value) VALUES ('ledger', ?)`, randomUUID())
  })
}

/** The damaged file, read-only; undefined if it is no database any more, or one whose tables we do not know. */
export function openDamaged(file: string | URL): Database | undefined {
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

export function unchanging(file: string): URL {
  const url = pathToFileURL(file)
  url.searchParams.set('immutable', '1')
  return url
}

/** Where the next file is made before it takes the place of this one. A leftover is of a start that did not finish. */
export function nextTo(file: string): string {
  const next = file + nextSuffix
  for (const suffix of ['', ...logs]) rmSync(next + suffix, { force: true })
  return next
}

/**
 * Puts a finished file in the place of an old one, which must be closed: SQLite deletes a log by its name, so the log
 * of a new file would go with an old one closed later. Nothing is deleted. @returns the name the old one has now
 */
export function takePlace(file: string, next: string): string | undefined {
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
export function newest(db: Database, table: 'batch' | 'quarantine'): number | undefined {
  try {
    return db.number('SELECT seq FROM sqlite_sequence WHERE name = ?', table)
  } catch {
    return undefined
  }
}
