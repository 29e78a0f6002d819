/**
 * A secret in a file: its whole content, less a final newline. Read at construction and again whenever the file
 * changes, so that a rotated token works without a restart. While a new one cannot be read the last one serves.
 */
import { readFileSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { ConfigError, describe } from '../errors.ts'

export interface Secret {
  /** The secret as the file says it now. */
  current(): Promise<string>
}

/** @throws {ConfigError} if the file cannot be read, is empty, or holds what no header can carry; names key and file */
export function secretFile(key: string, path: string): Secret {
  let secret: string
  try {
    secret = usable(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new ConfigError(`Cannot use ${key} "${path}": ${describe(error)}`)
  }
  let read = ''
  return {
    async current() {
      try {
        const { mtimeNs, size, ino } = await stat(path, { bigint: true })
        const version = `${mtimeNs} ${size} ${ino}`
        if (version === read) return secret
        secret = usable(await readFile(path, 'utf8'))
        read = version
      } catch {
        return secret // Being rotated: if the last one no longer serves, the receiver says so.
      }
      return secret
    },
  }
}

function usable(text: string): string {
  const secret = text.replace(/\r?\n$/, '')
  if (secret === '') throw new Error('it is empty')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are refused.
  if (/[\x00-\x1f\x7f]/.test(secret)) throw new Error('it has more than one line')
  return secret
}
