/** Journal files of every layout, made by the real systemd-journal-remote, and what the real journalctl says is in them. */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { ExportParser } from '../../../../collectors/journald/export.ts'
import type { FileEntry } from '../../../../collectors/journald/file/entries.ts'
import { type FileHeader, incompatible } from '../../../../collectors/journald/file/header.ts'
import { OpenJournal } from '../../../../collectors/journald/file/open-journal.ts'
import type { Field } from '../../../../src/model.ts'

export interface Layout {
  readonly keyed: boolean
  readonly compact: boolean
  readonly compressed: boolean
}

const both = [false, true]
export const layouts: readonly Layout[] = both.flatMap((keyed) =>
  both.flatMap((compact) => both.map((compressed) => ({ keyed, compact, compressed }))),
)
export const plain: Layout = { keyed: true, compact: false, compressed: false }

export async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'remora-journal-file-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

/** Makes a journal file of export text. */
export async function makeFile(
  path: string,
  text: Uint8Array,
  { keyed, compact, compressed }: Layout,
): Promise<void> {
  const child = spawn(
    '/lib/systemd/systemd-journal-remote',
    [`--compress=${compressed ? 'yes' : 'no'}`, '-o', path, '-'],
    {
      env: {
        ...process.env,
        SYSTEMD_JOURNAL_KEYED_HASH: keyed ? '1' : '0',
        SYSTEMD_JOURNAL_COMPACT: compact ? '1' : '0',
      },
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  )
  child.stdin.end(text)
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`Cannot make a journal: systemd-journal-remote ended with ${code}`)
}

/** An entry as both readers show it, every byte as latin1. */
export type Shown = readonly (readonly [name: string, value: string])[]

/** What `journalctl -o export --all` says. */
export async function journalctl(...args: string[]): Promise<Shown[]> {
  const { stdout } = await promisify(execFile)(
    'journalctl',
    ['--quiet', '--output=export', '--all', ...args],
    { encoding: 'buffer', maxBuffer: 1 << 30 },
  )
  return new ExportParser(1 << 30).parse(stdout).map(({ fields }) => fields.map(show))
}

function show([name, value]: Field): readonly [string, string] {
  return [name, Buffer.from(value).toString('latin1')]
}

/** The same out of an entry that was read directly. journalctl shows the boot once, at the begin. */
export function shown(entry: FileEntry, { seqnumId }: FileHeader): Shown {
  const { seqnum, bootId, monotonic, realtime, xorHigh, xorLow, data } = entry
  const xor = (BigInt(xorHigh >>> 0) << 32n) | BigInt(xorLow >>> 0)
  const hex = (number: number | bigint) => number.toString(16)
  const cursor = `s=${seqnumId};i=${hex(seqnum)};b=${bootId};m=${hex(monotonic)};t=${hex(realtime)};x=${hex(xor)}`
  return [
    ['__CURSOR', cursor],
    ['__REALTIME_TIMESTAMP', String(realtime)],
    ['__MONOTONIC_TIMESTAMP', String(monotonic)],
    ['_BOOT_ID', bootId],
    ...data.map(({ field }) => show(field)).filter(([name]) => name !== '_BOOT_ID'),
  ]
}

/** Every entry of one file. */
export function readFile(path: string, fieldBytes = 1 << 30): { entries: Shown[]; damaged: number } {
  using file = new OpenJournal(path, fieldBytes)
  const entries: Shown[] = []
  for (let entry = file.peek(); entry; entry = file.peek()) {
    entries.push(shown(entry, file.header))
    file.take()
  }
  return { entries, damaged: file.damaged }
}

/**
 * Packs the larger fields of an uncompressed file, in place, as older versions of systemd did, which the newest still
 * reads. @returns how many it packed
 */
export function repack(path: string, how: 'lz4' | 'xz'): number {
  const bytes = readFileSync(path)
  const isCompact = (bytes.readUInt32LE(12) & incompatible.compact) !== 0
  const head = isCompact ? 72 : 64
  let packed = 0
  const end = Number(bytes.readBigUInt64LE(136))
  for (let at = Number(bytes.readBigUInt64LE(88)); at <= end; ) {
    const size = Number(bytes.readBigUInt64LE(at + 8))
    const payload = bytes.subarray(at + head, at + size)
    if (bytes[at] === 1 && payload.length > 512) {
      const smaller = how === 'xz' ? packXz(payload) : packLz4(payload)
      if (smaller.length < payload.length) {
        smaller.copy(bytes, at + head)
        bytes[at + 1] = how === 'xz' ? 1 : 2
        bytes.writeBigUInt64LE(BigInt(head + smaller.length), at + 8)
        packed += 1
      }
    }
    at += Math.ceil(size / 8) * 8
  }
  bytes.writeUInt32LE(bytes.readUInt32LE(12) | incompatible[how], 12)
  writeFileSync(path, bytes)
  return packed
}

function packXz(payload: Buffer): Buffer {
  return execFileSync('xz', ['--stdout', '--check=none', '-6'], { input: payload })
}

/** The tool makes a frame: its header, then the size of its one block. */
function packLz4(payload: Buffer): Buffer {
  const frame = execFileSync('lz4', ['-q', '-c', '--no-frame-crc', '-B7'], { input: payload })
  const at = 7 + ((frame.readUInt8(4) & 8) !== 0 ? 8 : 0)
  const length = frame.readUInt32LE(at)
  if (length >= 2 ** 31) return payload
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(payload.length))
  return Buffer.concat([size, frame.subarray(at + 4, at + 4 + length)])
}
