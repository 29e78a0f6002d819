/** One SQLite file through node:sqlite: cached statements, transactions, rows whose columns are checked when read. */
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { CorruptionError } from '../errors.ts'

export type Row = Readonly<Record<string, SQLOutputValue>>

/** How long a transaction waits for another process. */
const busyMilliseconds = 5000

export class Database implements Disposable {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** @throws the error of SQLite, see `failure` */
  constructor(path: string | URL, options: { readOnly?: boolean } = {}) {
    this.#database = new DatabaseSync(path, {
      readOnly: options.readOnly ?? false,
      timeout: busyMilliseconds,
    })
  }

  /** Several statements at once, without parameters. */
  script(sql: string): void {
    this.#database.exec(sql)
  }

  /** @returns how many rows changed, and the rowid of the last one inserted */
  run(sql: string, ...parameters: SQLInputValue[]): { changes: number; rowid: number } {
    const { changes, lastInsertRowid } = this.#prepare(sql).run(...parameters)
    return { changes: Number(changes), rowid: Number(lastInsertRowid) }
  }

  get(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...parameters)
  }

  all(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...parameters)
  }

  /** One row at a time, for tables that may be damaged in the middle. Not from the cache: it may be left half-read. */
  each(sql: string, ...parameters: SQLInputValue[]): Iterable<Row> {
    return this.#database.prepare(sql).iterate(...parameters)
  }

  /** The first column of the first row, a whole number. */
  number(sql: string, ...parameters: SQLInputValue[]): number {
    const row = this.get(sql, ...parameters)
    return row === undefined ? 0 : integer(row, Object.keys(row)[0] ?? '')
  }

  /** All of it or, when it throws, nothing of it. `beforeCommit` runs when everything but the commit is done. */
  transaction<T>(work: () => T, beforeCommit?: () => void): T {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      beforeCommit?.()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  /** Several reads of one moment. */
  snapshot<T>(read: () => T): T {
    this.#database.exec('BEGIN')
    try {
      return read()
    } finally {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
    }
  }

  /** Empties the write-ahead log into the file, unless someone reads it now: nobody is waited for. */
  emptyLog(): void {
    this.#database.exec('PRAGMA busy_timeout = 0')
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${busyMilliseconds}`)
    }
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}

/** @throws {CorruptionError} if the column is not a whole number */
export function integer(row: Row, column: string): number {
  const value = row[column]
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw new CorruptionError(`Cannot read column "${column}": "${value}" is no whole number`)
}

/** @throws {CorruptionError} if the column is not text */
export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value === 'string') return value
  throw new CorruptionError(`Cannot read column "${column}": "${value}" is no text`)
}

/** @throws {CorruptionError} if the column is not a byte string */
export function blob(row: Row, column: string): Buffer {
  const value = row[column]
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  throw new CorruptionError(`Cannot read column "${column}": no bytes`)
}

/**
 * What an error of the spool means: `damaged`, the bytes are not what was written (SQLITE_CORRUPT, SQLITE_NOTADB, or
 * our own checksums); `refused`, the disk does not take it now (full, read-only, input/output error, busy).
 * @see https://www.sqlite.org/rescode.html
 */
export function failure(error: unknown): 'damaged' | 'refused' | 'other' {
  if (error instanceof CorruptionError) return 'damaged'
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ERR_OUT_OF_RANGE') return 'damaged' // A whole number beyond 2^53: we never wrote one.
    return code === 'ENOSPC' || code === 'EROFS' || code === 'EIO' || code === 'EACCES' ? 'refused' : 'other'
  }
  const code = error.errcode & 0xff
  if (code === 11 || code === 26) return 'damaged'
  return [3, 5, 6, 8, 10, 13, 14, 22].includes(code) ? 'refused' : 'other'
}
