/** Journals of the test's own writing: export text, and real journal files that systemd-journal-remote makes of it. */
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

export type Fields = readonly (readonly [name: string, value: string | Uint8Array])[]

export interface Written {
  readonly boot: string
  /** Microseconds since the epoch, and since that boot. */
  readonly realtime: number
  readonly monotonic: number
  readonly fields: Fields
}

/** One field, as text where the format allows it. */
export function fieldBytes(name: string, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value)
  if (typeof value === 'string' && !/[\n\0]/.test(value))
    return Buffer.concat([Buffer.from(`${name}=`), bytes, Buffer.from('\n')])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(bytes.length))
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')])
}

/** One entry with its empty line. */
export function entryBytes(fields: Fields): Buffer {
  return Buffer.concat([...fields.map(([name, value]) => fieldBytes(name, value)), Buffer.from('\n')])
}

export function exportText(entries: readonly Written[]): Buffer {
  return Buffer.concat(
    entries.map(({ boot, realtime, monotonic, fields }) =>
      entryBytes([
        ['__REALTIME_TIMESTAMP', String(realtime)],
        ['__MONOTONIC_TIMESTAMP', String(monotonic)],
        ['_BOOT_ID', boot],
        ...fields,
      ]),
    ),
  )
}

/** Makes a journal file of export text. */
export async function writeJournal(path: string, text: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const running = promisify(execFile)('/lib/systemd/systemd-journal-remote', ['-o', path, '-'])
  running.child.stdin?.end(text)
  await running
}

/** `count` entries of one boot, a millisecond apart. */
export function boot(
  id: string,
  begin: number,
  count: number,
  fields: (index: number) => Fields = (index) => [['MESSAGE', `${id.slice(0, 4)} ${index}`]],
): Written[] {
  return Array.from({ length: count }, (_, index) => ({
    boot: id,
    realtime: begin + index * 1000,
    monotonic: 1_000_000 + index * 1000,
    fields: fields(index),
  }))
}
