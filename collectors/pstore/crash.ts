/**
 * Crashes out of files: which files are parts of one dump, in which order, and what the panic was.
 *
 * A dump is written from its end: `Panic#1 Part1` has the newest lines. EFI numbers its parts
 * `(seconds * 100 + part) * 1000 + count`; ERST counts on from `seconds << 32`, so the head of the text says which dump a
 * record is of; ramoops and the others write one record for each dump.
 * @see Linux fs/pstore/platform.c (pstore_dump), drivers/firmware/efi/efi-pstore.c, drivers/acpi/apei/erst.c
 */
import { createHash } from 'node:crypto'
import { decode } from './decode.ts'
import type { PstoreName } from './name.ts'

export interface PstoreFile extends PstoreName {
  readonly bytes: Uint8Array
  /** Milliseconds since the epoch. */
  readonly modified: number
}

export interface Crash {
  /** `<dump>:<hash of the files>`: the same wherever the files lie. */
  readonly stream: string
  readonly type: string
  readonly backend: string
  /** `Panic`, `Oops`, …; absent where no head says it. */
  readonly reason?: string
  /** Which dump since the boot it was made in. */
  readonly count?: number
  /** Part numbers that are there, oldest text first. */
  readonly parts: readonly number[]
  readonly timeMilliseconds: number
  /** Joined, oldest text first, heads included. */
  readonly text: Buffer
  /** The files that could not be unpacked; `text` has them not. */
  readonly packed: readonly PstoreFile[]
  readonly files: readonly PstoreFile[]
}

interface Part {
  readonly file: PstoreFile
  readonly text: Buffer | undefined
  readonly reason: string | undefined
  readonly count: number | undefined
  readonly number: number
}

/** Every crash of these files, oldest first. */
export function crashes(files: readonly PstoreFile[]): Crash[] {
  const dumps = new Map<string, Part[]>()
  for (const file of files) {
    const part = partOf(file)
    const key = dumpOf(part)
    const parts = dumps.get(key)
    if (parts) parts.push(part)
    else dumps.set(key, [part])
  }
  return [...dumps]
    .map(([key, parts]) => crashOf(key, parts))
    .sort((a, b) => a.timeMilliseconds - b.timeMilliseconds)
}

const head =
  /^(?:([A-Za-z][A-Za-z ]{0,30})#(\d{1,9}) Part(\d{1,9})|([A-Za-z][A-Za-z ]{0,30}): Total (\d{1,9}) times)\n/

function partOf(file: PstoreFile): Part {
  const text = file.isCompressed ? decode(file.bytes) : Buffer.from(file.bytes)
  const [, reason, count, part, zoneReason, total] = head.exec(text?.toString('latin1', 0, 100) ?? '') ?? []
  const said = count ?? total
  const number = isEfi(file) ? Number((file.id / 1000n) % 100n) : Number(part ?? 1)
  return {
    file,
    text,
    reason: reason ?? zoneReason,
    count: said === undefined ? undefined : Number(said),
    number,
  }
}

function isEfi({ backend, type }: PstoreName): boolean {
  return type === 'dmesg' && (backend === 'efi' || backend === 'efi_pstore')
}

function dumpOf({ file, reason, count }: Part): string {
  const { type, backend, id } = file
  if (isEfi(file)) return `${type}-${backend}-${id / 100_000n}-${id % 1000n}`
  if (type === 'dmesg' && backend === 'erst' && reason !== undefined)
    return `${type}-${backend}-${id >> 32n}-${reason}${count}`
  return `${type}-${backend}-${id}`
}

function crashOf(key: string, unordered: readonly Part[]): Crash {
  const parts = unordered.toSorted((a, b) => b.number - a.number || (a.file.name < b.file.name ? -1 : 1))
  const files = parts.map(({ file }) => file)
  const [first] = files
  const { type = 'unknown', backend = 'unknown' } = first ?? {}
  const { reason, count } = parts.find((part) => part.reason !== undefined) ?? {}
  const modified = Math.min(...files.map((file) => file.modified))
  return {
    stream: `${key}:${hashOf(files)}`,
    type,
    backend,
    ...(reason !== undefined && { reason }),
    ...(count !== undefined && { count }),
    parts: parts.map(({ number }) => number),
    timeMilliseconds: first && isEfi(first) ? Number(first.id / 100_000n) * 1000 : modified,
    text: Buffer.concat(parts.map(({ text }) => endedLine(text))),
    packed: parts.filter(({ text }) => text === undefined).map(({ file }) => file),
    files,
  }
}

/** A part may end within a line, which the next one does not go on with. */
function endedLine(text: Buffer = Buffer.alloc(0)): Buffer {
  return text.length === 0 || text[text.length - 1] === 0x0a ? text : Buffer.concat([text, Buffer.from('\n')])
}

function hashOf(files: readonly PstoreFile[]): string {
  const hash = createHash('sha256')
  for (const { name, bytes } of files.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    hash.update(`${name.replace(/\.enc\.z$/, '')} ${bytes.length}\n`).update(bytes)
  return hash.digest('hex').slice(0, 16)
}

/** @returns what tells this file's content from another's under the same name */
export function contentHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32)
}

const panics = [
  /Kernel panic - not syncing/,
  /^(?:BUG|Oops|Internal error|general protection fault|divide error|stack segment)\b/,
  /kernel BUG at |Unable to handle kernel|NULL pointer dereference|unable to handle page fault|: Machine Check|watchdog: BUG/,
  /^(?:INFO: task .* blocked|sysrq: .*crash|WARNING: )/i,
]
const longestLine = 1024

/** The line that says why: the panic, or what led to it; else the last line. Without level and time. */
export function panicLine(text: Buffer): string | undefined {
  const lines = text
    .toString('latin1')
    .split('\n')
    .filter((line) => !head.test(`${line}\n`))
    .map((line) => line.replace(/^<\d+>/, '').replace(/^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?/, ''))
    .filter((line) => line.trim() !== '')
  for (const pattern of panics) {
    const found = lines.find((line) => pattern.test(line))
    if (found !== undefined) return utf8(found)
  }
  const last = lines.at(-1)
  return last === undefined ? undefined : utf8(last)
}

function utf8(line: string): string {
  return Buffer.from(line, 'latin1').subarray(0, longestLine).toString('utf8')
}
