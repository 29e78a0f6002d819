/** This boot, as journald writes it: 32 hexadecimal digits. */
import { ParseError } from '../../src/errors.ts'
import type { Tree } from '../../src/tree.ts'

/** @throws {ParseError} if /proc does not say it */
export async function bootOf(proc: Tree): Promise<string> {
  const text = (await proc.line('sys/kernel/random/boot_id')) ?? ''
  const boot = text.replaceAll('-', '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(boot))
    throw new ParseError(`Cannot parse sys/kernel/random/boot_id "${text}": it is no UUID`)
  return boot
}
