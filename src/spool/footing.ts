/**
 * What the spool stands on, and what happens when it gives way: a file that was deleted or damaged is replaced and the
 * step done again on the new one; a disk that turned read-only is left for the memory; one that refuses otherwise is
 * said once, and the step fails in a way the sources wait for.
 */
import { statSync } from 'node:fs'
import { describe, SpoolUnavailableError } from '../errors.ts'
import { type Database, failure } from './database.ts'
import type { Ground } from './ground.ts'

export interface FootingParts {
  readonly report: (message: string) => void
  /** Makes a new ground out of one that was damaged (`error`) or deleted. */
  readonly replace: (ground: Ground, error?: unknown) => Ground
  /** Makes one in memory where the disk takes nothing any more; undefined: it may again. */
  readonly leave: (ground: Ground) => Ground | undefined
  /** Called when the spool stands on a new ground. */
  readonly stood: () => void
}

export class Footing {
  readonly #parts: FootingParts
  #ground: Ground
  #inode: number | undefined
  /** Why the disk refused the last transaction, until one succeeds. */
  #refused: string | undefined

  constructor(ground: Ground, parts: FootingParts) {
    this.#parts = parts
    this.#ground = ground
    this.#inode = inodeOf(ground.file)
  }

  get db(): Database {
    return this.#ground.db
  }

  /** Absent: memory only. */
  get file(): string | undefined {
    return this.#ground.file
  }

  get writable(): boolean {
    return this.#refused === undefined
  }

  /** Runs one reading step. @throws {SpoolUnavailableError} if the disk refuses */
  read<T>(what: string, step: () => T): T {
    if (this.file !== undefined && inodeOf(this.file) !== this.#inode) this.#replace()
    try {
      return step()
    } catch (error) {
      const meaning = failure(error)
      if (meaning === 'damaged') {
        // Once more on the new one, where nothing of this step was done.
        this.#replace(error)
        return step()
      }
      if (meaning === 'other') throw error
      if (this.#leave()) return step()
      if (this.#refused === undefined)
        this.#parts.report(`the spool cannot be written, sources wait: ${describe(error)}`)
      this.#refused = describe(error)
      throw new SpoolUnavailableError(`Cannot use spool for ${what}: ${describe(error)}`, { cause: error })
    }
  }

  /** Runs one writing step: when it succeeds the disk takes writes again. @throws {SpoolUnavailableError} */
  write<T>(what: string, step: () => T): T {
    const result = this.read(what, step)
    if (this.#refused !== undefined) this.#parts.report('the spool can be written again')
    this.#refused = undefined
    return result
  }

  close(): void {
    this.#ground.close()
  }

  /** @throws {SpoolUnavailableError} if the disk takes no new one now; the old one is as it was */
  #replace(error?: unknown): void {
    try {
      this.#standOn(this.#parts.replace(this.#ground, error))
    } catch (reason) {
      if (failure(reason) !== 'refused') throw reason
      if (this.#leave()) return
      throw new SpoolUnavailableError(`Cannot make the spool again: ${describe(reason)}`, { cause: reason })
    }
  }

  /** @returns whether the spool is in memory now */
  #leave(): boolean {
    const ground = this.#parts.leave(this.#ground)
    if (ground === undefined) return false
    this.#refused = undefined
    this.#standOn(ground)
    return true
  }

  #standOn(ground: Ground): void {
    this.#ground = ground
    this.#inode = inodeOf(this.file)
    this.#parts.stood()
  }
}

function inodeOf(file: string | undefined): number | undefined {
  return file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })?.ino
}
