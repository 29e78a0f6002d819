/** A crash as log records: the event, and the dump behind it in pieces that every receiver takes. */
import type { Field, LogRecord } from '../../src/model.ts'
import { type Crash, panicLine } from './crash.ts'

const pieceBytes = 16 << 10
/** Of a longer dump the end is kept, where the panic is. */
const mostBytes = 1 << 20

/** Severity of what is no crash dump, by type: the rest is information of an earlier boot. */
const severities: ReadonlyMap<string, readonly [number: string, text: string]> = new Map([
  ['dmesg', ['21', 'FATAL'] as const],
  ['mce', ['17', 'ERROR'] as const],
])

/** @returns the event first, all of one stream */
export function recordsOf(crash: Crash, observed: bigint): LogRecord[] {
  const { stream, type, backend, reason, count, parts, text, packed, files } = crash
  const isDump = type === 'dmesg'
  // A shutdown or a halt that was dumped is none.
  const isCrash = isDump && !/^(?:Restart|Shutdown|Halt|Poweroff)$/i.test(reason ?? '')
  const [number, word] = (isDump && !isCrash ? undefined : severities.get(type)) ?? ['9', 'INFO']
  const kept = text.subarray(Math.max(0, text.length - mostBytes))
  const pieces = [
    ...piecesOf(kept).map((bytes): Field[] => [['body', bytes]]),
    ...packed.flatMap(({ name, bytes }) =>
      chunks(bytes).map((chunk): Field[] => [
        ['body', Buffer.from(`${name}: packed in a way that is not known`)],
        ['pstore.packed', chunk],
      ]),
    ),
  ]
  const missing = missingParts(parts)
  const said = panicLine(text) ?? `${files[0]?.name}: it cannot be unpacked`
  const body = isDump ? said : `${type} of an earlier boot (${files[0]?.name}): ${said}`
  const about = {
    'pstore.type': type,
    'pstore.backend': backend,
    ...(reason !== undefined && { 'pstore.reason': reason }),
    ...(count !== undefined && { 'pstore.count': String(count) }),
    'pstore.files': files.map(({ name }) => name).join(' '),
    'pstore.parts': parts.join(' '),
    ...(missing.length > 0 && { 'pstore.missing_parts': missing.join(' ') }),
    'pstore.bytes': String(text.length),
    ...(kept.length < text.length && { 'pstore.left_out_bytes': String(text.length - kept.length) }),
    'pstore.pieces': String(pieces.length),
  }
  const time = BigInt(Math.round(crash.timeMilliseconds)) * 1_000_000n
  const record = (index: number, fields: Record<string, string>, more: readonly Field[] = []): LogRecord => ({
    stream,
    id: `${stream}:${index}`,
    time,
    observed,
    fields: [...Object.entries(fields).map(([name, value]): Field => [name, Buffer.from(value)]), ...more],
  })
  const event = record(0, {
    'event.name': isCrash ? 'pstore.crash' : `pstore.${type}`,
    severity_number: number,
    severity_text: word,
    body,
    ...about,
  })
  const dump = pieces.map((fields, index) =>
    record(
      index + 1,
      {
        'event.name': 'pstore.dump',
        severity_number: '9',
        severity_text: 'INFO',
        'pstore.crash': stream,
        'pstore.piece': `${index + 1}/${pieces.length}`,
      },
      fields,
    ),
  )
  return [event, ...dump]
}

/** Parts are numbered from 1; those between that are not there. */
function missingParts(parts: readonly number[]): number[] {
  const there = new Set(parts)
  const highest = Math.min(100, Math.max(0, ...parts))
  return Array.from({ length: highest }, (_, index) => index + 1).filter((part) => !there.has(part))
}

/** Cut behind a line where one ends in the second half of a piece. */
function piecesOf(text: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  for (let from = 0; from < text.length; ) {
    let end = Math.min(from + pieceBytes, text.length)
    const line = text.lastIndexOf(0x0a, end - 1) + 1
    if (end < text.length && line > from + pieceBytes / 2) end = line
    pieces.push(text.subarray(from, end))
    from = end
  }
  return pieces
}

function chunks(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let from = 0; from < bytes.length && found.length < 64; from += pieceBytes)
    found.push(bytes.subarray(from, from + pieceBytes))
  return found
}
